"""The same assignment for all: students' notebooks from the corpora, and what each peer needs around them."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parents[2]))

from corpora import manifest
from grader.contract import CHECKS

TESTS = Path(__file__).parents[2]
QUESTIONS = (Path(__file__).parent / "questions.py").read_text(encoding="utf-8")
SOLUTION = "# YOUR CODE HERE\nraise NotImplementedError()"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@dataclass(frozen=True)
class Student:
    """A student's code cells; `loses` are the checks that must cost marks, `may_lose` those that may."""

    name: str
    cells: tuple[str, ...]
    loses: frozenset[str] = frozenset()
    may_lose: frozenset[str] = frozenset()

    def marked(self, mark):
        """The same, in bytes that nobody has seen: whoever remembers what was graded has nothing to remember."""
        return (*self.cells[:-1], f"{self.cells[-1]}\n# {self.name} {mark}")


# ---------------------------------------------------------------------------- students
def correct_students(count):
    paths = sorted((TESTS / "twins" / "submissions").iterdir())
    return _students([(path, frozenset(), frozenset()) for path in paths], count)


def failing_students(count):
    folder = TESTS / "mutants" / "submissions"
    entries = manifest(TESTS / "mutants" / "manifest.toml")
    return _students([(folder / entry.file, entry.loses, entry.may_lose) for entry in entries], count)


def _students(submissions, count):
    """`count` of them, evenly spread; all several times where there are fewer."""
    plain = [(path, cells, *loses) for path, *loses in submissions if (cells := _cells(path))]
    chosen = [plain[i * len(plain) // count if count < len(plain) else i % len(plain)] for i in range(count)]
    return [Student(f"{path.stem}-{i}", cells, *loses) for i, (path, cells, *loses) in enumerate(chosen)]


def _cells(path):
    """Code cells; none where they hold magics or shell commands, which are not the same everywhere, or odd bytes."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ()
    if path.suffix == ".py":
        return () if text.startswith("\ufeff") else tuple(_split(text))
    cells = [cell.source for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]
    special = any(line.lstrip().startswith(("%", "!")) or line.endswith("?") for c in cells for line in c.splitlines())
    return () if special else tuple(filter(str.strip, cells))


def _split(script):
    """A cell for each function or class at top level, with what follows it."""
    lines = script.splitlines()
    defined = [node for node in ast.parse(script).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    starts = [0, *(min(part.lineno for part in (node, *node.decorator_list)) - 1 for node in defined)]
    cells = ["\n".join(lines[a:b]).strip("\n") for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    return filter(str.strip, cells)


# ---------------------------------------------------------------------------- notebooks
def notebook(cells):
    """Of code cells: sources, or cells that have metadata."""
    made = [nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=made, metadata=KERNEL)


def otter_test(check, cases):
    """A test file in otter's format of exceptions."""
    name = check.name
    return f"""from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {check.points}

{QUESTIONS}

@test_case()
def test_{name}({name}):
    check_{name}({name}, {cases})
"""


def nbgrader_source(cases):
    """The instructor's version: one cell to fill in, the tests' code, a locked cell for each check."""
    tests = (_locked(check.name, f"check_{check.name}({check.name}, {cases})", check.points) for check in CHECKS)
    solution = _nbgrader_cell("solution", SOLUTION, locked=False, solution=True)
    return notebook([solution, _locked("questions", QUESTIONS), *tests])


def nbgrader_submission(released, cells):
    """The released notebook with the student's cells where the solution goes."""
    tests = [cell for cell in released.cells if not cell.metadata.nbgrader.solution]
    first = next(cell for cell in released.cells if cell.metadata.nbgrader.solution)
    return notebook([nbformat.v4.new_code_cell(cells[0], metadata=first.metadata), *cells[1:], *tests])


def _locked(name, source, points=None):
    return _nbgrader_cell(name, source, locked=True, solution=False, points=points)


def _nbgrader_cell(name, source, *, locked, solution, points=None):
    facts = {"schema_version": 3, "cell_type": "code", "grade_id": name, "task": False}
    facts |= {"locked": locked, "solution": solution, "grade": points is not None}
    if points is not None:
        facts["points"] = points
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": facts})
