"""Submissions diagnosed without a sandbox, and forward passes and trainings with knobs, written as a student would.

A plugin of the tests that name it in `pytest_plugins`.
"""

from __future__ import annotations

import pytest
import torch

from grader.cases import PUBLIC_SEED, load_or_build
from grader.contract import CHECK_BY_NAME, FUNCTIONS
from grader.diagnose import Diagnoser
from grader.judge import DEFAULT_POLICY, judge_check
from grader.judge.screen import screen
from inprocess import InProcess
from reference import rnn

RIGHT = {name: getattr(rnn, name) for name in FUNCTIONS}


@pytest.fixture(scope="session")
def bank():
    return load_or_build(PUBLIC_SEED)


@pytest.fixture(scope="session")
def diagnoser(bank):
    return Diagnoser(bank)


@pytest.fixture
def diagnosed(bank, diagnoser):
    """What explains one check's answers: of the right submission with `changed` functions in place of its own."""

    def run(check, **changed):
        spec = CHECK_BY_NAME[check]
        screening = screen(spec, bank[check], InProcess({**RIGHT, **changed}), limit_s=10, policy=DEFAULT_POLICY)
        return diagnoser(spec, bank[check], [finding for _, finding in screening.findings])

    return run


@pytest.fixture
def codes(diagnosed):
    """The codes of what explains one check's answers, sorted."""

    def run(check, function):
        found = diagnosed(check, **{check: function})
        return [] if found is None else sorted(diagnosis.code for diagnosis in found.diagnoses)

    return run


@pytest.fixture
def judged(bank, diagnoser):
    """The verdict on one check of a namespace of functions."""

    def run(check, functions):
        subject = InProcess({name: value for name, value in functions.items() if callable(value)})
        return judge_check(CHECK_BY_NAME[check], bank[check], subject, limit_s=10, diagnoser=diagnoser)

    return run


def forward(  # noqa: PLR0913 - one knob for each mistake
    X, Wxs, Wrec, *, fed="y", returned="y", remembers=1.0, swapped=False, across=False, runs_on=False, start=None
):
    """S and Y with what is fed back and returned ("y" or "s"), and so on."""
    if across:
        knobs = {"fed": fed, "returned": returned, "remembers": remembers, "swapped": swapped, "runs_on": runs_on}
        S, Y = forward(X.T, Wxs, Wrec, **knobs)
        return S.T, Y.T
    if runs_on:
        S, Y, before = [], [], torch.zeros(1)
        for j in range(X.shape[1]):
            knobs = {"fed": fed, "returned": returned, "remembers": remembers, "swapped": swapped}
            s, y = forward(X[:, j : j + 1], Wxs, Wrec, start=before, **knobs)
            S.append(s)
            Y.append(y)
            before = (s if fed == "s" else torch.relu(s))[-1]
        return torch.cat(S, 1), torch.cat(Y, 1)
    u, v = (Wrec, Wxs) if swapped else (Wxs, Wrec)
    back = torch.zeros(X.shape[1]) if start is None else start
    S, Y = torch.zeros_like(X), torch.zeros_like(X)
    for k, x in enumerate(X):
        S[k] = u * x + remembers * v * back
        Y[k] = S[k] if returned == "s" else torch.relu(S[k])
        back = S[k] if fed == "s" else torch.relu(S[k])
    return S, Y


def train(  # noqa: PLR0913 - one knob for each mistake
    X, T, Wxs, Wrec, l_r, n_iter, *, sign=1, order="", frozen="", growth=1.0, decay=1.0, rate=None, start=(None, None),
    returned=None, more=0, padded=False, loss=1.0, late=False,
):  # fmt: skip
    """(Wxs, Wrec, losses) with what goes wrong on the way."""
    w = [given if own is None else torch.tensor(own) for own, given in zip(start, (Wxs, Wrec), strict=True)]
    eta = sign * (l_r if rate is None else rate)
    losses = []
    scale = 1 / X.numel() if loss == "mean" else loss
    for _ in range(n_iter + more):
        if not late:
            losses.append(scale * ((T - rnn.forward(X, *w)[1]) ** 2).sum() / 2)
        first = rnn.bptt_gradients(X, T, *w)
        old = list(w)
        for i in [1, 0] if order == "Wrec" else [0, 1]:
            g = rnn.bptt_gradients(X, T, *w)[i] if order else first[i]
            if frozen != ("Wxs", "Wrec")[i]:
                w[i] = decay * old[i] - eta * g
        eta = growth * eta
        if late:
            losses.append(scale * ((T - rnn.forward(X, *w)[1]) ** 2).sum() / 2)
    if padded:
        losses += [torch.zeros(())] * (n_iter - len(losses))
    weights = w if returned is None else [torch.tensor(each) for each in returned]
    return (*weights, torch.stack(losses) if losses else torch.zeros(0))
