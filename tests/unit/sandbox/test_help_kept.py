"""Right answers of lower functions are worked out once, however many submissions ask for the same."""

from __future__ import annotations

import numpy as np
import pytest

from grader.sandbox import subject
from grader.sandbox.inside import frames


@pytest.fixture
def helped(monkeypatch):
    """Ask for help; what the answers say, and for what the helper was called."""
    monkeypatch.setattr(subject, "_ANSWERS", {})
    asked = []

    def helper(function, args):
        asked.append((function, *args))
        return None if function == "none" else args[0] * len(function)

    def ask(function, *args):
        payload = bytearray()
        tagged = [frames.encode(arg, payload) for arg in args]
        packed = subject._packed_answer(helper, function, tagged, bytes(payload))
        header, _ = frames.prefix_lengths(packed[: frames.PREFIX.size])
        text = packed[frames.PREFIX.size :]
        return frames.decode(frames.parse_header(text[:header])["answer"], text[header:])

    return ask, asked


def test_the_same_question_is_worked_out_once(helped):
    ask, asked = helped
    for _ in range(3):
        assert ask("relu", np.array([1.0, 2.0])).tolist() == [4, 8]
    assert len(asked) == 1


def test_every_other_question_is_worked_out(helped):
    ask, asked = helped
    values = np.array([1.0, 2.0])
    assert ask("relu", values).tolist() == [4, 8]
    assert ask("forward", values).tolist() == [7, 14]
    assert ask("relu", values + 1).tolist() == [8, 12]
    assert ask("relu", values[:, None]).shape == (2, 1)
    assert ask("relu", values.astype(np.float32)).tolist() == [4, 8]
    assert ask("relu", 2.0) == 8
    assert ask("none", 2.0) is None
    assert len(asked) == 7


def test_another_helper_s_answers_are_its_own(helped):
    ask, _ = helped
    assert ask("relu", 2.0) == 8
    packed = subject._packed_answer(lambda *_: 3.0, "relu", frames_of(2.0), b"")
    assert b"0x1.8" in packed


def frames_of(value):
    return [frames.encode(value, bytearray())]


def test_large_questions_are_not_kept(helped):
    ask, asked = helped
    large = np.zeros(1000)
    for _ in range(2):
        ask("relu", large)
        ask("relu", [1.0, (2, True)] * 300)
    assert len(asked) == 4
    assert subject._ANSWERS == {}


def test_so_many_are_kept_and_no_more(helped, monkeypatch):
    ask, asked = helped
    monkeypatch.setattr(subject, "_KEPT_ANSWERS", 3)
    for number in range(5):
        ask("relu", float(number))
    assert len(subject._ANSWERS) == 3
    ask("relu", 4.0)
    assert len(asked) == 5
    ask("relu", 0.0)
    assert len(asked) == 6
