from __future__ import annotations

import signal
import stat
import subprocess
import sys
from itertools import chain

import pytest
from canned import judge

from grader.cohort.engine import Graded
from grader.cohort.interrupt import until_interrupted
from grader.cohort.outputs import results_json, write_output
from grader.errors import GraderError
from grader.model import Cell, Program
from grader.report.as_json import to_json_object, to_json_text
from grader.rubric import Rubric
from grader.score import report_of


def graded(source):
    return Graded("ada", report_of(judge(Program("", "a" * 64, "script", (Cell(source),))), Rubric()))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_results_are_written_as_the_command_prints_several(count):
    marks = [graded(f"# fails: relu\n{number}") for number in range(count)]
    assert "".join(results_json(marks)) == to_json_text([to_json_object(each.report) for each in marks])


def test_an_output_is_for_its_owner_alone_and_replaces_the_old_one(tmp_path):
    (tmp_path / ".marks.csv.part").write_text("left by a killed run, longer than what follows")
    for text in ("one", "two"):
        write_output(tmp_path / "marks.csv", iter(text))
    assert (tmp_path / "marks.csv").read_text() == "two"
    assert stat.S_IMODE((tmp_path / "marks.csv").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["marks.csv"]


def test_an_output_that_fails_half_way_leaves_the_old_one(tmp_path):
    write_output(tmp_path / "marks.csv", ["old"])
    with pytest.raises(ZeroDivisionError):
        write_output(tmp_path / "marks.csv", chain(["new"], (1 // 0 for _ in range(1))))
    assert (tmp_path / "marks.csv").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["marks.csv"]


def test_an_output_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(GraderError, match=r"marks\.csv: cannot be written: No such file"):
        write_output(tmp_path / "nowhere" / "marks.csv", [])


# ---------------------------------------------------------------------------- Ctrl-C
def test_ctrl_c_asks_to_stop_and_once_more_insists():
    before = signal.getsignal(signal.SIGINT)
    with until_interrupted() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


# ---------------------------------------------------------------------------- what is loaded
def test_the_process_that_hands_out_work_loads_neither_torch_nor_hypothesis(tmp_path):
    code = (
        "import sys; from pathlib import Path; from grader.cohort.engine import Work, grade_cohort; "
        "from grader.pipeline import Settings; "
        f"folder = Path({str(tmp_path)!r}); (folder / 'hw.py').write_text(''); "
        "grade_cohort([Work('ada', folder / 'hw.py')], Settings(), folder / 'marks', jobs=2).close(); "
        "print(*sys.modules)"
    )
    for _ in range(2):  # the first may have to build the bank
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "grader.cohort.processes" in loaded
    assert not loaded & {"torch", "hypothesis", "reference"}
