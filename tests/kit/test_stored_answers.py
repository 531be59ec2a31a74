"""Diagnosis by comparison: every known mistake's answers are recognised, right ones and others are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from grader.contract import CHECK_BY_NAME, CHECKS
from grader.errors import BankError
from grader.judge import DEFAULT_POLICY, judge_check
from grader.judge.findings import find
from grader.kit.data import kit_data
from grader.messages import MESSAGES
from grader.model import Answered
from grader.student.shipped.stock import StoredDiagnoser, read_stock
from inprocess import InProcess
from reference import rnn


@pytest.fixture(scope="module")
def stored():
    files = kit_data()
    return read_stock(files["cases.bank"], files["known.json"])


@pytest.fixture(scope="module")
def judged(stored):
    def judge(check, function):
        spec = CHECK_BY_NAME[check]
        subject = InProcess({check: function})
        diagnoser = StoredDiagnoser(stored.known)
        return judge_check(spec, stored.bank[check], subject, limit_s=10, policy=DEFAULT_POLICY, diagnoser=diagnoser)

    return judge


def codes(verdict):
    return {diagnosis.code for diagnosis in verdict.diagnoses}


def test_every_code_of_the_contract_s_wrong_answers_is_among_the_stored(stored):
    found = {code for known in stored.known.values() for mistake in known for code, _ in mistake.found}
    families = ("relu.", "targets.", "forward.", "gradient.", "train.", "predict.")
    expected = {code for code in MESSAGES if code.startswith(families)} - {"train.zero_iterations_raises"}
    assert found >= expected, expected - found


@pytest.mark.parametrize("spec", CHECKS, ids=lambda spec: spec.name)
def test_right_answers_are_no_known_mistake_s(stored, spec):
    cases = stored.bank[spec.name]
    right = [
        find(spec, case, Answered(tuple(0.0 if part is None else part.low for part in case.parts))) for _, case in cases
    ]
    wrong = [dataclasses.replace(right[0], kind="wrong"), *right[1:]]  # else nothing is compared
    assert StoredDiagnoser(stored.known)(spec, cases, wrong) is None


def test_a_stored_mistake_in_float32_is_recognised(judged):
    def no_mask(X, T, Wxs, Wrec):
        _, Y = rnn.forward(X, Wxs, Wrec)
        delta, dWxs, dWrec = 0 * X[0], 0, 0
        for k in reversed(range(len(X))):
            delta = Y[k] - T[k] + Wrec * delta
            dWxs = dWxs + (delta * X[k]).sum()
            if k:
                dWrec = dWrec + (delta * Y[k - 1]).sum()
        return dWxs, dWrec

    verdict = judged("bptt_gradients", no_mask)
    assert codes(verdict) == {"gradient.no_activation_derivative"}
    assert verdict.counterexample.trace["departs"]["column"] == "delta"


def test_a_mistake_that_is_not_stored_is_not_named_and_the_case_speaks(judged):
    def odd(X, T, Wxs, Wrec):
        a, b = rnn.bptt_gradients(X, T, Wxs, Wrec)
        return 1.7 * a, b

    verdict = judged("bptt_gradients", odd)
    assert verdict.status == "failed"
    assert codes(verdict) == set()
    assert verdict.counterexample.inputs["X"] == [[1.0]]


def test_losses_of_another_length_do_not_hide_a_miscounted_loop(judged):
    def one_more(X, T, Wxs, Wrec, l_r, n_iter):
        return rnn.train(X, T, Wxs, Wrec, l_r, n_iter + 1)

    assert "train.iteration_count" in codes(judged("train", one_more))


def test_a_mistake_wrong_in_one_case_only_is_no_known_one(judged):
    def but_once(X, T, Wxs, Wrec):
        a, b = rnn.bptt_gradients(X, T, Wxs, Wrec)
        return (-a, -b) if X.shape[0] > 1 else (a, b)

    assert codes(judged("bptt_gradients", but_once)) == set()


def test_data_that_were_changed_are_refused():
    files = kit_data()
    with pytest.raises(BankError, match="hash"):
        read_stock(files["cases.bank"].replace(b"0.5", b"0.6", 1), files["known.json"]).bank.seed  # noqa: B018
    with pytest.raises(BankError, match="stored answers"):
        read_stock(files["cases.bank"], b"{")


def test_a_trace_is_stored_for_each_case_a_person_can_follow(stored):
    small = [case for _, case in stored.bank["bptt_gradients"] if max(np.size(arg) for arg in case.args) <= 16]
    assert len([key for key in stored.traces if key[0] == "bptt_gradients"]) >= len(small) / 2 > 10
