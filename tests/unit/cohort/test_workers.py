"""Real workers with real sandboxes."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from canned import works

from grader.cohort.engine import grade_cohort
from grader.cohort.outputs import results_json
from grader.cohort.processes import LocalProcesses
from grader.pipeline import Grader
from grader.report.as_json import to_json_object

EXAMPLES = Path(__file__).parents[3] / "student_template" / "examples"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submissions"
    made.mkdir()
    for name in ("correct.py", "stub.py", "autograd.py"):
        shutil.copy(EXAMPLES / name, made)
    return made


def graded(folder, settings, out, **options):
    with grade_cohort(works(folder), settings, out, **options) as marks:
        return "".join(results_json(marks)), marks


def test_workers_find_what_one_process_finds_and_one_that_is_killed_costs_nothing(folder, settings, tmp_path):
    pools = []

    def start(settings, bank):
        pools.append(LocalProcesses(settings, bank, 2))
        return pools[-1]

    killed = []

    def kill_one(_progress):
        if not killed:
            killed.append(pools[0].pids[-1])
            os.kill(killed[0], signal.SIGKILL)

    by_workers, marks = graded(folder, settings, tmp_path / "workers", executor=start, progress=kill_one)
    assert killed
    assert (marks.progress.done, marks.progress.ungraded) == (3, 0)
    by_one, _ = graded(folder, settings, tmp_path / "one")
    assert by_workers == by_one


def test_the_store_gives_the_report_that_grading_one_gives(settings, tmp_path, grader):
    folder = tmp_path / "submissions"
    folder.mkdir()
    shutil.copy(EXAMPLES / "stub.py", folder)
    with grade_cohort(works(folder), settings, tmp_path / "marks") as marks:
        (stored,) = (to_json_object(graded.report) for graded in marks)
    fresh = to_json_object(grader.grade(folder / "stub.py"))
    fresh["submission"]["path"], fresh["timings"] = "stub.py", {}
    assert stored == fresh
    assert isinstance(grader, Grader)
