"""A size written into a submission is told from a mistake that only some sizes show."""

from __future__ import annotations

import pytest

from reference import rnn


def only_for(steps=None, sequences=None):
    """Right where X has the size, IndexError elsewhere."""

    def forward(X, Wxs, Wrec):
        if steps not in {None, X.shape[0]} or sequences not in {None, X.shape[1]}:
            raise IndexError("index 4 is out of bounds")
        return rnn.forward(X, Wxs, Wrec)

    return forward


def codes(verdict):
    return [diagnosis.code for diagnosis in verdict.diagnoses]


@pytest.mark.parametrize(
    ("size", "told"), [({"steps": 5}, "where SeqL = 5:"), ({"sequences": 1}, "where NbSeq = 1:")], ids=str
)
def test_a_function_for_one_size_only_is_told_by_that_size_and_not_as_a_crash(judge, size, told):
    verdict = judge("forward", only_for(**size))
    assert codes(verdict) == ["general.hardcoded_size"]
    assert told in verdict.diagnoses[0].message


def test_a_function_for_several_sizes_merely_crashes(judge):
    def short(X, Wxs, Wrec):
        if len(X) > 5:
            raise IndexError
        return rnn.forward(X, Wxs, Wrec)

    assert codes(judge("forward", short)) == ["general.crash"]


def test_arithmetic_that_is_right_at_one_size_is_no_hardcoded_size(judge):
    def mean(X, *args):
        return tuple(part / X.shape[1] for part in rnn.bptt_gradients(X, *args))

    assert codes(judge("bptt_gradients", mean)) == []
