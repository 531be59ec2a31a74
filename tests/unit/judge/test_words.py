"""The sentences, and the plain data behind them."""

from __future__ import annotations

import re
import string

import numpy as np
import pytest

from grader.cases import Case, Part
from grader.contract import CHECK_BY_NAME
from grader.judge.findings import counterexample, find, sentence, size_key
from grader.messages import MESSAGES, say
from grader.model import Answered, Location, Malformed, OutOfMemory, Raised, TimedOut

FORWARD, GRADIENTS, COUNTS = (CHECK_BY_NAME[name] for name in ("forward", "bptt_gradients", "predict_counts"))


def part(low, high=None, tolerance=0.0):
    low = np.asarray(low, dtype=np.float64)
    return Part(low, low if high is None else np.asarray(high, dtype=np.float64), np.full(low.shape, tolerance))


def f(values):
    return np.asarray(values, dtype=np.float32)


STEP = Case((f([[1]]), f([[0.5]]), f(1), f(1)), (part(0.5), part(0.0)))


def told(spec, case, seen):
    return sentence(spec, find(spec, case, seen))


def test_a_wrong_value_is_told_with_inputs_got_and_expected():
    expected = "For X = [[1]], T = [[0.5]], Wxs = 1, Wrec = 1 you return dWxs = 0, expected 0.5."
    assert told(GRADIENTS, STEP, Answered((0.0, 0.0))) == expected


def test_only_the_first_wrong_part_is_told():
    assert "dWrec = 3, expected 0." in told(GRADIENTS, STEP, Answered((0.5, 3.0)))


def test_an_interval_is_told_by_its_ends():
    case = Case(STEP.args, (part(-1.0, 0.0), part(0.0)))
    assert "dWxs = 2, expected anything from -1 to 0." in told(GRADIENTS, case, Answered((2.0, 0.0)))
    found = counterexample(GRADIENTS, find(GRADIENTS, case, Answered((2.0, 0.0))))
    assert found.expected == {"dWxs": {"low": -1.0, "high": 0.0}, "dWrec": 0.0}


def test_numbers_are_written_far_enough_to_differ():
    case = Case(STEP.args, (part(1.0), part(0.0)))
    assert "dWxs = 1.00000001, expected 1." in told(GRADIENTS, case, Answered((1.00000001, 0.0)))


def test_a_large_matrix_is_told_by_shape_and_its_first_wrong_entry():
    X = np.zeros((12, 3), dtype=np.float32)
    right = np.zeros((12, 3))
    wrong = right.copy()
    wrong[4, 1] = 2.0
    case = Case((X, f(1), f(1)), (part(right),))
    message = told(COUNTS, case, Answered(wrong))
    assert message == "For X of shape (12, 3), Wxs = 1, Wrec = 1 you return counts[4, 1] = 2, expected 0."


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Raised("IndexError", "out of range", Location(3, 7)), "raises IndexError: out of range (cell 3, line 7)."),
        (Raised("KeyboardInterrupt", ""), "raises KeyboardInterrupt."),
        (TimedOut(10.0), "does not finish: the 10 s for this check ran out."),
        (OutOfMemory(1 << 30), "more than the 1024 MiB of memory allowed."),
        (Malformed("a str"), "no number, array, list or tuple: a str."),
        (Answered(1.0), "wrong form: expected (dWxs, dWrec), got a number."),
    ],
)
def test_each_way_of_not_answering_has_its_sentence(seen, words):
    message = told(GRADIENTS, STEP, seen)
    assert message.startswith("For X = [[1]], T = [[0.5]], Wxs = 1, Wrec = 1 ")
    assert message.endswith(words)


def test_a_counterexample_is_plain_finite_data():
    found = counterexample(GRADIENTS, find(GRADIENTS, STEP, Answered((np.float64(np.nan), np.array([-np.inf])))))
    assert found.inputs == {"X": [[1.0]], "T": [[0.5]], "Wxs": 1.0, "Wrec": 1.0}
    assert found.expected == {"dWxs": 0.5, "dWrec": 0.0}
    assert found.got == {"dWxs": "nan", "dWrec": "-inf"}


def test_the_tolerance_is_inclusive_and_nan_is_outside():
    case = Case(STEP.args, (part(1.0, tolerance=0.25), part(0.0)))
    kinds = [find(GRADIENTS, case, Answered((x, 0.0))).kind for x in (0.75, 1.25, 0.7499, 1.2501, np.nan)]
    assert kinds == ["right", "right", "wrong", "wrong", "wrong"]


def test_a_part_that_is_not_checked_may_be_wrong():
    case = Case(STEP.args, (None, part(0.0)))
    assert find(GRADIENTS, case, Answered((None, 0.0))).kind == "right"


def test_fewer_numbers_come_first_and_intervals_last():
    longer = Case((f([[1], [1]]), f([[0], [0]]), f(1), f(1)), STEP.parts)
    interval = Case(STEP.args, (part(-1.0, 0.0), part(0.0)))
    assert sorted([interval, longer, STEP], key=size_key) == [STEP, longer, interval]


def test_every_message_is_a_sentence_or_a_clause_with_named_facts():
    for code, template in MESSAGES.items():
        fields = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        assert all(re.fullmatch(r"[a-z]+", name) for name in fields), code
        assert template.endswith(("?", ".")) or code.startswith("cause.") or code == "case.raised", code


def test_a_missing_fact_is_an_error():
    with pytest.raises(KeyError):
        say("general.missing")
