"""Gradients: what each choice on each axis, and several together, are told by."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grader.cases import CheckCases
from grader.diagnose.catalogue import directions
from grader.diagnose.gradients import explain_gradients
from grader.messages import MESSAGES
from mistaken import WHOLE, Chosen, answers, pairs, singles
from reference import rnn

PAIRS = list(pairs())[::29]


@pytest.fixture(scope="session")
def named(bank):
    """The codes of each explanation of what a chosen mistake answers."""
    cases: CheckCases = bank["bptt_gradients"]
    known = directions(bank)

    def run(chosen):
        return [frozenset(each.codes) for each in explain_gradients(cases, answers(chosen, cases), known)]

    return run


# ---------------------------------------------------------------------------- the algebra
@pytest.mark.parametrize("chosen", list(singles()), ids=str)
def test_the_bank_tells_every_single_mistake_from_all_others(named, chosen):
    assert named(chosen) == [chosen.codes]


@pytest.mark.parametrize("chosen", PAIRS, ids=str)
def test_two_mistakes_at_once_are_both_named_unless_nothing_is_left_to_tell_them_by(named, bank, chosen):
    found = named(chosen)
    assert found or not np.any(answers(chosen, bank["bptt_gradients"]), axis=0).all()  # one part is 0 throughout
    assert chosen.codes in found or chosen.has("pairs")  # what is cut off shows no mask, power or error


def test_every_gradient_code_of_the_catalogue_is_reached():
    reached = frozenset().union(*(chosen.codes for chosen in singles()))
    assert {code for code in MESSAGES if code.startswith("gradient.")} == {
        c for c in reached if c.startswith("gradient.")
    }
    assert set(WHOLE.values()) <= reached


# ---------------------------------------------------------------------------- written as a student would
def double_sum(X, Wxs, Wrec, term):
    """Sum term(n, k, S, Y) times x_k and y_{k-1}."""
    S, Y = rnn.forward(X, Wxs, Wrec)
    before = torch.cat([torch.zeros_like(Y[:1]), Y[:-1]])
    dWxs = dWrec = torch.zeros(())
    for n in range(len(X)):
        for k in range(n + 1):
            weight = term(n, k, S, Y)
            dWxs, dWrec = dWxs + (weight * X[k]).sum(), dWrec + (weight * before[k]).sum()
    return dWxs, dWrec


def slopes(S, first, last):
    """f'_first … f'_last."""
    return (S[first : last + 1] > 0).float().prod(dim=0)


def the_exercises_own(X, T, Wxs, Wrec):
    """Errors decoupled, k = n left out, divided by SeqL, masks off by one."""

    def term(n, k, S, Y):
        return (Y - T).sum(0) / len(X) * Wrec ** (n - k) * slopes(S, k, n - 1) * (k < n)

    return double_sum(X, Wxs, Wrec, term)


def test_four_mistakes_at_once_are_all_named(codes):
    assert codes("bptt_gradients", the_exercises_own) == [
        "gradient.activation_derivative_off_by_one",
        "gradient.error_decoupled",
        "gradient.immediate_step_missing",
        "gradient.mean_over_time",
    ]


def test_errors_of_s_summed_apart_from_sensitivities_of_s_are_one_mistake(codes):
    def gradient(X, T, Wxs, Wrec):
        def term(n, k, S, Y):
            return ((Y - T) * (S > 0)).sum(0) * Wrec ** (n - k) * slopes(S, k, n - 1)

        return double_sum(X, Wxs, Wrec, term)

    assert codes("bptt_gradients", gradient) == ["gradient.error_decoupled"]


def test_a_mistake_in_only_one_of_the_two_is_named(codes):
    def gradient(X, T, Wxs, Wrec):
        dWxs, dWrec = rnn.bptt_gradients(X, T, Wxs, Wrec)
        return dWxs, -dWrec / X.shape[1]

    assert codes("bptt_gradients", gradient) == ["gradient.mean_over_sequences", "gradient.sign"]


@pytest.mark.parametrize("factor", [2.0, 0.5, 1e-3, 1 / 3, 31.0])
def test_any_constant_is_a_scale_and_the_message_says_which(diagnosed, factor):
    def gradient(*args):
        return tuple(factor * part for part in rnn.bptt_gradients(*args))

    found = diagnosed("bptt_gradients", bptt_gradients=gradient).diagnoses
    assert [d.code for d in found] == ["gradient.scale"]
    assert f" {factor:.6g}" in found[0].message


def test_a_wrong_slope_at_zero_does_not_hide_another_mistake(codes):
    def gradient(X, T, Wxs, Wrec):
        S, Y = rnn.forward(X, Wxs, Wrec)
        on, delta, out = (S >= 0).float(), torch.zeros(X.shape[1]), [torch.zeros(()), torch.zeros(())]
        for k in reversed(range(len(X))):
            delta = on[k] * (T[k] - Y[k] + Wrec * delta)
            out[0] = out[0] + (delta * X[k]).sum()
            out[1] = out[1] + ((delta * Y[k - 1]).sum() if k else 0)
        return out

    assert codes("bptt_gradients", gradient) == ["gradient.sign"]


def test_the_right_gradient_of_a_mistaken_forward_pass_is_told_by_that(codes):
    def gradient(X, T, Wxs, Wrec):
        Y, y = [], torch.zeros(X.shape[1])
        for x in X:
            y = Wxs * x
            Y.append(torch.relu(y))
        Y = torch.stack(Y)
        delta, dWxs, dWrec = torch.zeros(X.shape[1]), 0.0, 0.0
        for k in reversed(range(len(X))):
            delta = (Y[k] > 0) * (Y[k] - T[k] + Wrec * delta)
            dWxs, dWrec = dWxs + (delta * X[k]).sum(), dWrec + ((delta * Y[k - 1]).sum() if k else 0.0)
        return dWxs, torch.as_tensor(dWrec)

    assert codes("bptt_gradients", gradient) == ["forward.no_recurrence"]


def test_what_is_kept_between_calls_is_told_whatever_earlier_calls_left(diagnosed):
    kept = [torch.tensor(17.0), torch.tensor(-4.0)]

    def gradient(*args):
        for i, part in enumerate(rnn.bptt_gradients(*args)):
            kept[i] = kept[i] + part
        return tuple(kept)

    found = diagnosed("bptt_gradients", bptt_gradients=gradient).diagnoses
    assert [(d.code, d.matched == d.of) for d in found] == [("gradient.accumulates_between_calls", True)]


@pytest.mark.parametrize("wrong", [torch.zeros_like, torch.ones_like, lambda g: g**3, lambda g: g + 1])
def test_what_is_no_known_mistake_is_given_no_code(codes, wrong):
    assert codes("bptt_gradients", lambda *args: tuple(map(wrong, rnn.bptt_gradients(*args)))) == []


def test_one_answer_that_differs_takes_the_code_away(codes):
    def gradient(X, T, Wxs, Wrec):
        sign = 1 if len(X) == 12 else -1
        return tuple(sign * part for part in rnn.bptt_gradients(X, T, Wxs, Wrec))

    assert codes("bptt_gradients", gradient) == []


# ---------------------------------------------------------------------------- what is kept on disk
def test_directions_are_read_from_the_cache_as_they_were_made(bank, tmp_path):
    made, read = directions(bank, tmp_path), directions(bank, tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".directions"]
    assert (made == read).all()


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-4], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:0]]
)
def test_a_spoiled_cache_is_made_anew(bank, tmp_path, spoil):
    made = directions(bank, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(spoil(whole))
    assert (directions(bank, tmp_path) == made).all()
    assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(bank, tmp_path):
    (tmp_path / "file").touch()
    assert directions(bank, tmp_path / "file").size


# ---------------------------------------------------------------------------- the table to follow by hand
def test_the_mistaken_table_stands_beside_the_right_one_with_the_line_where_it_departs(judged):
    def gradient(X, T, Wxs, Wrec):
        return double_sum(X, Wxs, Wrec, lambda n, k, S, Y: (Y[n] - T[n]) * slopes(S, k, n))

    verdict = judged("bptt_gradients", {"bptt_gradients": gradient})
    trace, got = verdict.counterexample.trace, verdict.counterexample.got
    assert [d.code for d in verdict.diagnoses] == ["gradient.no_recurrent_factor"]
    assert trace["yours"].keys() == {"S", "Y", "error", "delta", "dWxs", "dWrec"}
    assert {name: sum(map(sum, trace["yours"][name])) for name in ("dWxs", "dWrec")} == got
    k, column = trace["departs"]["k"], trace["departs"]["column"]
    assert trace[column][k] != trace["yours"][column][k]
    assert trace["delta"][k + 1 :] == trace["yours"]["delta"][k + 1 :]


def test_a_choice_says_what_it_is():
    assert str(Chosen((("mask", 1), ("sign", 0)))) == "mask none + sign"


def test_causes_that_no_case_tells_apart_are_told_as_alternatives(diagnosed):
    def gradient(X, T, Wxs, Wrec):  # only the step's own term, without its mask: no derivative, or that of another step
        def term(n, k, _, Y):
            return (Y[n] - T[n]) * (k == n)

        return double_sum(X, Wxs, Wrec, term)

    found = {d.code: d.message for d in diagnosed("bptt_gradients", bptt_gradients=gradient).diagnoses}
    either = found["gradient.no_activation_derivative"]
    assert found.keys() - {"gradient.truncated"} == {
        "gradient.no_activation_derivative",
        "gradient.activation_derivative_off_by_one",
    }
    assert either == found["gradient.activation_derivative_off_by_one"]
    assert either.startswith("Either: ")
    assert " Or: " in either
    assert "Or: " not in found["gradient.truncated"]
