from __future__ import annotations

import json
import stat
from dataclasses import replace
from fractions import Fraction

import pytest
from canned import ENVIRONMENT, Canned, grade, works

from grader.cases import PUBLIC_SEED, export_bank, load_or_build
from grader.cases.bank import with_identity
from grader.cohort.engine import grade_cohort
from grader.cohort.store import Store
from grader.errors import GraderError, UsageError
from grader.rubric import Rubric

CHEAP_FORWARD = {**Rubric().points, "forward": Fraction(80)}


def outcomes(written):
    return {item["submission"]["path"]: (item["outcome"], item["score"]) for item in json.loads(written)}


# ---------------------------------------------------------------------------- one run
def test_every_submission_gets_an_outcome(folder, settings, tmp_path):
    marks, written = grade(folder, settings, tmp_path / "marks")
    assert outcomes(written) == {
        "ada.py": ("graded", 100.0),
        "bob.py": ("graded", 80.0),
        "cyd.py": ("graded", 80.0),
        "dan.py": ("unreadable", None),
    }
    done = marks.progress
    assert (done.total, done.done, done.failing, done.unreadable, done.ungraded) == (4, 4, 0, 1, 0)
    assert not marks.interrupted


def test_identical_files_are_judged_once(folder, settings, tmp_path):
    executor = Canned()
    marks, _ = grade(folder, settings, tmp_path / "marks", executor)
    assert len(executor.judged) == len(set(executor.judged)) == 2
    assert (marks.progress.reused, marks.progress.same) == (0, 1)


def test_a_hundred_identical_files_are_judged_once_and_nobody_holds_up_the_others(settings, tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    for number in range(100):
        (folder / f"s{number:03}.py").write_text("# the same\n")
    executor = Canned(room=1)
    _, written = grade(folder, settings, tmp_path / "marks", executor)
    assert len(executor.judged) == 1
    assert set(outcomes(written).values()) == {("graded", 100.0)}
    assert len(outcomes(written)) == 100


def test_the_order_of_the_answers_does_not_show(folder, settings, tmp_path):
    _, first = grade(folder, settings, tmp_path / "one", Canned(room=1))
    _, second = grade(folder, settings, tmp_path / "two", Canned(room=9, newest_first=True))
    assert first == second


def test_progress_is_told_after_every_file(folder, settings, tmp_path):
    told = []
    grade(folder, settings, tmp_path / "marks", progress=told.append)
    assert [progress.done for progress in told] == [1, 2, 3, 4]
    assert told[-1].left_s == 0


def test_the_output_is_for_its_owner_alone(folder, settings, tmp_path):
    out = tmp_path / "marks"
    with grade_cohort(works(folder), settings, out, executor=Canned()):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (out, *out.iterdir())}
    grade(folder, settings, out)
    modes["results.json"] = stat.S_IMODE((out / "results.json").stat().st_mode)
    assert modes.pop("marks") == 0o700
    assert set(modes.values()) == {0o600}
    assert len(modes) >= 3  # the write-ahead log as well


def test_a_file_whose_name_is_no_text_is_graded(settings, tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    (folder / "h\udcffw.py").write_text("# fails: relu\n")
    _, written = grade(folder, settings, tmp_path / "marks")
    assert list(outcomes(written).values()) == [("graded", 95.0)]


def test_a_path_that_would_be_made_up_is_replaced_by_its_name(settings, tmp_path):
    empty = tmp_path / "unpacked-x7ab" / "hw.py"
    empty.parent.mkdir()
    empty.write_text("")
    _, written = grade(empty.parent, settings, tmp_path / "marks")
    assert "unpacked" not in written.decode()
    assert json.loads(written)[0]["reason"].startswith("hw.py holds nothing to grade")


# ---------------------------------------------------------------------------- reuse
def test_a_second_run_judges_nothing_and_writes_the_same_bytes(folder, settings, tmp_path):
    _, first = grade(folder, settings, tmp_path / "marks")
    executor = Canned()
    marks, second = grade(folder, settings, tmp_path / "marks", executor)
    assert (executor.judged, first, marks.progress.reused) == ([], second, 3)


def test_other_points_and_another_pass_mark_reuse_the_verdicts(folder, settings, tmp_path):
    _, first = grade(folder, settings, tmp_path / "marks")
    executor = Canned()
    stricter = replace(settings, rubric=Rubric(points=CHEAP_FORWARD, pass_mark=Fraction(60)))
    marks, second = grade(folder, stricter, tmp_path / "marks", executor)
    assert executor.judged == []
    assert outcomes(second)["bob.py"] == ("graded", 80.0)
    assert json.loads(second)[1]["max_score"] == 160
    assert marks.progress.failing == 2
    _, fresh = grade(folder, stricter, tmp_path / "other")
    assert second == fresh != first


@pytest.mark.parametrize("changed", ["bank", "policy", "torch"])
def test_what_verdicts_depend_on_is_judged_anew(folder, settings, tmp_path, changed):
    grade(folder, settings, tmp_path / "marks")
    executor = Canned(environment={**ENVIRONMENT, "torch": "2.14.0"} if changed == "torch" else None)
    if changed == "bank":
        bank = load_or_build(PUBLIC_SEED)
        export_bank(with_identity("another", bank.checks, bank.hypothesis_version), tmp_path / "course.bank")
        settings = replace(settings, bank=tmp_path / "course.bank")
    if changed == "policy":
        settings = replace(settings, rubric=Rubric(policy={"autograd": "allow", "numerical_gradient": "fail"}))
    grade(folder, settings, tmp_path / "marks", executor)
    assert len(executor.judged) == 2


def test_a_changed_file_alone_is_judged_anew(folder, settings, tmp_path):
    grade(folder, settings, tmp_path / "marks")
    (folder / "ada.py").write_text("# fails: relu\n")
    executor = Canned()
    _, written = grade(folder, settings, tmp_path / "marks", executor)
    assert len(executor.judged) == 1
    assert outcomes(written)["ada.py"] == ("graded", 95.0)


def test_a_verdict_found_under_less_isolation_than_asked_for_is_not_reused(folder, settings, tmp_path):
    basic = replace(settings, isolation="basic")
    grade(folder, basic, tmp_path / "marks", Canned(level="basic"))
    executor = Canned(level="strong")
    _, written = grade(folder, settings, tmp_path / "marks", executor)
    assert len(executor.judged) == 2
    assert json.loads(written)[0]["isolation"]["level"] == "strong"
    again = Canned()
    _, written = grade(folder, basic, tmp_path / "marks", again)  # what is stronger is good enough
    assert again.judged == []
    assert json.loads(written)[0]["isolation"]["level"] == "strong"


# ---------------------------------------------------------------------------- faults of ours
def test_a_fault_of_ours_is_tried_once_more(folder, settings, tmp_path):
    (folder / "ada.py").write_text("# fault once\n")
    executor = Canned()
    _, written = grade(folder, settings, tmp_path / "marks", executor)
    assert outcomes(written)["ada.py"] == ("graded", 100.0)
    assert len(executor.judged) == 3


def test_a_fault_that_stays_is_no_mark_and_the_next_run_tries_again(folder, settings, tmp_path):
    (folder / "ada.py").write_text("# fault\n")
    executor = Canned()
    marks, written = grade(folder, settings, tmp_path / "marks", executor)
    assert outcomes(written)["ada.py"] == ("ungraded", None)
    assert json.loads(written)[0]["reason"] == "it broke"
    assert (len(executor.judged), marks.progress.ungraded) == (3, 1)
    again = Canned()
    grade(folder, settings, tmp_path / "marks", again)
    assert len(again.judged) == 2  # this one, twice


def test_an_answer_that_cannot_be_read_is_a_fault_of_ours(folder, settings, tmp_path):
    class Garbled(Canned):
        def result(self, job):
            return replace(super().result(job), judged={"outcome": "graded"})

    _, written = grade(folder, settings, tmp_path / "marks", Garbled())
    assert outcomes(written)["ada.py"] == ("ungraded", None)


def test_the_executor_is_closed_and_the_folder_let_go_whatever_happens(folder, settings, tmp_path):
    class Broken(Canned):
        def results(self):
            raise GraderError("no worker to be had")

    executor = Broken()
    with pytest.raises(GraderError, match="no worker"):
        grade(folder, settings, tmp_path / "marks", executor)
    assert executor.closed
    Store(tmp_path / "marks").close()


# ---------------------------------------------------------------------------- stopping
def test_stopped_finishes_what_runs_and_the_same_call_goes_on(folder, settings, tmp_path):
    _, undisturbed = grade(folder, settings, tmp_path / "other")
    executor = Canned(room=1)
    out = tmp_path / "marks"
    marks, _ = grade(folder, settings, out, executor, stop=lambda: bool(executor.judged))
    assert marks.interrupted
    assert 1 <= marks.progress.done < 4
    again = Canned()
    marks, written = grade(folder, settings, out, again)
    assert written == undisturbed
    assert not marks.interrupted
    assert len(executor.judged) + len(again.judged) == 2
    with Store(out) as store:
        assert [bool(run.finished) for run in store.runs()] == [True]  # one run, taken up


def test_stopped_before_it_began_nothing_is_judged(folder, settings, tmp_path):
    executor = Canned()
    marks, _ = grade(folder, settings, tmp_path / "marks", executor, stop=lambda: True)
    assert executor.judged == []
    assert (marks.interrupted, marks.progress.done) == (True, 0)


def test_a_second_grading_into_the_same_folder_is_refused(folder, settings, tmp_path):
    with (
        grade_cohort(works(folder), settings, tmp_path / "marks", executor=Canned()),
        pytest.raises(UsageError, match="another grader is writing here"),
    ):
        grade(folder, settings, tmp_path / "marks")
