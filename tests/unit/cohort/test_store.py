from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest
from canned import judge

from grader.cohort.records import VerdictKey
from grader.cohort.store import FILE_NAME, Store
from grader.cohort.wire import encode_judged
from grader.errors import GraderError, UsageError
from grader.model import Cell, Counterexample, Program
from grader.result import Judged, Submission

JUDGED = judge(Program("", "a" * 64, "script", (Cell("# fails: train\n"),)))
KEY = VerdictKey("c" * 64, "j" * 64, "e" * 64)
FACTS = {"rubric": {}, "judging": {}, "environment": {}}


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def test_a_verdict_comes_back_as_it_was_kept(store):
    kept = store.keep(KEY, JUDGED, 1.5)
    found = store.find(KEY, least="standard")
    assert (found.number, found.wall_s) == (kept.number, 1.5)
    assert encode_judged(found.judged) == encode_judged(JUDGED)


@pytest.mark.parametrize("kept", [True, False])
def test_a_case_keeps_the_order_in_which_it_is_told(store, kept):
    case = Counterexample({"X": [[1.0]], "T": [[0.0]], "k": 0}, {"dWxs": 1.0, "dWrec": 2.0}, None)
    verdict = replace(JUDGED.verdicts[5], counterexample=case)
    judged = replace(JUDGED, verdicts=(*JUDGED.verdicts[:5], verdict, *JUDGED.verdicts[6:]))
    run = store.begin(FACTS)
    number = store.keep(KEY, judged, 1.0).number if kept else None
    store.record(run, "ada", "ada.py", judged, score=Fraction(1), verdict=number)
    (grading,) = store.gradings(run)
    found = grading.judged.verdicts[5].counterexample
    assert (list(found.inputs), list(found.expected)) == (["X", "T", "k"], ["dWxs", "dWrec"])


def test_of_two_verdicts_under_one_key_the_first_counts(store):
    other = judge(Program("", "a" * 64, "script", (Cell("# all right\n"),)))
    first = store.keep(KEY, JUDGED, 1.0)
    second = store.keep(KEY, other, 1.0)
    assert first.number == second.number
    assert second.judged.verdicts[5].status == "failed"


def test_the_strongest_isolation_is_found_first_and_none_below_the_least(store):
    program = Program("", "a" * 64, "script", (Cell("x"),))
    assert store.find(KEY, least="none") is None
    for level in ("basic", "strong", "standard"):
        store.keep(KEY, judge(program, level), 1.0)
    assert store.find(KEY, least="none").judged.isolation.level == "strong"


def test_less_isolation_than_asked_for_is_not_found(store):
    store.keep(KEY, judge(Program("", "a" * 64, "script", (Cell("x"),)), "basic"), 1.0)
    assert store.find(KEY, least="standard") is None
    assert store.find(KEY, least="basic") is not None


@pytest.mark.parametrize("outcome", ["ungraded", "unreadable"])
def test_what_is_no_verdict_is_not_kept(store, outcome):
    with pytest.raises(ValueError, match=outcome):
        store.keep(KEY, Judged(outcome, Submission("")), 1.0)


def test_gradings_come_by_student_then_path_in_the_order_of_code_points(store):
    run = store.begin(FACTS)
    kept = store.keep(KEY, JUDGED, 1.0)
    for student, path in [("b", "x"), ("ä", "x"), ("a", "z\udcff"), ("a", "y"), ("Z", "x")]:
        store.record(run, student, path, JUDGED, score=Fraction(1, 3), verdict=kept.number)
    rows = list(store.gradings(run))
    assert [(row.student, row.path) for row in rows] == [
        ("Z", "x"), ("a", "y"), ("a", "z\udcff"), ("b", "x"), ("ä", "x"),
    ]  # fmt: skip
    assert {row.score for row in rows} == {Fraction(1, 3)}
    assert rows[2].judged.submission.path == "z\udcff"
    assert (rows[0].key, rows[0].level) == (KEY, "standard")


def test_what_has_no_verdict_keeps_its_reason(store):
    run = store.begin(FACTS)
    store.record(run, "a", "x", Judged("ungraded", Submission("x"), reason="broken"), score=None, verdict=None)
    (row,) = store.gradings(run)
    assert (row.outcome, row.judged.reason, row.score, row.key) == ("ungraded", "broken", None, None)


def test_an_unfinished_run_of_the_same_facts_is_taken_up_and_a_finished_one_is_not(store):
    first = store.begin(FACTS)
    assert store.begin(FACTS) == first
    assert store.begin({**FACTS, "judging": {"device": "cuda"}}) != first
    last = store.begin(FACTS)
    store.finish(last)
    assert store.begin(FACTS) not in {first, last}


# ---------------------------------------------------------------------------- forgetting
def test_forgetting_a_student_leaves_no_byte_of_them(store, tmp_path):
    run = store.begin(FACTS)
    own, shared = VerdictKey("own" * 9, "j", "e"), VerdictKey("shared" * 9, "j", "e")
    for student, key in [("adalovelace", own), ("adalovelace", shared), ("bob", shared)]:
        store.record(run, student, key.content, JUDGED, score=None, verdict=store.keep(key, JUDGED, 1.0).number)
    assert store.forget("adalovelace") == 2
    assert [row.student for row in store.gradings(run)] == ["bob"]
    assert store.find(shared, least="none") is not None
    assert store.find(own, least="none") is None
    bytes_left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"adalovelace" not in bytes_left
    assert b"ownown" not in bytes_left
    assert b"sharedshared" in bytes_left


# ---------------------------------------------------------------------------- the file
@pytest.mark.usefixtures("store")
def test_two_processes_cannot_have_the_same_folder(tmp_path):
    code = f"from grader.cohort.store import Store; from pathlib import Path; Store(Path({str(tmp_path)!r}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "another grader is writing here" in run.stderr


def test_a_lock_does_not_outlive_a_killed_process(tmp_path):
    code = (
        "from grader.cohort.store import Store; from pathlib import Path; import os, signal; "
        f"Store(Path({str(tmp_path)!r})).begin({FACTS!r}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with Store(tmp_path) as store:
        assert len(store.runs()) == 1


def keep_a_hundred(store):
    for number in range(100):
        store.keep(VerdictKey(str(number), "j", "e"), JUDGED, 1.0)


def test_a_full_disk_is_said_and_what_was_kept_stays(tmp_path):
    with Store(tmp_path) as store:
        store.keep(KEY, JUDGED, 1.0)
        store._db.execute("PRAGMA max_page_count=20").fetchall()
        with pytest.raises(GraderError, match=r"full.*kept.*give the same command again"):
            keep_a_hundred(store)
        assert store.find(KEY, least="none") is not None
    with Store(tmp_path) as store:
        kept = store._db.execute("SELECT count(*) FROM verdicts").fetchone()[0]
        assert kept > 1
        store.keep(VerdictKey("new", "j", "e"), JUDGED, 1.0)


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    (tmp_path / FILE_NAME).write_text("a student's essay\n" * 100)
    with pytest.raises(UsageError, match="not a database"):
        Store(tmp_path)
    assert (tmp_path / FILE_NAME).read_text().startswith("a student's essay")


@pytest.mark.parametrize("pragma", ["user_version=99", "application_id=7"])
def test_a_database_of_another_program_or_version_is_left_alone(tmp_path, pragma):
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute(f"PRAGMA {pragma}")
        other.execute("CREATE TABLE essays (text)")
    other.close()
    with pytest.raises(UsageError, match="not a store of this version"):
        Store(tmp_path)


def test_where_nothing_was_graded_there_is_no_store(tmp_path):
    with pytest.raises(UsageError, match="no marks here"):
        Store(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "marks").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        Store(tmp_path / "marks")
