"""The locked cell in a real kernel, run and scored by nbgrader's own code: what it gives, shows and never does."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader_course import NOISE, NOTEBOOK, example, isolated

from grader.contract import FUNCTIONS
from grader.packs.nbgrader_assignment import source_notebook
from grader.rubric import Rubric

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the cells grade with the isolation by default, which only Linux has"
)
EXECUTE = Path(__file__).with_name("nbgrader_execute.py")
WORTH = (5, 5, 10, 20, 35, 20, 5)
AFRESH = "import grader.nbgrader_cell as cell\ncell._results.clear()\n"


def packed():
    """The locked cells as `grader pack nbgrader` writes them, by check."""
    cells = json.loads(source_notebook(Rubric(), "rnn_counting"))["cells"]
    facts = [(cell["metadata"].get("nbgrader", {}), "".join(cell["source"])) for cell in cells]
    return {fact["grade_id"]: source for fact, source in facts if fact.get("grade")}


def cell(source, grade_id="", points=0):
    facts = {"schema_version": 3, "grade_id": grade_id, "grade": True, "locked": True, "solution": False, "task": False}
    metadata = {"nbgrader": {**facts, "cell_type": "code", "points": points}} if grade_id else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def execute(folder, cells, *, purpose=None, seconds=300):
    """What nbgrader makes of the cells of points, by grade id, when it runs a notebook of these cells."""
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    (folder / NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")
    environment = {**os.environ, **isolated(folder), **({"NBGRADER_EXECUTION": purpose} if purpose else {})}
    done = subprocess.run(
        [sys.executable, EXECUTE, folder / NOTEBOOK, str(seconds)],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(done.stdout)


def names(outcome):
    return [name for name, _ in outcome["shown"]]


# ---------------------------------------------------------------------------- autograding
LOUD = """\
import subprocess
quiet = subprocess.run

def loud(*given, **named):
    done = quiet(*given, **named)
    sys.stderr.write(done.stderr[:1000])
    return done

subprocess.run = loud
"""


def test_a_cell_that_writes_on_standard_error_is_a_zero_and_ours_writes_nothing_there(tmp_path):
    ours = packed()["forward"]
    seen = execute(
        tmp_path,
        [
            cell(example("sign.py") + NOISE),
            cell(ours, "ours", 20),
            cell("import warnings\nwarnings.warn('out of date')\n" + ours, "warning", 20),
            cell(AFRESH + LOUD + ours, "loud", 20),  # the layer off: what `grade` says on standard error comes through
            cell("subprocess.run = quiet\n" + AFRESH + ours, "again", 20),
            cell(packed()["bptt_gradients"], "wrong", 35),
            cell("points('forward', 21, 'rnn_counting')", "mismatch", 21),
            cell("points('backward', 21, 'rnn_counting')", "unknown", 21),
        ],
        purpose="autograde",
    )
    assert {name: outcome["score"] for name, outcome in seen.items()} == {
        "ours": 20,
        "warning": 0,
        "loud": 0,
        "again": 20,
        "wrong": 0,
        "mismatch": "refused",
        "unknown": "refused",
    }
    assert names(seen["ours"]) == names(seen["again"]) == ["stdout", "execute_result"]
    assert "stderr" in names(seen["loud"])
    assert "Smallest case that fails" in seen["wrong"]["shown"][0][1]
    assert "forward is worth 20 by the rubric and 21 by its cell" in seen["mismatch"]["shown"][0][1]
    assert seen["ours"]["shown"][1] == ["execute_result", "20"]


def test_an_interrupted_grading_is_no_mark_in_any_cell(tmp_path):
    endless = example("correct.py").replace("def relu(S):\n", "def relu(S):\n    while True: pass\n")
    locked = packed()
    cells = [cell("\n".join(ast.unparse(node) for node in ast.parse(endless).body if hasattr(node, "name")))]
    cells += [cell(locked[check], check, 35) for check in FUNCTIONS]
    seen = execute(tmp_path, cells, purpose="autograde", seconds=4)
    assert {outcome["score"] for outcome in seen.values()} == {"refused"}
    assert all("c.Execute.timeout" in outcome["shown"][0][1] for outcome in seen.values())


TAKEN = AFRESH + "cell._rubric = lambda folder: folder / 'rubric.toml'\n"


def test_a_rubric_that_comes_with_the_submission_is_not_taken(tmp_path):
    folder = tmp_path / "autograded" / "ana" / "ps1"
    folder.mkdir(parents=True)
    (tmp_path / "nbgrader_config.py").touch()
    (folder / "rubric.toml").write_text("[policy]\nautograd = 'allow'\n", encoding="utf-8")
    ours = packed()["bptt_gradients"]
    cells = [cell(example("autograd.py")), cell(ours, "ours", 35), cell(TAKEN + ours, "taken", 35)]
    seen = execute(folder, cells, purpose="autograde")
    assert {name: outcome["score"] for name, outcome in seen.items()} == {"ours": 0, "taken": 35}


# ---------------------------------------------------------------------------- anywhere else
@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A wrong submission, its last function not defined, in `nbgrader validate` and then in a student's Jupyter."""
    locked = packed()
    cells = [cell(example("sign.py").replace("def predict_counts", "def something_else"))]
    cells += [cell(source, f"{check} validated", 35) for check, source in locked.items()]
    cells += [cell("import os\ndel os.environ['NBGRADER_EXECUTION']")]
    cells += [cell(source, check, 35) for check, source in locked.items()]
    cells += [cell("import sys\nsys.modules['grader'] = sys.modules['grader.nbgrader_cell'] = None")]
    cells += [cell(locked["relu"], "absent", 5)]
    return execute(tmp_path_factory.mktemp("elsewhere"), cells, purpose="validate")


def said(outcome):
    return "\n".join(text for _, text in outcome["shown"])


def test_outside_of_autograding_the_cell_is_the_self_check_and_says_no_mark(elsewhere):
    told = {check: said(elsewhere[check]) for check in FUNCTIONS}
    assert "right on public cases" in told["forward"]
    assert "For X = " in told["bptt_gradients"]
    assert told["predict_counts"].startswith("predict_counts is not defined yet")
    for text in told.values():
        assert not re.search(r"\d points|of \d+ points|^\d+$", text, re.MULTILINE)


def test_where_the_grader_is_not_installed_the_cell_says_so_and_nothing_else(elsewhere):
    said_so = ["stdout", "relu cannot be checked here: bptt-grader is not installed.\n"]
    assert elsewhere["absent"]["shown"] == [said_so]


def test_to_nbgrader_s_validation_a_right_function_is_worth_all_and_a_wrong_one_nothing(elsewhere):
    scores = {check: elsewhere[f"{check} validated"]["score"] for check in FUNCTIONS}
    wrong = {"bptt_gradients": 0, "predict_counts": 0}
    assert scores == {check: wrong.get(check, points) for check, points in zip(FUNCTIONS, WORTH, strict=True)}
