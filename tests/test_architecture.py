"""What import-linter cannot see: relative imports of the child's code, and what is loaded when."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
INSIDE = ROOT / "grader" / "sandbox" / "inside"
OURS = {"grader", "reference", "student_template"}
LATE = {"torch", "hypothesis", "reference", "grader.cases.oracle", "grader.cases.build", "grader.judge.shrink"}


def imports(path):
    """(level, dotted name) of every import in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def loaded_after(code):
    """Every module there is in a fresh interpreter that ran `code`."""
    code = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return set(run.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("path", sorted(INSIDE.rglob("*.py")), ids=lambda path: path.stem)
def test_the_child_s_code_imports_nothing_of_ours_but_itself(path):
    deepest = len(path.relative_to(INSIDE).parts)  # one dot for each folder up to `inside`
    for level, name in imports(path):
        assert level <= deepest, f"{'.' * level}{name}"
        assert level or name.partition(".")[0] not in OURS, name


def test_importing_the_command_line_loads_nothing_heavy():
    loaded = loaded_after("import grader.cli, grader.pipeline")
    assert "grader.pipeline" in loaded
    assert not loaded & (LATE | {"nbformat", "jsonschema"})


def test_grading_a_correct_submission_with_a_cached_bank_loads_neither_torch_nor_hypothesis():
    submission = ROOT / "tests" / "benchmarks" / "submission.py"
    grade = f"from grader.cli import grade_main\nassert grade_main([{str(submission)!r}]) == 0"
    loaded_after(grade)  # builds the bank
    loaded = loaded_after(grade)
    assert "grader.judge" in loaded
    assert not loaded & LATE
