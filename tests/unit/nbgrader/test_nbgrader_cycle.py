"""nbgrader's whole cycle with nbgrader's own commands: what is released, handed in, autograded, told and exported."""

from __future__ import annotations

import json
import sys

import pytest
from nbgrader_course import CLASS, FORGERY, NOTEBOOK, RUBRIC, autograded, copied, example, solved
from nbgrader_execute import joined

from grader.contract import FUNCTIONS

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the cells grade with the isolation by default, which only Linux has"
)
HONEST = sorted(student for student, (_, before) in CLASS.items() if before != FORGERY)
KERNEL = """\
import os, sys
if "hal" in os.getcwd().split(os.sep):
    sys.modules["grader"] = None  # as where it is not installed
from ipykernel import kernelapp
kernelapp.launch_new_instance()
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Six students' submissions after `nbgrader autograde`. Not to be written to."""
    return autograded(tmp_path_factory)


@pytest.fixture(scope="module")
def by_json(course):
    return course.grade_json()


def outputs(course, student):
    """What the locked cells show, by check."""
    notebook = json.loads((course.root / "autograded" / student / "ps1" / NOTEBOOK).read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]
    return {cell["metadata"]["nbgrader"]["grade_id"]: joined(cell["outputs"]) for cell in cells}


# ---------------------------------------------------------------------------- what students get
def test_the_release_holds_stubs_and_a_locked_cell_for_each_check(course):
    facts = [cell["metadata"].get("nbgrader", {}) for cell in course.released()["cells"]]
    grades = {fact["grade_id"]: fact["points"] for fact in facts if fact.get("grade")}
    assert grades == dict(zip(FUNCTIONS, (7.5, 2.5, 10, 20, 35, 20, 5), strict=True))
    assert all(fact["locked"] for fact in facts if fact.get("grade"))
    written = [cell for cell in course.released()["cells"] if cell["metadata"].get("nbgrader", {}).get("solution")]
    text = "".join("".join(cell["source"]) for cell in written)
    assert text.count("raise NotImplementedError") == text.count("YOUR CODE HERE") == len(FUNCTIONS)
    assert "SOLUTION" not in text


# ---------------------------------------------------------------------------- what they earn
@pytest.mark.parametrize("student", HONEST)
def test_nbgrader_s_marks_are_those_of_grade(course, by_json, student):
    assert course.scores()[student] == by_json[student]


def test_the_class_has_marks_of_every_kind(by_json):
    totals = {student: sum(by_json[student].values()) for student in HONEST}
    assert totals["ana"] == 100
    assert totals["fay"] == 0
    assert len(set(totals.values())) >= 4


def test_a_forged_module_fools_the_cells_and_is_why_marks_can_be_pushed(course, by_json):
    assert sum(by_json["eva"].values()) < 100
    assert sum(course.scores()["eva"].values()) == 100


def test_what_a_submission_warns_of_is_in_no_locked_cell(course):
    for outs in outputs(course, "dee").values():
        assert [out.get("name", "number") for out in outs] == ["stdout", "number"]


def test_the_cells_show_students_the_points_and_their_own_smallest_case(course):
    shown = {student: outputs(course, student)["bptt_gradients"][0]["text"] for student in ("ana", "ben")}
    assert "".join(shown["ana"]).startswith("bptt_gradients: 35 of 35 points\n")
    assert "".join(shown["ben"]).startswith("bptt_gradients: 0 of 35 points\n")
    assert ["Smallest case that fails" in "".join(text) for text in shown.values()] == [False, True]


def test_nobody_is_left_for_a_person_to_grade(course):
    assert {waits for row in course.scores("needs_manual_grade").values() for waits in row.values()} == {0}


def test_the_export_has_the_same_totals(course, by_json, tmp_path):
    rows = copied(course, tmp_path / "course").exported()
    assert {student: float(rows[student]["score"]) for student in HONEST} == {
        student: pytest.approx(sum(by_json[student].values())) for student in HONEST
    }
    assert {float(row["max_score"]) for row in rows.values()} == {100}


# ---------------------------------------------------------------------------- faults of ours
NEW = ("gil", "hal", "ida", "jon")


def refused(course):
    """Autograde where somebody cannot be given a mark: which of the new ones, by nbgrader's own word."""
    said = course.nbgrader("autograde", "ps1", status=1)
    return [student for student in NEW if f"processing assignment 'ps1' for student '{student}'" in said]


def nothing(course, student):
    """Whether they are in the gradebook, without a single score."""
    return set(course.scores()[student].values()) == {None}


def without(check, notebook):
    """The notebook, its locked cell deleted."""
    grades = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]]
    del notebook["cells"][grades.index(check)]
    return notebook


def test_a_fault_of_ours_is_no_mark_and_nbgrader_goes_on_where_it_stopped(course, tmp_path):
    course = copied(course, tmp_path / "course")
    before = course.scores()
    rubric = course.root / "rubric.toml"
    course.hand_in("gil", solved(course.released(), example("correct.py")))

    rubric.write_text("pass_mark = fifty\n", encoding="utf-8")
    assert refused(course) == ["gil"]
    assert nothing(course, "gil")

    rubric.write_text(RUBRIC + "bptt_gradients = 30\ntrain = 25\n", encoding="utf-8")  # the first cells agree
    assert refused(course) == ["gil"]
    assert nothing(course, "gil"), "part of a mark looks like a whole one"

    rubric.write_text(RUBRIC, encoding="utf-8")
    course.hand_in("hal", solved(course.released(), example("correct.py")))
    course.hand_in("ida", without("train", solved(course.released(), example("correct.py"))))
    course.hand_in("jon", solved(course.released(), example("correct.py"), before="import os; os._exit(0)"))
    kernel = course.root / ".private" / "JUPYTER_PATH" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    started = {"argv": [sys.executable, "-c", KERNEL, "-f", "{connection_file}"], "display_name": "Python 3"}
    (kernel / "kernel.json").write_text(json.dumps(started), encoding="utf-8")
    assert refused(course) == ["hal", "jon"]
    assert nothing(course, "hal")  # its kernel has no grader
    assert nothing(course, "jon")  # its kernel died
    assert sum(course.scores()["gil"].values()) == 100
    assert course.scores()["ida"] == {**course.scores()["gil"], "train": None}  # the cell is deleted
    assert {check for check, waits in course.scores("needs_manual_grade")["ida"].items() if waits} == {"train"}
    assert {student: course.scores()[student] for student in CLASS} == before
