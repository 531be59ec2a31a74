"""Correct float32 stays well inside the error bounds; a single mistake falls far outside."""

from __future__ import annotations

import random
from fractions import Fraction

import float32_methods as methods
import numpy as np
import pytest
from agree_cases import AGREE, Case, cases
from hypothesis import assume, given
from hypothesis import strategies as st

from reference import exact

FEW_ROUNDINGS = 0.28  # a state of the first steps is rounded so few times that chance evens nothing out
WORST = 0.14  # what correct methods may use up of a bound: the rest is for methods nobody thought of


def share(got, expected, bound):
    """How much of the bound an answer uses up; a bound of 0 allows nothing."""
    error = abs(Fraction(float(got)) - Fraction(expected))
    return 0 if error == 0 else error / Fraction(bound) if bound else float("inf")


def float32(case):
    T = [[float(t) for t in row] for row in case.T]
    return np.array(case.X, np.float32), np.array(T, np.float32), np.float32(case.Wxs), np.float32(case.Wrec)


float32_weights = st.integers(-(2**24), 2**24).map(lambda n: Fraction(n, 2**23))  # all 24 bits in use


@AGREE
@given(st.one_of(cases(max_seq_l=12), cases(max_seq_l=12, Wxs=float32_weights, Wrec=float32_weights)))
def test_float32_states_stay_inside_their_bound(case):
    S, Y = exact.forward(case.X, case.Wxs, case.Wrec)
    bound_S, bound_Y = exact.forward_bound(case.X, case.Wxs, case.Wrec)
    X, _, Wxs, Wrec = float32(case)
    got_S, got_Y = methods.forward(X, Wxs, Wrec)
    for got, expected, bound in ((got_S, S, bound_S), (got_Y, Y, bound_Y)):
        for k, row in enumerate(expected):
            assert all(share(got[k][j], row[j], bound[k][j]) <= FEW_ROUNDINGS for j in range(len(row)))
    got_loss = ((got_Y - float32(case)[1]) ** 2).sum() / np.float32(2)
    assert share(got_loss, exact.loss(Y, case.T), exact.loss_bound(Y, case.T, bound_Y)) <= WORST


@pytest.mark.parametrize("method", methods.CORRECT, ids=lambda method: method.__name__)
@AGREE
@given(st.one_of(cases(max_seq_l=12), cases(max_seq_l=12, Wxs=float32_weights, Wrec=float32_weights)))
def test_a_correct_gradient_stays_inside_its_bound(method, case):
    assume(exact.mask_is_robust(case.X, case.Wxs, case.Wrec))
    gradients, bounds = exact.bptt_gradients(*case), exact.gradient_bound(*case)
    for got, expected, bound in zip(method(*float32(case)), gradients, bounds, strict=True):
        assert share(got, expected, bound) <= WORST


@AGREE
@given(cases(max_seq_l=6))
def test_the_mistaken_recurrence_without_a_mistake_is_the_gradient(case):
    assert methods.right(*case) == exact.bptt_gradients(*case)


def stratified(seed, count=60):
    """Cases on which mistakes show: Wxs > 0, Wrec of both signs, away from kinks, 5 to 8 steps."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(count):
        seq_l, nb_seq = rng.randint(5, 8), rng.randint(2, 4)
        X = [[rng.randint(0, 1) for _ in range(nb_seq)] for _ in range(seq_l)]
        T = [[Fraction(rng.randint(-4, 12)) for _ in range(nb_seq)] for _ in range(seq_l)]
        Wrec = rng.choice([n for n in range(-16, 17) if n not in {0, -8}])
        yield Case(X, T, Fraction(rng.randint(1, 16), 8), Fraction(Wrec, 8))


@pytest.mark.parametrize("mistake", methods.MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_mistake_falls_far_outside_the_bound(mistake):
    distances = []
    for case in stratified(seed=2):
        right, wrong = exact.bptt_gradients(*case), mistake(*case)
        if right != wrong:
            distances.append(max(map(share, map(float, wrong), right, exact.gradient_bound(*case))))
    assert len(distances) >= 15, "the mistake hardly shows"
    assert min(distances) > 1, "a mistake hides inside the bound"
    assert sorted(distances)[len(distances) // 2] > 1000


def test_masks_keep_dead_units_out_of_the_bound():
    # the second unit is off: without the mask its 2^7 = |Wrec|^7 paths would count
    X, T = [[1], [0], [0], [0], [0], [0], [0], [0]], [[0]] * 8
    _, bound_Y = exact.forward_bound(X, 1.0, -2.0)
    assert [row[0] > 0 for row in bound_Y] == [True] + [False] * 7
    assert exact.gradient_bound(X, T, 1.0, -2.0)[0] < 1e-5


def test_a_state_near_zero_is_not_trusted_to_have_a_sign():
    near = Fraction(-1) + Fraction(1, 2**23)
    assert not exact.mask_is_robust([[1], [1]], Fraction(1), near)
    assert exact.mask_is_robust([[1], [1]], Fraction(1), Fraction(-7, 8))


def test_the_mask_flips_only_where_it_is_not_robust():
    Wxs, Wrec = Fraction(np.float32(1.1).item()), Fraction(np.float32(-1.0000001).item())
    X = [[1], [1]]
    S, Y = exact.forward(X, Wxs, Wrec)
    bound_S, bound_Y = exact.forward_bound(X, Wxs, Wrec)
    got_S, got_Y = methods.forward(np.array(X, np.float32), np.float32(Wxs), np.float32(Wrec))
    assert share(got_S[1][0], S[1][0], bound_S[1][0]) <= 1
    assert share(got_Y[1][0], Y[1][0], bound_Y[1][0]) <= 1
    assert not exact.mask_is_robust(X, Wxs, Wrec)
