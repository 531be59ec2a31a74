"""How far a correct float32 answer may lie from the exact one.

A method is *algebraically correct* here if it multiplies and adds the formula's own terms, in
any order and grouping, without adding terms that cancel: backwards or forwards in time, the
double sum over paths, loops, matrices, triangular solves. Expand its result into monomials
(a one of the input, times weights, times targets). A monomial that passes through at most N
rounded operations comes out as itself times (1 + d_1)…(1 + d_N), |d_i| <= u, so

    |computed - exact| <= gamma_N * (sum of the monomials' absolute values),    gamma_N = N u / (1 - N u)

with u = 2^-24, float32's unit roundoff (Higham, Accuracy and Stability of Numerical Algorithms,
2nd ed., lemma 3.1 and section 3.3). The sum of absolute values obeys the same recurrence as the
result itself. It is *masked*: a unit that is off passes nothing on. Without the mask, dead units
would lend their size to the bound, which then hides whole gradients.

Inputs, targets and weights are float32 numbers, and nothing underflows or overflows. Results are
Python floats; their own rounding (2^-53) is lost in the generous N.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

__all__ = [
    "UNIT_ROUNDOFF",
    "forward_bound",
    "gradient_bound",
    "is_stable",
    "loss_bound",
    "mask_is_robust",
    "train_bound",
]

Scalar: TypeAlias = Any
Matrix: TypeAlias = Sequence[Sequence[Scalar]]
Floats: TypeAlias = list[list[float]]

UNIT_ROUNDOFF = 2.0**-24
_MASK_MARGIN = 16.0  # |s| must exceed its own error this many times before its sign is trusted
_MAX_GROWTH = 2.0  # of an error made in one iteration, at any later one


def _gamma(roundings: int) -> float:
    return roundings * UNIT_ROUNDOFF / (1 - roundings * UNIT_ROUNDOFF)


class _Run(NamedTuple):
    """A forward pass with its running terms; every matrix (SeqL, NbSeq)."""

    S: list[list[Scalar]]
    Y: list[list[Scalar]]
    s_errors: Floats
    y_errors: Floats
    terms: Floats  # sum of the absolute monomials of y
    on: list[list[bool]]  # may the unit pass anything on?


def _run(X: Matrix, Wxs: Scalar, Wrec: Scalar) -> _Run:
    """Run forwards and carry the terms along: as_k = |Wxs| x_k + |Wrec| ay_{k-1}, ay_k = on_k as_k.

    A monomial of s_k meets in each of the k + 1 steps at most a product with a weight, one with
    a mask and a sum; two more allow for a product with x and one with 1: N = 3 (k + 1) + 2.
    A unit counts as on unless s_k lies below zero by more than its error: then float32 may
    disagree about the mask and y_k is still covered, for |ReLU(a) - ReLU(b)| <= |a - b|.
    """
    run = _Run([], [], [], [], [], [])
    nb_seq = len(X[0])
    y: Sequence[Scalar] = [0] * nb_seq
    ay = [0.0] * nb_seq
    for k, x in enumerate(X):
        gamma = _gamma(3 * (k + 1) + 2)
        s = [Wxs * x[j] + Wrec * y[j] for j in range(nb_seq)]
        terms = [abs(float(Wxs)) * float(x[j]) + abs(float(Wrec)) * ay[j] for j in range(nb_seq)]
        on = [float(s[j]) >= -gamma * terms[j] for j in range(nb_seq)]
        y = [s_j if s_j > 0 else s_j - s_j for s_j in s]
        ay = [terms[j] if on[j] else 0.0 for j in range(nb_seq)]
        run.S.append(s)
        run.Y.append(list(y))
        run.s_errors.append([gamma * term for term in terms])
        run.y_errors.append([gamma * term for term in ay])
        run.terms.append(ay)
        run.on.append(on)
    return run


def forward_bound(X: Matrix, Wxs: Scalar, Wrec: Scalar) -> tuple[Floats, Floats]:
    """Bounds (bound_S, bound_Y), each (SeqL, NbSeq), on the error of pre-activations and outputs.

    They are gamma_N as_k and gamma_N ay_k of the recurrence

        as_k = |Wxs| x_k + |Wrec| ay_{k-1},   ay_k = as_k where unit k may be on, else 0

    with N = 3 (k + 1) + 2: a product with a weight, one with a mask and a sum for each step.
    Where every term is 0 the bound is 0: float32 has nothing to round there.

    >>> bound_S, _ = forward_bound([[0], [1]], 1.0, 1.0)
    >>> bound_S[0][0], bound_S[1][0] == 8 * 2**-24 / (1 - 8 * 2**-24)
    (0.0, True)
    """
    run = _run(X, Wxs, Wrec)
    return run.s_errors, run.y_errors


def gradient_bound(X: Matrix, T: Matrix, Wxs: Scalar, Wrec: Scalar) -> tuple[float, float]:
    """Bounds (b_dWxs, b_dWrec) on the error of the two gradients, summed over all sequences.

    The absolute terms run backwards as the deltas do,

        ad_k = on_k (ay_k + |t_k| + |Wrec| ad_{k+1}),   A_Wxs = sum ad_k x_k,   A_Wrec = sum ad_k ay_{k-1}

    and N adds up what a monomial can meet: 3 SeqL + 2 inside y_n, 1 in y_n - t_n, 3 SeqL on the
    way from step n back to step k (weight, mask, sum), 2 products with x_k or y_{k-1}, and a sum
    of all SeqL (SeqL + 1) / 2 pairs (k, n) of all NbSeq sequences in the worst order. Slopes at a
    kink are taken as 1, so the bound holds for every choice of them.
    """
    return _gradient_bound(_run(X, Wxs, Wrec), X, T, Wrec)


def _gradient_bound(run: _Run, X: Matrix, T: Matrix, Wrec: Scalar) -> tuple[float, float]:
    seq_l, nb_seq = len(X), len(X[0])
    recurrent = abs(float(Wrec))
    terms_dWxs = terms_dWrec = 0.0
    for j in range(nb_seq):
        delta = 0.0
        for k in reversed(range(seq_l)):
            delta = run.terms[k][j] + abs(float(T[k][j])) + recurrent * delta if run.on[k][j] else 0.0
            terms_dWxs += delta * float(X[k][j])
            terms_dWrec += delta * run.terms[k - 1][j] if k > 0 else 0.0
    gamma = _gamma(6 * seq_l + 5 + seq_l * (seq_l + 1) // 2 * nb_seq)
    return gamma * terms_dWxs, gamma * terms_dWrec


def loss_bound(Y: Matrix, T: Matrix, bound_Y: Matrix) -> float:
    """Bound on the error of L = 1/2 sum (t - y)^2 when y itself is known up to bound_Y.

    An error b in y moves the square by at most 2 |t - y| b + b^2. Rounding then costs gamma_N
    times 1/2 sum (|t| + |y| + b)^2, which also covers the expanded square; N is one sum over all
    SeqL * NbSeq entries (three times as many terms when expanded), a square, a half and a difference.
    """
    roundings = 3 * len(Y) * len(Y[0]) + 4
    moved = size = 0.0
    for y_k, t_k, b_k in zip(Y, T, bound_Y, strict=True):
        for y, t, b in zip(y_k, t_k, b_k, strict=True):
            moved += abs(float(t - y)) * b + b * b / 2
            size += (abs(float(t)) + abs(float(y)) + b) * (abs(float(t)) + abs(float(y)) + b) / 2
    return moved + _gamma(roundings) * size


def mask_is_robust(X: Matrix, Wxs: Scalar, Wrec: Scalar) -> bool:
    """Whether every correct float32 forward pass finds the same gradient-relevant masks.

    True if each s_k exceeds its error bound 16 times, or is 0 because x_k = 0 and y_{k-1} = 0. There
    the slope is of no consequence: delta_k meets x_k and y_{k-1}, which vanish, and what it
    carries back meets a unit that is off, or another such zero, and so on to the front. A zero
    of any other kind (Wxs = 0 under a one, say) is a kink: not robust.

    >>> mask_is_robust([[0], [0], [1]], 1.0, -0.5), mask_is_robust([[1], [1]], 1.0, -1.0)
    (True, False)
    """
    return _masks_hold(_run(X, Wxs, Wrec), X, Wrec, weight_error=0.0)


def _masks_hold(run: _Run, X: Matrix, Wrec: Scalar, weight_error: float) -> bool:
    """Like mask_is_robust, with weights that may themselves be off by `weight_error`."""
    recurrent = abs(float(Wrec))
    for j in range(len(X[0])):
        by_Wxs = by_Wrec = 0.0  # largest |dy/dWxs| and |dy/dWrec| of the step before
        y, ay = 0, 0.0
        for k in range(len(X)):
            by_Wxs, by_Wrec = float(X[k][j]) + recurrent * by_Wxs, ay + recurrent * by_Wrec
            error = run.s_errors[k][j] + weight_error * (by_Wxs + by_Wrec)
            nothing_came_in = X[k][j] == 0 and y == 0
            if not nothing_came_in and not abs(float(run.S[k][j])) > _MASK_MARGIN * error:
                return False
            if not run.on[k][j]:
                by_Wxs = by_Wrec = 0.0
            y, ay = run.Y[k][j], run.terms[k][j]
    return True


class _Iteration(NamedTuple):
    """One state of training, before its update, with the errors carried so far."""

    loss: float
    loss_error: float
    weight_error: float
    growth: float
    masks_hold: bool


def train_bound(
    X: Matrix, T: Matrix, Wxs: Scalar, Wrec: Scalar, l_r: float, n_iter: int
) -> tuple[float, float, list[float]]:
    """Bounds (b_Wxs, b_Wrec, b_losses) on the error of trained weights and of the n_iter losses.

    Meaningful only where `is_stable`. Each update makes a local error of at most
    2 u |w| + l_r (gradient_bound + 3 u |gradient|): its subtraction and a conversion, the gradient,
    the rounding of l_r and the product. An error e of the weights then becomes (I - l_r H) e, H being the Hessian
    of L on the fixed masks, so the 2-norm of the error obeys, to first order,

        e_{i+1} <= ||I - l_r H_i|| e_i + local_i,   e_0 = 0.

    Both weights get this norm. A loss is off by its own loss_bound, plus ||gradient|| e_i + ||H|| e_i^2 / 2.
    The trajectory is followed in float64.
    """
    *before, after = _descend(X, T, Wxs, Wrec, l_r, n_iter)
    return after.weight_error, after.weight_error, [state.loss_error for state in before]


def is_stable(X: Matrix, T: Matrix, Wxs: Scalar, Wrec: Scalar, l_r: float, n_iter: int) -> bool:
    """Whether float32 and exact training stay together, so that `train_bound` holds.

    Along the float64 trajectory the loss never rises (nor at its end), no s_k comes near enough
    to 0 for its sign to be in doubt, and no error of the weights, whenever made, has more than
    doubled at a later iteration (the product of the ||I - l_r H_i|| between stays below 2).

    >>> is_stable([[1], [1]], [[1], [2]], 0.5, 0.5, 0.1, 20), is_stable([[1], [1]], [[1], [2]], 0.5, 0.5, 5.0, 20)
    (True, False)
    """
    last = first = math.inf
    for state in _descend(X, T, Wxs, Wrec, l_r, n_iter):
        first = state.loss if first == math.inf else first
        calm = state.loss <= last + 1e-12 * first and state.growth <= _MAX_GROWTH  # NaN is not calm
        if not (calm and state.masks_hold and state.loss < math.inf):
            return False
        last = state.loss
    return True


def _descend(X: Matrix, T: Matrix, Wxs: Scalar, Wrec: Scalar, l_r: float, n_iter: int) -> Iterator[_Iteration]:
    """Follow gradient descent in float64: the states before each of n_iter updates, then the one after."""
    X, T = [[float(x) for x in row] for row in X], [[float(t) for t in row] for row in T]
    Wxs, Wrec, l_r = float(Wxs), float(Wrec), float(l_r)
    error, growth = 0.0, 1.0
    for _ in range(n_iter + 1):
        run = _run(X, Wxs, Wrec)
        g_Wxs, g_Wrec, low, high = _slope_and_curvature(run, X, T, Wrec)
        squares = [(y - t) * (y - t) for y_k, t_k in zip(run.Y, T, strict=True) for y, t in zip(y_k, t_k, strict=True)]
        bending = max(abs(low), abs(high)) * error * error / 2
        loss_error = loss_bound(run.Y, T, run.y_errors) + math.hypot(g_Wxs, g_Wrec) * error + bending
        yield _Iteration(sum(squares) / 2, loss_error, error, growth, _masks_hold(run, X, Wrec, error))
        b_Wxs, b_Wrec = _gradient_bound(run, X, T, Wrec)
        Wxs, Wrec = Wxs - l_r * g_Wxs, Wrec - l_r * g_Wrec
        local_Wxs = 2 * UNIT_ROUNDOFF * abs(Wxs) + abs(l_r) * (b_Wxs + 3 * UNIT_ROUNDOFF * abs(g_Wxs))
        local_Wrec = 2 * UNIT_ROUNDOFF * abs(Wrec) + abs(l_r) * (b_Wrec + 3 * UNIT_ROUNDOFF * abs(g_Wrec))
        factor = max(abs(1 - l_r * low), abs(1 - l_r * high))
        error = factor * error + math.hypot(local_Wxs, local_Wrec)
        growth = max(1.0, growth * factor)


def _slope_and_curvature(run: _Run, X: Matrix, T: Matrix, Wrec: float) -> tuple[float, float, float, float]:
    """Gradient (dWxs, dWrec) and the smallest and largest eigenvalue of the Hessian, masks fixed.

    Forwards in time, differentiating s_k = Wxs x_k + Wrec y_{k-1} once and twice; y has no
    second derivative in Wxs.
    """
    g_Wxs = g_Wrec = h_xx = h_xr = h_rr = 0.0
    for j in range(len(X[0])):
        y = y_x = y_r = y_xr = y_rr = 0.0
        for k in range(len(X)):
            on = run.S[k][j] > 0
            y_xr, y_rr = on * (y_x + Wrec * y_xr), on * (2 * y_r + Wrec * y_rr)
            y_x, y_r = on * (X[k][j] + Wrec * y_x), on * (y + Wrec * y_r)
            y = run.Y[k][j]
            error = y - T[k][j]
            g_Wxs, g_Wrec = g_Wxs + error * y_x, g_Wrec + error * y_r
            h_xx, h_xr, h_rr = h_xx + y_x * y_x, h_xr + y_x * y_r + error * y_xr, h_rr + y_r * y_r + error * y_rr
    middle, radius = (h_xx + h_rr) / 2, math.hypot((h_xx - h_rr) / 2, h_xr)
    return g_Wxs, g_Wrec, middle - radius, middle + radius
