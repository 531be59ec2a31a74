"""At a kink every slope in [0, 1] is right, and the interval holds exactly what they can give."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
import torch
from agree_cases import AGREE, cases, kinked_cases
from hypothesis import given
from hypothesis import strategies as st

from reference import exact


def within(gradients, intervals, slack=0):
    return all(lo - slack <= g <= hi + slack for g, (lo, hi) in zip(gradients, intervals, strict=True))


def slopes_of(S):
    return [[int(s > 0) for s in row] for row in S]


@AGREE
@given(kinked_cases, st.data())
def test_every_choice_of_slopes_falls_within_the_interval(case, data):
    S, _ = exact.forward(case.X, case.Wxs, case.Wrec)
    mask = slopes_of(S)
    for k, j in exact.kinks(S):
        mask[k][j] = Fraction(data.draw(st.integers(0, 4)), 4)
    gradients = exact.bptt_gradients(*case, mask=mask)
    assert within(gradients, exact.gradient_intervals(*case))


@AGREE
@given(kinked_cases)
@pytest.mark.parametrize(
    "relu",
    [torch.relu, lambda s: s.clamp(min=0), lambda s: torch.maximum(s, torch.zeros_like(s))],
    ids=["slope 0", "slope 1", "slope 1/2"],
)
def test_autograd_falls_within_the_interval_whatever_its_slope_at_zero(relu, case):
    leaves = [torch.tensor(float(w), dtype=torch.float64, requires_grad=True) for w in (case.Wxs, case.Wrec)]
    y, loss = torch.zeros(len(case.X[0]), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for x, t in zip(case.X, case.T, strict=True):
        y = relu(leaves[0] * torch.tensor(x) + leaves[1] * y)
        loss = loss + ((torch.tensor([float(v) for v in t]) - y) ** 2).sum() / 2
    gradients = [g.item() for g in torch.autograd.grad(loss, leaves)]
    assert within(gradients, exact.gradient_intervals(*case), slack=1e-9)


@AGREE
@given(kinked_cases)
def test_the_interval_is_no_wider_than_slopes_0_and_1_reach(case):
    x, t = [[row[0]] for row in case.X], [[row[0]] for row in case.T]
    S, _ = exact.forward(x, case.Wxs, case.Wrec)
    places, reached = exact.kinks(S), []
    for corner in product((0, 1), repeat=len(places)):
        mask = slopes_of(S)
        for (k, j), slope in zip(places, corner, strict=True):
            mask[k][j] = slope
        reached.append(exact.bptt_gradients(x, t, case.Wxs, case.Wrec, mask=mask))
    hull = tuple((min(column), max(column)) for column in zip(*reached, strict=True))
    assert exact.gradient_intervals(x, t, case.Wxs, case.Wrec) == hull


@AGREE
@given(cases(max_seq_l=6))
def test_with_a_robust_mask_the_interval_is_the_gradient(case):
    intervals = exact.gradient_intervals(*case)
    if exact.mask_is_robust(case.X, case.Wxs, case.Wrec):
        assert [lo for lo, _ in intervals] == [hi for _, hi in intervals]
    assert within(exact.bptt_gradients(*case), intervals)


@pytest.mark.parametrize("Wrec", [Fraction(-1), Fraction(0), Fraction(1, 2)])
def test_zeros_in_front_have_no_say(Wrec):
    X, T, Wxs = [[0], [0], [1]], [[3], [-2], [5]], Fraction(1, 2)
    S, Y = exact.forward(X, Wxs, Wrec)
    assert exact.kinks(S) == [(0, 0), (1, 0)]
    assert exact.live_kinks(X, S, Y) == []
    assert exact.mask_is_robust(X, Wxs, Wrec)
    (lo_dWxs, hi_dWxs), (lo_dWrec, hi_dWrec) = exact.gradient_intervals(X, T, Wxs, Wrec)
    assert (lo_dWxs, lo_dWrec) == (hi_dWxs, hi_dWrec)


def test_a_zero_behind_a_kink_has_a_say_through_it():
    # s_1 = 1 - 1 is a kink; at s_2 = 0 nothing comes in, but its delta goes back through s_1
    X, T, one = [[1], [1], [0]], [[0], [0], [4]], Fraction(1)
    S, Y = exact.forward(X, one, -one)
    assert exact.live_kinks(X, S, Y) == [(1, 0), (2, 0)]
    assert not exact.mask_is_robust(X, one, -one)
    assert exact.gradient_intervals(X, T, one, -one) == ((1, 1), (0, 4))


def test_a_dead_input_weight_is_a_kink_under_each_one():
    X, zero = [[0], [1]], Fraction(0)
    assert exact.live_kinks(X, *exact.forward(X, zero, zero)) == [(1, 0)]
    assert exact.gradient_intervals(X, [[0], [3]], zero, zero) == ((-3, 0), (0, 0))
    assert exact.bptt_gradients(X, [[0], [3]], zero, zero) == (0, 0)


def test_too_many_kinks_in_one_sequence_are_refused():
    X = [[1]] * 11
    with pytest.raises(ValueError, match="sequence 0 has 11 kinks, expected at most 10"):
        exact.gradient_intervals(X, X, 0.0, 1.0)


def test_with_eighths_live_kinks_need_an_input_weight_of_0_or_a_recurrent_one_of_0_or_minus_1():
    seq_l = 6
    X = [list(row) for row in zip(*product((0, 1), repeat=seq_l), strict=True)]  # all 64 sequences, side by side
    found = set()
    for Wxs, Wrec in product(range(-16, 17), repeat=2):
        S, Y = exact.forward(X, Wxs / 8, Wrec / 8)  # exact: eighths over 6 steps fit float64
        if exact.live_kinks(X, S, Y):
            found.add((Wxs, Wrec))
    assert {Wrec for Wxs, Wrec in found if Wxs != 0} == {0, -8}
    assert {Wrec for Wxs, Wrec in found if Wxs == 0} == set(range(-16, 17))
