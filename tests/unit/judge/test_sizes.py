"""A size written into a submission is told from a mistake that only some sizes show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.contract import CHECK_BY_NAME
from grader.judge.findings import find
from grader.judge.sizes import hardcoded_size
from grader.model import Answered
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


def test_a_size_at_which_the_part_of_another_shape_is_never_asked_for_is_no_hardcoded_size(bank):
    cases = [case for _, case in bank["train"] if case.args[5] and all(part is not None for part in case.parts)]
    at_its_size = [replace(cases[0], parts=(*cases[0].parts[:2], None))] * 3
    elsewhere = [case for case in cases if len(case.args[0]) != len(cases[0].args[0])]
    findings = []
    for case in (*at_its_size, *elsewhere):
        Wxs, Wrec, losses = (0.0 if part is None else part.low for part in case.parts)
        one_loss_more = Answered((Wxs, Wrec, np.append(losses, 0.0)))
        findings.append(find(CHECK_BY_NAME["train"], case, one_loss_more))
    assert {finding.kind for finding in findings} == {"right", "form"}
    assert hardcoded_size(findings) == ""
