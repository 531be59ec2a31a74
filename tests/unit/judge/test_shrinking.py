"""Live shrinking ends at a case that a person can trace by hand, or gives way to a stored one."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pytest
import torch

from conftest import RIGHT, gradient
from grader.contract import CHECK_BY_NAME
from grader.judge import judge_check, shrink_live
from grader.judge.screen import screen
from grader.judge.search import smallest
from inprocess import HangError, InProcess
from reference import rnn

PATIENT = partial(smallest, limit_s=60.0)  # on a busy machine too


def failing(name, function, bank):
    """A subject with `function` and its smallest stored failure."""
    subject = InProcess({**RIGHT, name: function})
    spec = CHECK_BY_NAME[name]
    found = screen(spec, bank[name], subject, limit_s=10, policy={"autograd": "allow", "numerical_gradient": "allow"})
    stored = next(finding for _, finding in found.findings if finding.kind not in {"right", "excused"})
    return spec, subject, stored


def no_recurrence(X, Wxs, Wrec):
    S = Wxs * X + 0 * Wrec
    return S, S.clamp(min=0)


MISTAKES = {
    "relu": lambda S: S.abs(),
    "relu_derivative": lambda S: (S >= 0).float(),
    "count_targets": lambda X: X.cumsum(0) - X,
    "forward": no_recurrence,
    "bptt_gradients": lambda *args: gradient(*args, masked=False),
    "train": lambda X, T, Wxs, Wrec, l_r, n: rnn.train(X, T, Wxs, Wrec, -l_r, n),
    "predict_counts": lambda *args: rnn.forward(*args)[1].ceil(),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_shrunk_case_has_at_most_three_steps_and_one_sequence(name, bank):
    verdict = judge_check(
        CHECK_BY_NAME[name], bank[name], InProcess({**RIGHT, name: MISTAKES[name]}), limit_s=10, shrinker=PATIENT
    )
    example = verdict.counterexample
    assert list(example.inputs) == list(CHECK_BY_NAME[name].parameters)
    if "X" in example.inputs:
        steps = example.inputs["X"]
        assert len(steps) <= 3
        assert all(len(row) == 1 for row in steps)
    else:
        assert np.size(example.inputs["S"]) == 1
    assert example.expected != example.got


def test_a_gradient_cut_short_is_shown_with_no_more_steps_than_it_takes(judge):
    verdict = judge("bptt_gradients", lambda *args: gradient(*args, reach=4), shrinker=PATIENT)
    assert len(verdict.counterexample.inputs["X"]) == 5
    assert verdict.counterexample.trace.keys() == {"S", "Y", "error", "delta", "dWxs", "dWrec"}


def test_the_sentence_is_plain(judge):
    verdict = judge("bptt_gradients", lambda *args: tuple(-g for g in rnn.bptt_gradients(*args)), shrinker=PATIENT)
    assert verdict.message == "For X = [[1]], T = [[0]], Wxs = 1, Wrec = 1 you return dWxs = -1, expected 1."


def test_an_exception_is_shrunk_to_an_exception(judge):
    def forward(X, Wxs, Wrec):
        if X.sum() > 1:
            raise ValueError("too many ones")
        return rnn.forward(X, Wxs, Wrec)

    verdict = judge("forward", forward, shrinker=PATIENT)
    assert verdict.status == "error"
    assert verdict.counterexample.got == "raises ValueError: too many ones"
    assert np.sum(verdict.counterexample.inputs["X"]) == 2


def ten_steps_back(X, T, Wxs, Wrec):
    S, Y = rnn.forward(X, Wxs, Wrec)
    on = (S > 0).float()
    gx, gr = 0, 0
    for n in range(len(X)):
        delta = (Y[n] - T[n]) * on[n]
        for k in range(n, max(n - 10, -1), -1):
            gx = gx + (delta * X[k]).sum()
            if k > 0:
                gr = gr + (delta * Y[k - 1]).sum()
                delta = delta * Wrec * on[k - 1]
    return gx, gr


def fifty_updates(X, T, Wxs, Wrec, l_r, n_iter):
    _, _, losses = rnn.train(X, T, Wxs.clone(), Wrec.clone(), l_r, n_iter)
    return *rnn.train(X, T, Wxs, Wrec, l_r, min(n_iter, 50))[:2], losses


BEYOND_SMALL_CASES = {
    "bptt_gradients": (ten_steps_back, {"X": (11, 1)}),
    "count_targets": (
        lambda X: X[:50].cumsum(0) if len(X) <= 50 else torch.cat([X[:50].cumsum(0), 0 * X[50:]]),
        {"X": (51, 1)},
    ),
    "forward": (lambda X, Wxs, Wrec: rnn.forward(X, torch.round(Wxs, decimals=3), Wrec), {"X": (1, 1), "Wrec": 1.0}),
    "train": (fifty_updates, {"X": (1, 1), "n_iter": 51}),
}


@pytest.mark.parametrize("name", BEYOND_SMALL_CASES)
def test_what_only_a_large_case_shows_is_cut_down_to_where_it_begins(name, bank):
    function, ends = BEYOND_SMALL_CASES[name]
    subject = InProcess({**RIGHT, name: function})
    verdict = judge_check(CHECK_BY_NAME[name], bank[name], subject, limit_s=10, shrinker=PATIENT)
    found = verdict.counterexample.inputs
    assert {what: np.shape(found[what]) if what == "X" else found[what] for what in ends} == ends


def test_many_sequences_are_cut_down_to_as_many_as_it_takes(bank):
    def first_four(*args):
        return gradient(*(a[:, :4] if a.ndim else a for a in args))

    name = "bptt_gradients"
    subject = InProcess({**RIGHT, name: first_four})
    verdict = judge_check(
        CHECK_BY_NAME["bptt_gradients"], bank["bptt_gradients"], subject, limit_s=10, shrinker=PATIENT
    )
    assert np.shape(verdict.counterexample.inputs["X"]) == (1, 5)


def test_shrinking_twice_gives_the_same_case(judge):
    def run():
        verdict = judge("bptt_gradients", MISTAKES["bptt_gradients"], shrinker=PATIENT)
        return verdict.message, verdict.counterexample.inputs

    assert run() == run()


def test_calls_are_bounded(bank):
    spec, subject, stored = failing("bptt_gradients", MISTAKES["bptt_gradients"], bank)
    before = len(subject.asked)
    smallest(spec, subject, stored, max_calls=12)
    assert len(subject.asked) - before <= 13  # and one to confirm


def test_time_is_bounded_where_calls_are_slow(bank):
    def slow(*args):
        time.sleep(0.1)
        return MISTAKES["bptt_gradients"](*args)

    spec, subject, stored = failing("bptt_gradients", MISTAKES["bptt_gradients"], bank)
    subject.functions["bptt_gradients"] = slow
    before = len(subject.asked)
    smallest(spec, subject, stored, limit_s=0.2)
    assert len(subject.asked) - before <= 8  # without the bound: dozens


def test_a_failure_that_does_not_come_back_is_left_to_the_stored_case(bank):
    calls = [0]

    def gradients(*args):
        calls[0] += 1
        dWxs, dWrec = rnn.bptt_gradients(*args)
        return (-dWxs if calls[0] < 60 else dWxs), dWrec

    spec, subject, stored = failing("bptt_gradients", gradients, bank)
    assert smallest(spec, subject, stored) is None


def test_a_failure_that_depends_on_the_count_of_calls_is_not_shown(bank):
    calls = [0]

    def gradients(*args):
        calls[0] += 1
        dWxs, dWrec = rnn.bptt_gradients(*args)
        return dWxs + calls[0], dWrec

    spec, subject, stored = failing("bptt_gradients", gradients, bank)
    assert smallest(spec, subject, stored) is None


def test_a_child_that_ends_while_shrinking_ends_the_search(bank):
    spec, subject, stored = failing("bptt_gradients", MISTAKES["bptt_gradients"], bank)

    def hang(*_):
        raise HangError

    subject.functions["bptt_gradients"] = hang
    before = len(subject.asked)
    assert smallest(spec, subject, stored) is None
    assert len(subject.asked) == before + 1


def test_what_only_a_large_case_shows_keeps_the_stored_one(judge):
    def forward(X, Wxs, Wrec):
        S, Y = rnn.forward(X, Wxs, Wrec)
        return S, Y + (len(X) >= 9) * torch.ones_like(Y)

    verdict = judge("forward", forward, shrinker=PATIENT)
    assert verdict.status == "failed"
    assert len(verdict.counterexample.inputs["X"]) >= 9
    assert "X of shape" in verdict.message or "X = [[" in verdict.message


def test_shrinking_leaves_nothing_in_the_current_folder(judge, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    judge("relu", MISTAKES["relu"], shrinker=shrink_live)
    assert list(tmp_path.iterdir()) == []
