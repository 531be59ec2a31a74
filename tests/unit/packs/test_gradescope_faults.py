"""A fault of ours gives no score on Gradescope, and the emulation shows what the platform would not take."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
from gradescope_course import (
    EXAMPLES,
    rezipped,
)

from grader.cli import grader_main
from grader.packs import emulate_gradescope
from grader.packs.emulate_gradescope import Wanted
from grader.packs.measure import _descendants

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the platform is Linux, and so is what emulates it")

pytest_plugins = ["gradescope_fixtures"]

RIGHT = EXAMPLES / "correct.py"
LEFT_BEHIND = '{"score": 100, "output": "", "output_format": "text", "tests": []}'


@pytest.fixture(name="before")
def _before(monkeypatch):
    """`before(action)`: done to the folders once a submission is handed in."""

    def before(action):
        real = emulate_gradescope.hand_in

        def spoiled(*arguments):
            real(*arguments)
            action()

        monkeypatch.setattr(emulate_gradescope, "hand_in", spoiled)

    return before


def no_score(ran, status=3):
    assert ran.status == status, ran.printed
    assert not ran.scored
    assert "score" not in json.dumps(ran.results)
    return ran


def broken(bank):
    content = bytearray(bank.read_bytes())
    content[len(content) // 2] ^= 1
    bank.write_bytes(content)


# ---------------------------------------------------------------------------- faults of ours
def test_a_broken_bank_is_no_score_and_the_teacher_is_told_why(place):
    broken(place.on_disk.source / "course.bank")
    ran = no_score(place.grade([RIGHT]))
    assert ran.problems == ()
    assert "not graded, a fault of the autograder: BankError" in ran.printed
    assert "says nothing about the submission" in ran.results["output"]
    assert "course.bank" not in json.dumps(ran.results)


def _is_of_template(pid):
    return b"inside.template" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _parent(pid):
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]


def _kill_a_template(killed):
    """Kill the first template of ours that has forked a child."""
    for _ in range(2000):
        for pid in _descendants(os.getpid()):
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
                template = _is_of_template(pid) and not _is_of_template(_parent(pid))
            except OSError:
                continue
            if template and children:  # its children are forked from it, and look the same
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return
        time.sleep(0.01)


def test_a_template_process_that_is_killed_is_no_score(place, handed_in):
    for _ in range(3):  # on a busy machine it may be killed when the grading is over
        killed = []
        killer = threading.Thread(target=_kill_a_template, args=(killed,))
        killer.start()
        ran = place.grade([handed_in["endless"]])
        killer.join()
        if ran.status != 0:
            break
    assert killed
    assert "SandboxError" in no_score(ran).printed or "template process" in ran.printed


def test_results_that_cannot_be_written_are_no_score(place, before):
    def spoil():
        place.on_disk.results.rmdir()
        place.on_disk.results.write_text("a file", encoding="utf-8")

    try:
        before(spoil)
        ran = no_score(place.grade([RIGHT]))
        assert ran.results is None
        assert "results" in ran.printed
    finally:
        place.on_disk.results.unlink()


def test_results_that_the_image_left_behind_are_not_taken(place, before):
    python = place.on_disk.home / "venv" / "bin" / "python"
    aim = python.readlink()
    before(lambda: (place.on_disk.results / "results.json").write_text(LEFT_BEHIND, encoding="utf-8"))
    broken(place.on_disk.source / "course.bank")
    no_score(place.grade([RIGHT]))
    python.unlink()
    try:
        ran = place.grade([RIGHT])
        assert ran.status not in (0, 3)
        assert ran.problems == ("there is no results.json",)
    finally:
        python.symlink_to(aim)


def test_results_that_a_student_hands_in_are_not_taken(place, tmp_path):
    (tmp_path / "results.json").write_text(LEFT_BEHIND, encoding="utf-8")
    (tmp_path / "hw.py").write_text("def relu(S):\n    return S\n", encoding="utf-8")
    ran = place.grade([tmp_path / "hw.py", tmp_path / "results.json"])
    assert ran.scored
    assert ran.results["score"] < 5
    ran = place.grade([tmp_path / "results.json"])
    assert (ran.status, ran.results["score"]) == (0, 0)
    assert "no file ending in .py or .ipynb" in ran.results["output"]


def test_the_command_ends_with_3_where_there_is_no_score(place, archive, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(emulate_gradescope, "Wanted", partial(Wanted, cpus=2.0))
    (tmp_path / "metadata.json").write_text('{"assignment": {"total_points": "7.5"}}', encoding="utf-8")
    command = ["emulate", "gradescope", str(archive), str(RIGHT), "--metadata", str(tmp_path / "metadata.json")]
    assert grader_main([*command, "--keep", str(tmp_path / "kept")]) == 0
    assert "7.50 of 7.50" in "".join(capsys.readouterr())
    assert json.loads((tmp_path / "kept/autograder/results/results.json").read_text("utf-8"))["score"] == 7.5
    with monkeypatch.context() as there_already:
        there_already.setattr(emulate_gradescope, "gradescope", lambda *_: nullcontext(place))
        broken(place.on_disk.source / "course.bank")
        assert grader_main(command) == 3
    said = "".join(capsys.readouterr())
    assert "none: the platform shows that the autograder failed" in said
    assert "BankError" in said
    spoiled_zip = rezipped(archive, tmp_path / "spoiled.zip", instead={"course.bank": b"no bank"})
    assert grader_main(["emulate", "gradescope", str(spoiled_zip), str(RIGHT)]) == 3
    assert "run_autograder --check failed (status 3)" in capsys.readouterr().err
