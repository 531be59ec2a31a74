"""The exercise in plain Python, over whatever numbers it is given.

Only +, -, *, division by 2 and comparisons are used, so `Fraction` weights give exact results
and `float` weights float64 ones; Python's rule holds where they meet (a float wins), so for an
exact answer give Fractions and ints only. Matrices are lists of lists, time-major: (SeqL, NbSeq),
neither 0. How far float32 may lie from these answers is derived in `reference.bounds`.

>>> from fractions import Fraction
>>> X = [[1, 0], [1, 1]]
>>> bptt_gradients(X, count_targets(X), Fraction(1, 2), Fraction(1, 2))
(Fraction(-23, 8), Fraction(-5, 8))
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, TypeAlias

from reference.bounds import forward_bound, gradient_bound, is_stable, loss_bound, mask_is_robust, train_bound

__all__ = [
    "Matrix",
    "Scalar",
    "bptt_gradients",
    "count_targets",
    "forward",
    "forward_bound",
    "gradient_bound",
    "gradient_intervals",
    "is_stable",
    "kinks",
    "live_kinks",
    "loss",
    "loss_bound",
    "mask_is_robust",
    "predict_counts",
    "train",
    "train_bound",
]

Scalar: TypeAlias = Any
"""Fraction, float, mpmath's mpf …: no protocol of the typing module spans them all."""

Matrix: TypeAlias = Sequence[Sequence[Scalar]]
Interval: TypeAlias = tuple[Scalar, Scalar]

MAX_KINKS = 10


def count_targets(X: Matrix) -> list[list[Scalar]]:
    """Sum up the running counts t_k = x_0 + … + x_k: (SeqL, NbSeq)."""
    T = [list(X[0])]
    for x in X[1:]:
        T.append([t_j + x_j for t_j, x_j in zip(T[-1], x, strict=True)])
    return T


def forward(X: Matrix, Wxs: Scalar, Wrec: Scalar) -> tuple[list[list[Scalar]], list[list[Scalar]]]:
    """Pre-activations S and outputs Y, both (SeqL, NbSeq): s_k = Wxs x_k + Wrec y_{k-1}, y_k = ReLU(s_k)."""
    zero = Wxs - Wxs
    S: list[list[Scalar]] = []
    Y: list[list[Scalar]] = []
    y = [zero] * len(X[0])
    for x in X:
        s = [Wxs * x_j + Wrec * y_j for x_j, y_j in zip(x, y, strict=True)]
        y = [s_j if s_j > 0 else zero for s_j in s]
        S.append(s)
        Y.append(y)
    return S, Y


def loss(Y: Matrix, T: Matrix) -> Scalar:
    """L = 1/2 sum over steps and sequences of (t - y)^2."""
    errors = (t - y for y_k, t_k in zip(Y, T, strict=True) for y, t in zip(y_k, t_k, strict=True))
    return sum(error * error for error in errors) / 2


def bptt_gradients(
    X: Matrix, T: Matrix, Wxs: Scalar, Wrec: Scalar, *, mask: Matrix | None = None
) -> tuple[Scalar, Scalar]:
    """(dL/dWxs, dL/dWrec) by delta_k = f'_k (y_k - t_k + Wrec delta_{k+1}), delta_SeqL = 0.

    `mask` (SeqL, NbSeq) stands in for f' = ReLU'(S): a choice of slopes at kinks. Without it ReLU'(0) = 0.
    """
    S, Y = forward(X, Wxs, Wrec)
    zero = Wxs - Wxs
    dWxs = dWrec = zero
    for j in range(len(X[0])):
        delta = zero
        for k in reversed(range(len(X))):
            slope = int(S[k][j] > 0) if mask is None else mask[k][j]
            delta = slope * (Y[k][j] - T[k][j] + Wrec * delta)
            dWxs += delta * X[k][j]
            dWrec += delta * Y[k - 1][j] if k > 0 else zero
    return dWxs, dWrec


def kinks(S: Matrix) -> list[tuple[int, int]]:
    """List the places (k, j) where s is exactly 0, in order of time."""
    return [(k, j) for k, s in enumerate(S) for j, s_j in enumerate(s) if s_j == 0]


def live_kinks(X: Matrix, S: Matrix, Y: Matrix) -> list[tuple[int, int]]:
    """List the kinks (k, j) whose slope can change a gradient, in order of time.

    delta_k enters dWxs with x_k and dWrec with y_{k-1}: a zero where either is not 0 is live. Where both are 0
    it can matter only through delta_{k-1}, and y_{k-1} = 0 leaves two cases: s_{k-1} < 0 stops it,
    and s_{k-1} = 0 makes it as live as step k-1 is. Zeros in front of the first one are thus never live.
    """
    live: list[tuple[int, int]] = []
    before: set[tuple[int, int]] = set()
    for k, j in kinks(S):
        something_came_in = X[k][j] != 0 or (k > 0 and Y[k - 1][j] != 0)
        if something_came_in or (k - 1, j) in before:
            live.append((k, j))
            before.add((k, j))
    return live


def gradient_intervals(X: Matrix, T: Matrix, Wxs: Scalar, Wrec: Scalar) -> tuple[Interval, Interval]:
    """((lo_dWxs, hi_dWxs), (lo_dWrec, hi_dWrec)): every gradient that slopes in [0, 1] at the kinks can give.

    A gradient is multilinear in the slopes, so its extremes lie at corners, slopes of 0 and 1; sequences do not
    meet, so theirs add up. Zero width where no kink is live. Raises ValueError if a sequence has more than
    10 live kinks.

    >>> gradient_intervals([[1]], [[1]], 0.0, 1.0)
    ((-1.0, 0.0), (0.0, 0.0))
    """
    S, Y = forward(X, Wxs, Wrec)
    open_slopes = live_kinks(X, S, Y)
    zero = Wxs - Wxs
    lo_dWxs = hi_dWxs = lo_dWrec = hi_dWrec = zero
    for j in range(len(X[0])):
        steps = [k for k, column in open_slopes if column == j]
        if len(steps) > MAX_KINKS:
            raise ValueError(f"sequence {j} has {len(steps)} kinks, expected at most {MAX_KINKS}: use a shorter one")
        x, t = [[row[j]] for row in X], [[row[j]] for row in T]
        slopes = [[int(row[j] > 0)] for row in S]
        corners = []
        for corner in product((0, 1), repeat=len(steps)):
            for k, slope in zip(steps, corner, strict=True):
                slopes[k] = [slope]
            corners.append(bptt_gradients(x, t, Wxs, Wrec, mask=slopes))
        lo_dWxs += min(dWxs for dWxs, _ in corners)
        hi_dWxs += max(dWxs for dWxs, _ in corners)
        lo_dWrec += min(dWrec for _, dWrec in corners)
        hi_dWrec += max(dWrec for _, dWrec in corners)
    return (lo_dWxs, hi_dWxs), (lo_dWrec, hi_dWrec)


def train(
    X: Matrix, T: Matrix, Wxs: Scalar, Wrec: Scalar, l_r: Scalar, n_iter: int
) -> tuple[Scalar, Scalar, list[Scalar]]:
    """(Wxs, Wrec, losses) after n_iter steps of plain gradient descent, both weights at once.

    losses[i] is L before update i. Fractions grow without end here (each step multiplies their length):
    exact for a few steps, else use floats.
    """
    losses: list[Scalar] = []
    for _ in range(n_iter):
        losses.append(loss(forward(X, Wxs, Wrec)[1], T))
        dWxs, dWrec = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * dWxs, Wrec - l_r * dWrec
    return Wxs, Wrec, losses


def predict_counts(X: Matrix, Wxs: Scalar, Wrec: Scalar) -> list[list[int]]:
    """Round the outputs to the nearest integer: (SeqL, NbSeq). At an exact half, to the even one."""
    return [[round(y_j) for y_j in y] for y in forward(X, Wxs, Wrec)[1]]
