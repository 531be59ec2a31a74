"""The template as an nbgrader source notebook: stubs to fill in, and behind each a locked cell that gives the points.

Written as plain JSON, in nbgrader's metadata of schema 3: nbgrader itself is not needed for it. A check's grade id is
its name, by which `grader push nbgrader` finds it again.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.atomic import write_atomically
from grader.contract import CHECK_BY_NAME
from grader.errors import GraderError, UsageError
from grader.rubric import Rubric

__all__ = ["NAME", "source_notebook", "write_assignment"]

NAME = "rnn_counting"
_TEMPLATE = Path(__file__).parents[2] / "student_template" / f"{NAME}.ipynb"
_SCHEMA = 3
_LOCKED = """\
# {worth} points, which your course's grader gives. In your own Jupyter this cell tries {check} on public cases.
try:
    from grader.nbgrader_cell import points
except ImportError:
    from os import environ

    autograding = environ.get("NBGRADER_EXECUTION") == "autograde"

    def points(check, *_):
        print(f"{{check}} cannot be checked here: bptt-grader is not installed.")
        return float("inf") if autograding else None  # nbgrader refuses infinity: better no mark than a wrong one

points("{check}", {worth}, "{notebook}")"""


def write_assignment(target: Path, rubric: Rubric, rubric_path: Path | None = None, *, force: bool = False) -> Path:
    """Write the source notebook to `target`, a file or a folder; return the file.

    Raises UsageError where it cannot be written, where another is there already, or where the rubric lies in the same
    folder, whose files nbgrader hands out.
    """
    path = target if target.suffix == ".ipynb" else target / f"{NAME}.ipynb"
    if rubric_path is not None and path.parent.resolve() in rubric_path.resolve().parents:
        raise UsageError(
            f"{rubric_path}: nbgrader hands out what lies beside the notebook, in {path.parent}: "
            "keep the rubric in the course's own folder"
        )
    content = source_notebook(rubric, path.stem).encode()
    try:
        if path.exists() and path.read_bytes() != content and not force:
            raise UsageError(f"{path}: there is another one already: --force writes over it")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
        path.chmod(0o644)
    except OSError as error:
        raise UsageError(f"-o {target}: cannot be written: {error.strerror or error}") from error
    return path


def source_notebook(rubric: Rubric, name: str) -> str:
    """The notebook that will be called `name`.ipynb, as JSON. Raises GraderError if the template is not there."""
    try:
        notebook = json.loads(_TEMPLATE.read_text(encoding="utf-8"))
    except OSError as error:
        raise GraderError(f"the template is not there: {error.filename}: {error.strerror}") from error
    notebook["cells"] = list(_cells(notebook["cells"], rubric.points, name))
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _cells(template: list[dict[str, Any]], worth: Mapping[str, Fraction], notebook: str) -> Iterator[dict[str, Any]]:
    for cell in template:
        source = "".join(cell["source"])
        checks = _stubs(source) if cell["cell_type"] == "code" else []
        if not checks:
            yield cell
            continue
        solution = _facts("write_" + "_and_".join(checks), solution=True)
        yield {**cell, "metadata": solution, "source": _lines(_marked(source))}
        for check in checks:
            most = _number(worth[check])
            yield {
                "cell_type": "code",
                "execution_count": None,
                "id": f"{cell['id']}-{check}",
                "metadata": _facts(check, grade=True, locked=True, points=most),
                "outputs": [],
                "source": _lines(_LOCKED.format(check=check, worth=most, notebook=notebook)),
            }


def _stubs(source: str) -> list[str]:
    """The contract's functions that a cell leaves to be written."""
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    return [node.name for node in functions if node.name in CHECK_BY_NAME and isinstance(node.body[-1], ast.Raise)]


def _marked(source: str) -> str:
    """The stubs as what nbgrader takes for solutions: it leaves signature and docstring alone, not the whole cell."""
    lines: list[str] = []
    for line in source.splitlines():
        code = line.lstrip()
        blanks = line[: len(line) - len(code)]
        stub = code.startswith("raise NotImplementedError")
        lines += [f"{blanks}### BEGIN SOLUTION", line, f"{blanks}### END SOLUTION"] if stub else [line]
    return "\n".join(lines)


def _facts(grade_id: str, *, solution: bool = False, grade: bool = False, locked: bool = False, **more: Any) -> Any:
    facts = {"schema_version": _SCHEMA, "cell_type": "code", "grade_id": grade_id, "task": False}
    return {"nbgrader": {**facts, "solution": solution, "grade": grade, "locked": locked, **more}}


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _number(points: Fraction) -> int | float:
    return int(points) if points.denominator == 1 else float(points)
