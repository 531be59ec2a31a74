"""The line to a child waits without spinning, reads no more than it must, and never hangs."""

import collections
import functools
import os
import sys
import threading
import time

import pytest

from grader.sandbox.inside import frames
from grader.sandbox.inside.frames import FrameError
from grader.sandbox.line import ChildFloodedError, ChildGoneError, ChildLine, ChildSilentError, LineEnd

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and poll")

OUTPUT_BYTES = 1000


class Child:
    """The other ends of a line."""

    def __init__(self):
        self.questions, theirs_q = os.pipe()
        theirs_a, self.answers = os.pipe()
        theirs_o, self.output = os.pipe()
        self.ended = []
        self.line = ChildLine(
            questions=theirs_q, answers=theirs_a, output=theirs_o, output_bytes=OUTPUT_BYTES, finish=self._finish
        )

    def _finish(self, how):
        self.ended.append(how)
        return LineEnd(0, "", 0.0, 0)

    def shut(self, *names):
        for name in names:
            if (fd := getattr(self, name)) >= 0:
                os.close(fd)
                setattr(self, name, -1)

    def read_slowly(self):
        while os.read(self.questions, 1 << 16):
            pass


@pytest.fixture(name="child")
def _child():
    child = Child()
    yield child
    child.line.close()
    child.shut("questions", "answers", "output")


def soon(seconds):
    return time.monotonic() + seconds


class Spent:
    """Wall and processor seconds of a block."""

    def __enter__(self):
        self._wall, self._cpu = time.monotonic(), time.thread_time()
        return self

    def __exit__(self, *_):
        self.wall_s, self.cpu_s = time.monotonic() - self._wall, time.thread_time() - self._cpu


LARGE = bytes(10 << 20)


@pytest.mark.parametrize("output", ["open", "closed"])
def test_a_question_that_is_not_read_is_given_up_without_spinning(child, output):
    if output == "closed":
        child.shut("output")
    with Spent() as spent, pytest.raises(ChildSilentError):
        child.line.send({}, LARGE, deadline=soon(0.4))
    assert 0.3 < spent.wall_s < 30
    assert spent.cpu_s < 0.15


@pytest.mark.parametrize("output", ["open", "closed"])
def test_an_answer_that_does_not_come_is_waited_for_without_spinning(child, output):
    if output == "closed":
        child.shut("output")
    with Spent() as spent, pytest.raises(ChildSilentError):
        child.line.receive(deadline=soon(0.4))
    assert 0.3 < spent.wall_s < 30
    assert spent.cpu_s < 0.15


def test_a_large_question_goes_through_while_the_child_prints(child):
    reader = threading.Thread(target=child.read_slowly)
    reader.start()
    os.write(child.output, b"hello" * 10)
    child.line.send({}, LARGE, deadline=soon(5))
    child.line.close()
    reader.join(5)
    assert not reader.is_alive()


def test_a_child_that_has_gone_is_noticed_on_either_side(child):
    child.shut("questions")
    with pytest.raises(ChildGoneError):
        child.line.send({}, LARGE, deadline=soon(5))
    os.write(child.answers, b"ab")
    child.shut("answers")
    with pytest.raises(ChildGoneError):
        child.line.receive(deadline=soon(5))


def test_output_closed_before_the_answer_does_not_hide_it(child):
    os.write(child.output, b"first words")
    child.shut("output")
    threading.Timer(0.1, os.write, (child.answers, frames.pack({"id": 1}, b"xy"))).start()
    assert child.line.receive(deadline=soon(5)) == ({"id": 1}, b"xy")
    assert child.line.printed == b"first words"


def test_output_is_kept_up_to_a_bound_and_a_flood_is_one_while_sending_too(child):
    def flood():
        try:
            while True:
                os.write(child.output, b"x" * 4096)
        except OSError:
            pass

    thread = threading.Thread(target=flood)
    thread.start()
    with pytest.raises(ChildFloodedError):
        child.line.send({}, LARGE, deadline=soon(5))
    assert len(child.line.printed) == OUTPUT_BYTES
    child.line.close()
    thread.join(5)
    assert not thread.is_alive()


def test_two_frames_in_one_write_are_two_and_one_in_pieces_is_one(child):
    os.write(child.answers, frames.pack({"id": 1}) + frames.pack({"id": 2}, b"z"))
    assert child.line.receive(deadline=soon(1))[0] == {"id": 1}
    assert child.line.receive(deadline=soon(1)) == ({"id": 2}, b"z")
    for byte in frames.pack({"id": 3}):
        os.write(child.answers, bytes([byte]))
    assert child.line.receive(deadline=soon(1))[0] == {"id": 3}


def test_a_frame_beyond_the_limits_is_refused_before_it_is_read(child):
    os.write(child.answers, frames.PREFIX.pack(2**32 - 1, 2**32 - 1))
    with pytest.raises(FrameError):
        child.line.receive(deadline=soon(5))


def test_endless_small_frames_cannot_outlast_the_deadline(child):
    def babble():
        try:
            while True:
                os.write(child.answers, frames.pack({"started": 1}))
        except OSError:
            pass

    thread = threading.Thread(target=babble)
    thread.start()
    listening = functools.partial(child.line.receive, deadline=soon(0.3))
    with Spent() as spent, pytest.raises(ChildSilentError):
        collections.deque(iter(listening, None), maxlen=0)
    assert spent.wall_s < 30
    child.line.close()
    thread.join(5)
    assert not thread.is_alive()


def test_closing_twice_ends_it_once(child):
    assert child.line.close("let") == LineEnd(0, "", 0.0, 0)
    assert child.line.close("kill") is None
    assert child.ended == ["let"]
