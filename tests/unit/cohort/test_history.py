from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from canned import ENVIRONMENT, Canned, grade

from grader.cohort.history import history
from grader.cohort.store import Store
from grader.rubric import Limits, Rubric


def told(out, student=None):
    with Store(out, create=False) as store:
        return list(history(store, student))


def test_the_first_mark_of_everyone_is_told_and_a_repetition_is_not(folder, settings, tmp_path):
    for _ in range(3):
        grade(folder, settings, tmp_path / "marks")
    changes = told(tmp_path / "marks")
    assert [(change.student, change.score, change.run) for change in changes] == [
        ("ada", 100, 1), ("bob", 80, 1), ("cyd", 80, 1), ("dan", None, 1),
    ]  # fmt: skip
    assert not any(change.why or change.checks for change in changes)


def test_a_changed_rubric_is_named_with_what_it_did(folder, settings, tmp_path):
    grade(folder, settings, tmp_path / "marks")
    rubric = Rubric(points={**Rubric().points, "forward": Fraction(30)}, pass_mark=Fraction(60))
    grade(folder, replace(settings, rubric=rubric), tmp_path / "marks")
    _, changed = told(tmp_path / "marks", "ada")
    assert (changed.before, changed.score) == (100, 110)
    assert changed.why == ("rubric pass_mark: 50 → 60", "rubric points.forward: 20 → 30")
    assert changed.checks == ("forward: passed 20 → passed 30",)
    assert len(told(tmp_path / "marks", "bob")) == 1  # forward failed before and after: nothing changed


def test_another_file_is_named(folder, settings, tmp_path):
    grade(folder, settings, tmp_path / "marks")
    (folder / "bob.py").write_text("# mended\n")
    (folder / "dan.py").write_text("# fails: relu\n")
    grade(folder, settings, tmp_path / "marks")
    _, bob = told(tmp_path / "marks", "bob")
    assert (bob.before, bob.score, bob.why) == (80, 100, ("another file was handed in",))
    assert bob.checks == ("forward: failed 0 → passed 20",)
    _, dan = told(tmp_path / "marks", "dan")
    assert (dan.before, dan.score, dan.why) == (None, 95, ("another file was handed in",))


def test_another_version_and_other_limits_are_named_once(folder, settings, tmp_path):
    grade(folder, settings, tmp_path / "marks")
    (folder / "ada.py").write_text("# fails: relu\n")
    newer = Canned(environment={**ENVIRONMENT, "torch": "2.14.0"})
    limits = Rubric(limits=Limits(time_limit_s=5))
    grade(folder, replace(settings, rubric=limits, time_limit_s=5.0), tmp_path / "marks", newer)
    _, ada = told(tmp_path / "marks", "ada")
    assert ada.why == (
        "another file was handed in",
        "torch: 2.13.0 → 2.14.0",
        "rubric limits.time_s: 10.0 → 5.0",
    )


def test_a_run_that_was_stopped_does_not_count(folder, settings, tmp_path):
    grade(folder, settings, tmp_path / "marks", stop=lambda: True)
    assert told(tmp_path / "marks") == []


def test_a_student_who_was_never_graded_has_no_history(folder, settings, tmp_path):
    grade(folder, settings, tmp_path / "marks")
    assert told(tmp_path / "marks", "eve") == []
