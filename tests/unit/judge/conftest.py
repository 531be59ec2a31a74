"""A right submission in PyTorch, ways to spoil it, and the public bank."""

from __future__ import annotations

import pytest
import torch

from grader.cases import PUBLIC_SEED, load_or_build
from grader.contract import CHECK_BY_NAME, FUNCTIONS
from grader.judge import DEFAULT_POLICY, judge_check
from inprocess import InProcess
from reference import rnn

RIGHT = {name: getattr(rnn, name) for name in FUNCTIONS}


@pytest.fixture(scope="session")
def bank():
    return load_or_build(PUBLIC_SEED)


@pytest.fixture
def judge(bank):
    """Judge one check of the right submission with `function` in place of its own."""

    def run(name, function=None, *, shrinker=None, policy=None, limit_s=10.0, **subject):
        functions = RIGHT if function is None else {**RIGHT, name: function}
        answers = InProcess(functions, **subject)
        spec, policy = CHECK_BY_NAME[name], policy or DEFAULT_POLICY
        return judge_check(spec, bank[name], answers, limit_s=limit_s, shrinker=shrinker, policy=policy)

    return run


def statuses(verdict):
    """The properties that did not pass, with their statuses."""
    return {prop.name: prop.status for prop in verdict.properties if prop.status != "passed"}


def gradient(X, T, Wxs, Wrec, *, slope=0.0, masked=True, reach=99):  # noqa: PLR0913 - a mutant has its knobs
    """The gradient by the double sum over paths; `slope` at kinks, `masked` or not, paths of up to `reach` steps."""
    S, Y = rnn.forward(X, Wxs, Wrec)
    on = (S > 0) * 1.0 + (S == 0) * slope if masked else torch.ones_like(S)
    dWxs = dWrec = torch.zeros(())
    for n in range(len(X)):
        delta = (Y[n] - T[n]) * on[n]
        for k in range(n, max(n - reach, -1), -1):
            dWxs = dWxs + (delta * X[k]).sum()
            if k > 0:
                dWrec = dWrec + (delta * Y[k - 1]).sum()
                delta = delta * Wrec * on[k - 1]
    return dWxs, dWrec
