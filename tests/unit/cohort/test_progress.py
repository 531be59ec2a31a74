"""What is said while a class is graded, and what Ctrl-C does."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from canned import Canned, works

from grader.cohort import progress as module
from grader.cohort.engine import Progress, grade_cohort
from grader.cohort.progress import Bar, Lines, line, watched

STEP_S = 0.02
PATIENCE_S = 20.0
AGAIN = "grade class/ -o marks/"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def said_until(file, text):
    deadline = time.monotonic() + PATIENCE_S
    while text not in file.getvalue() and time.monotonic() < deadline:
        time.sleep(STEP_S)
    assert text in file.getvalue()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "_LOOK_EVERY_S", STEP_S)


# ---------------------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "3 of 8 done"),
        ({"failing": 2, "ungraded": 1}, "3 of 8 done, 2 failing, 1 not graded"),
        ({"unreadable": 1, "missing": 2}, "3 of 8 done, 1 unreadable, 2 missing"),
        ({"reused": 1, "same": 2}, "3 of 8 done, 1 known before, 2 the same as another"),
        ({"rate": 0.05, "left_s": 100.0}, "3 of 8 done, 3.0 a minute, 1 min 40 s left"),
        ({"rate": 12.34, "left_s": 0.1}, "3 of 8 done, 12.3 a second, 1 s left"),
    ],
)
def test_a_line_says_what_is_known_and_nothing_else(known, said):
    assert line(Progress(8, done=3, **known)) == said


def test_nothing_is_left_once_all_is_done():
    assert "left" not in line(Progress(8, done=8, rate=1.0, left_s=0.0))


# ---------------------------------------------------------------------------- plain lines
class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines_of(file):
    return file.getvalue().splitlines()


def test_there_is_a_line_for_each_tenth_however_many_there_are():
    for total in (10, 500, 777):
        file = io.StringIO()
        lines = Lines(file, Clock())
        for done in range(1, total + 1):
            lines.tell(Progress(total, done=done))
        lines.close()
        assert len(lines_of(file)) == 10
        assert lines_of(file)[-1] == f"{total} of {total} done"


def test_a_slow_run_says_so_every_half_a_minute_even_if_nothing_is_done():
    file, clock = io.StringIO(), Clock()
    lines = Lines(file, clock)
    lines.tell(Progress(1000, done=1))
    lines.look()
    assert lines_of(file) == []
    clock.now = 31.0
    lines.look()
    lines.look()
    assert lines_of(file) == ["1 of 1000 done"]
    clock.now = 62.0
    lines.look()
    assert lines_of(file) == ["1 of 1000 done"] * 2


def test_the_last_line_is_where_it_ended():
    file = io.StringIO()
    lines = Lines(file, Clock())
    lines.tell(Progress(100, done=3))
    lines.close()
    assert lines_of(file) == ["3 of 100 done"]


def test_that_nobody_reads_any_more_is_no_reason_to_stop():
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as file:  # noqa: PTH123 - a descriptor
        Lines(file, Clock()).say("is there anybody?")
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)


# ---------------------------------------------------------------------------- bar
def test_the_bar_shows_counts_and_the_file_and_leaves_one_line():
    file = Terminal()
    bar = Bar(file)
    bar.tell(Progress(4, done=2, failing=1, last="ada.py"))
    said_until(file, "2 of 4 done, 1 failing · ada.py")
    bar.tell(Progress(4, done=4, failing=1, last="zoe.py"))
    bar.close()
    assert file.getvalue().rstrip().endswith("4 of 4 done, 1 failing")


def test_a_hostile_name_can_neither_write_escapes_nor_markup_in_the_bar():
    file = Terminal()
    bar = Bar(file)
    bar.tell(Progress(4, done=2, last="[red]\x1b]0;title\x07\u202e" + "x" * 500))
    said_until(file, "[red]\\x1b]0;")
    bar.close()
    assert "\x1b]0;" not in file.getvalue()
    assert "x" * 31 not in file.getvalue()


# ---------------------------------------------------------------------------- which of them
@pytest.mark.parametrize(("file", "quiet"), [(Terminal(), True), (io.StringIO(), True), (None, False)])
def test_nothing_is_shown_if_nothing_is_wanted_or_there_is_nowhere(file, quiet):
    with watched(file, quiet=quiet, again=AGAIN) as (tell, stop):
        tell(Progress(2, done=2))
        assert not stop()
    assert file is None or file.getvalue() == ""


def test_elsewhere_than_on_a_terminal_there_are_lines_without_escapes(monkeypatch):
    for file, term in ((io.StringIO(), "xterm"), (Terminal(), "dumb")):
        monkeypatch.setenv("TERM", term)
        with watched(file, again=AGAIN) as (tell, _):
            tell(Progress(2, done=1, last="a.py"))
        assert file.getvalue() == "1 of 2 done\n"


def test_on_a_terminal_there_is_a_bar(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("WT_SESSION", "1")
    file = Terminal()
    with watched(file, again=AGAIN) as (tell, _):
        tell(Progress(2, done=1, last="a.py"))
        said_until(file, "a.py")
    assert "\x1b[" in file.getvalue()


def test_a_run_tells_which_file_was_last(folder, settings, tmp_path):
    seen = []
    with grade_cohort(works(folder), settings, tmp_path / "out", executor=Canned(), progress=seen.append):
        pass
    assert {progress.last for progress in seen} == {"ada.py", "bob.py", "cyd.py", "dan.py"}


# ---------------------------------------------------------------------------- Ctrl-C
def press():
    signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("quiet", [False, True])
def test_ctrl_c_once_asks_to_stop_says_so_and_says_how_to_go_on(quiet):
    file = io.StringIO()
    with watched(file, quiet=quiet, again=AGAIN) as (tell, stop):
        tell(Progress(50, done=3))
        press()
        assert stop()
        if not quiet:
            said_until(file, "Stopping: what runs is finished first. Ctrl-C again stops at once.\n")
        tell(Progress(50, done=4))
    assert lines_of(file)[-1] == f"Stopped: 4 of 50 are done and kept. The same command goes on: {AGAIN}"
    assert len(lines_of(file)) == (1 if quiet else 3)


def test_ctrl_c_twice_stops_at_once_and_still_says_how_to_go_on():
    file = io.StringIO()

    def run():
        with watched(file, again=AGAIN):
            press()
            press()

    with pytest.raises(KeyboardInterrupt):
        run()
    assert file.getvalue() == f"Stopped: nothing was done yet. The same command goes on: {AGAIN}\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_when_all_is_done_does_not_ask_to_go_on():
    file = io.StringIO()
    with watched(file, again=AGAIN) as (tell, _):
        tell(Progress(2, done=2))
        press()
    assert lines_of(file)[-1] == "Everything was done before it stopped."


def test_stopped_and_called_again_it_ends_where_an_undisturbed_run_does(folder, settings, tmp_path):
    file = io.StringIO()
    with watched(file, again=AGAIN) as (tell, stop):

        def tell_and_press(progress):
            tell(progress)
            if progress.done == 1:
                press()

        options = {"executor": Canned(), "progress": tell_and_press, "stop": stop}
        with grade_cohort(works(folder), settings, tmp_path / "out", **options) as marks:
            assert marks.interrupted
    assert "of 4 are done and kept" in file.getvalue()
    with grade_cohort(works(folder), settings, tmp_path / "out", executor=Canned()) as marks:
        assert not marks.interrupted
        assert marks.progress == replace(marks.progress, done=4, total=4)


SLOW = """
import sys, time
from grader.cohort.engine import Progress
from grader.cohort.progress import watched
with watched(sys.stderr, again="grade class/") as (tell, stop):
    tell(Progress(9, done=1, last="a.py"))
    while not stop():
        time.sleep(0.01)
    time.sleep(0.6)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_on_a_real_terminal_ctrl_c_is_answered_at_once_and_the_bar_goes():
    import pty  # noqa: PLC0415 - POSIX only

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen([sys.executable, "-c", SLOW], stdin=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while b"a.py" not in shown:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        try:
            while block := os.read(ours, 4096):
                shown += block
        except OSError:  # Linux's way to say that it has ended
            pass
        os.close(ours)
    assert process.returncode == 0
    text = shown.decode()
    assert text.index("Stopping: what runs") < text.index("Stopped: 1 of 9 are done")
    assert text.rstrip().endswith("The same command goes on: grade class/")
