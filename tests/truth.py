"""What is true of the exercise, found without the grader and without `reference`: cases with answers and tolerances.

Gradients come from autograd in float64, everything else from the definitions.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

FUNCTIONS = ("relu", "relu_derivative", "count_targets", "forward", "bptt_gradients", "train", "predict_counts")
ROUNDOFFS = 64 * 2.0**-24
"""Tolerance in units of the absolute terms of a sum: far above float32's error here, far below any mistake."""


@dataclass(frozen=True, eq=False)
class Case:
    """A call and its truth: one array and one tolerance for each part of the answer."""

    function: str
    args: tuple[Any, ...]
    expected: tuple[np.ndarray, ...]
    tolerance: tuple[np.ndarray, ...]

    def __str__(self) -> str:
        shown = [arg.tolist() if isinstance(arg, np.ndarray) else arg for arg in self.args]
        return f"{self.function}({', '.join(map(str, shown))})"


def states(X: np.ndarray, Wxs: float, Wrec: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """S, Y and the sum of absolute terms behind each s_k: (SeqL, NbSeq) each."""
    S, A = np.zeros(X.shape), np.zeros(X.shape)
    y = a = np.zeros(X.shape[1])
    for k in range(len(X)):
        S[k] = Wxs * X[k] + Wrec * y
        A[k] = abs(Wxs) * X[k] + abs(Wrec) * a
        y, a = np.maximum(S[k], 0), A[k] * (S[k] > 0)
    return S, np.maximum(S, 0), A


@torch.enable_grad()
def gradient(X: np.ndarray, T: np.ndarray, Wxs: float, Wrec: float) -> tuple[float, float, float]:
    """(dWxs, dWrec) by autograd in float64, and L."""
    wxs, wrec = (torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in (Wxs, Wrec))
    x, t = torch.from_numpy(X), torch.from_numpy(T)
    y, loss = torch.zeros(X.shape[1], dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for k in range(len(X)):
        y = torch.relu(wxs * x[k] + wrec * y)
        loss = loss + ((t[k] - y) ** 2).sum() / 2
    dWxs, dWrec = torch.autograd.grad(loss, (wxs, wrec))
    return dWxs.item(), dWrec.item(), loss.item()


def gradient_scale(X: np.ndarray, T: np.ndarray, Wxs: float, Wrec: float) -> np.ndarray:
    """Sum of the absolute terms of either gradient."""
    S, Y, A = states(X, Wxs, Wrec)
    sensitivity, total = np.zeros((2, X.shape[1])), np.zeros(2)
    for k in range(len(X)):
        immediate = np.stack([X[k], A[k - 1] if k else np.zeros(X.shape[1])])
        sensitivity = (immediate + abs(Wrec) * sensitivity) * (S[k] > 0)
        total += (sensitivity * (abs(T[k]) + A[k] + abs(Y[k]))).sum(axis=1)
    return total


def clear_of_kinks(X: np.ndarray, Wxs: float, Wrec: float) -> bool:
    """No s_k is so near to 0 that float32 could see the other side; one that is 0 because nothing came in is safe."""
    S, _, A = states(X, Wxs, Wrec)
    return bool(np.all((abs(S) > 1e-3 * A) | (A == 0)))


def descend(X: np.ndarray, T: np.ndarray, W: tuple[float, float], l_r: float, n_iter: int) -> Case | None:
    """A case of `train`, or None where the descent is not smooth: a loss rises, or a kink comes near."""
    (Wxs, Wrec), losses = W, []
    for _ in range(n_iter):
        if not clear_of_kinks(X, Wxs, Wrec):
            return None
        dWxs, dWrec, loss = gradient(X, T, Wxs, Wrec)
        if losses and loss > losses[-1]:
            return None
        losses.append(loss)
        Wxs, Wrec = Wxs - l_r * dWxs, Wrec - l_r * dWrec
    expected = (np.array(Wxs), np.array(Wrec), np.array(losses))
    scale = losses[0] if losses else 0.0
    tolerance = (np.array(2e-5), np.array(2e-5), 1e-5 * (1 + scale) + 1e-4 * expected[2])
    return Case("train", (X, T, *map(np.float64, W), l_r, n_iter), expected, tolerance)


# ---------------------------------------------------------------------------- cases
def _bits(rng: random.Random, SeqL: int, NbSeq: int) -> np.ndarray:
    return np.array([[float(rng.randint(0, 1)) for _ in range(NbSeq)] for _ in range(SeqL)])


def _eighth(rng: random.Random, low: int, high: int, without: Sequence[int] = ()) -> float:
    return rng.choice([k for k in range(low, high + 1) if k not in without]) / 8


def _networks(rng: random.Random, n: int) -> Iterator[tuple[np.ndarray, np.ndarray, float, float]]:
    """X, T, Wxs, Wrec away from kinks: SeqL 1 to 12, NbSeq 1 to 4, some targets counts and some arbitrary."""
    sizes = [(1, 1), (1, 3), (2, 1), (3, 2), (5, 4), (12, 1), (12, 4), (8, 3), (7, 2), (4, 1), (6, 3), (10, 2)]
    made = 0
    while made < n:
        SeqL, NbSeq = sizes[made % len(sizes)]
        X = _bits(rng, SeqL, NbSeq)
        Wxs = _eighth(rng, 1, 16) if made % 6 else _eighth(rng, -16, -1)
        Wrec = _eighth(rng, 1, 14) if made % 2 else _eighth(rng, -14, -1, without=[-8])
        counts = np.cumsum(X, axis=0)
        T = counts if made % 5 == 1 else np.array([[_eighth(rng, -32, 32) for _ in row] for row in X])
        if X.any() and clear_of_kinks(X, Wxs, Wrec):
            made += 1
            yield X, T, Wxs, Wrec
    yield np.zeros((5, 2)), np.ones((5, 2)), 1.5, 0.75
    yield np.array([[1.0], [0.0], [1.0], [1.0]]), np.array([[0.0], [2.0], [1.0], [-1.0]]), 1.0, 1.0


def _elementwise(rng: random.Random) -> Iterator[np.ndarray]:
    yield from (np.array(s) for s in (0.0, -0.0, 1.0, 0.25, -0.5, -3.0, 1e30, -1e30, 1e-30, -1e-30))
    yield np.array([-2.0, 0.0, 0.5, 3.0])
    for shape in ((1,), (6,), (1, 1), (1, 4), (4, 1), (5, 3)):
        yield np.array([_eighth(rng, -24, 24) for _ in range(int(np.prod(shape)))]).reshape(shape)


def _elementwise_cases(rng: random.Random) -> Iterator[Case]:
    for S in _elementwise(rng):
        yield Case("relu", (S,), (np.maximum(S, 0),), (abs(S) * 1e-6,))
        yield Case("relu_derivative", (S,), ((S > 0).astype(float),), (np.zeros(S.shape),))


def _training_cases(rng: random.Random) -> Iterator[Case]:
    """Zero iterations, a zero rate, single steps, trajectories: to counts, to a teacher's outputs, to anything."""
    X = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    fixed = [(0.01, 0), (0.0, 2), (0.01, 1), (0.002, 1)]
    for l_r, n_iter in fixed:
        case = descend(X, np.cumsum(X, axis=0) / 2, (0.5, 1.25), l_r, n_iter)
        assert case is not None
        yield case
    made = 0
    while made < 6:
        X = _bits(rng, *[(5, 4), (6, 2), (4, 1), (5, 3)][made % 4])
        start = (_eighth(rng, 2, 14), _eighth(rng, 2, 12) if made % 3 else _eighth(rng, -7, -2))
        teacher = (_eighth(rng, 3, 14), _eighth(rng, 2, 9))
        T = [states(X, *teacher)[1], np.cumsum(X, axis=0), states(X, *teacher)[1] + 0.25][made % 3]
        case = descend(X, T, start, rng.choice([0.002, 0.005, 0.01]), 10)
        if case is not None and abs(case.expected[0] - start[0]) > 1e-2 and abs(case.expected[1] - start[1]) > 1e-2:
            made += 1
            yield case


def _uneven(*values: float) -> list[float]:
    """What float32 makes of numbers that are not round."""
    return [float(np.float32(value)) for value in values]


def _far_networks(rng: random.Random) -> Iterator[tuple[np.ndarray, np.ndarray, float, float]]:
    """X, T, Wxs, Wrec of long sequences, of many, and of numbers that are not round."""
    for SeqL, NbSeq, Wxs, Wrec in (
        (1, 1, 0.4321, 0.8),
        (40, 1, 1.0234, 0.9567),
        (20, 8, 0.8765, -0.7654),
        (30, 2, 1.1, 1),
    ):
        X = _bits(rng, SeqL, NbSeq)
        X[0] = 1
        T = np.array([_uneven(*(rng.uniform(-5, 30) for _ in row)) for row in X])
        weights = _uneven(Wxs, Wrec)
        assert clear_of_kinks(X, *weights)
        yield X, T, *weights


def _far_training(rng: random.Random) -> Iterator[Case]:
    """A large gradient, weights out of the usual range, a start all but right, many updates, a loss that rises."""
    one = np.ones((1, 1))
    X = _bits(rng, 8, 6)
    X[0] = 1
    large = (X, np.cumsum(X, axis=0) * 5.3, tuple(_uneven(1.1234, 0.9321)), 2.0**-14, 1)
    wide = (np.array([[1.0], [0.0]]), np.array([[3.0], [1.0]]), (2.75, 0.25), 2.0**-5, 2)
    near = (one, one, tuple(_uneven(0.9998, 0.5)), 0.25, 3)
    for args in (large, wide, near, (one, 3 * one, (0.25, 0.5), 2.0**-7, 110)):
        case = descend(*args)
        assert case is not None
        yield case
    # 1/2, then 1/2 + 9/4 * 1/2 = 13/8, then 13/8 - 9/4 * 5/8 = 7/32
    expected = (np.array(7 / 32), np.array(0.5), np.array([1 / 8, 25 / 128]))
    args = (one, one, np.float64(0.5), np.float64(0.5), 2.25, 2)
    yield Case("train", args, expected, (np.array(1e-6), np.array(1e-6), np.full(2, 1e-6)))


@functools.cache
def cases() -> tuple[Case, ...]:
    """All cases of all checks, always the same; the first of each check stand at the end once more."""
    rng = random.Random(20)  # noqa: S311
    found = list(_elementwise_cases(rng))
    sizes = [(1, 1), (1, 4), (2, 1), (3, 3), (5, 4), (12, 2), (30, 3), (4, 4), (9, 1)]
    bits = [_bits(rng, *size) for size in sizes] + [np.ones((4, 2)), np.zeros((3, 2)), np.ones((7, 1))]
    bits += [np.ones((90, 1)), _bits(rng, 10, 9)]
    found += [Case("count_targets", (X,), (np.cumsum(X, axis=0),), (np.full(X.shape, 1e-4),)) for X in bits]
    for X, T, *W in (*_networks(rng, 30), *_far_networks(rng)):
        S, Y, A = states(X, *W)
        weights = tuple(map(np.float64, W))
        found.append(Case("forward", (X, *weights), (S, Y), (A * ROUNDOFFS, A * ROUNDOFFS)))
        expected = tuple(map(np.array, gradient(X, T, *W)[:2]))
        found.append(Case("bptt_gradients", (X, T, *weights), expected, tuple(gradient_scale(X, T, *W) * ROUNDOFFS)))
        if abs(Y - np.floor(Y) - 0.5).min() > 1e-3 and Y.max() < 1e3:
            found.append(Case("predict_counts", (X, *weights), (np.round(Y),), (np.full(Y.shape, 1e-6),)))
    for W in ((0.9982, 1.0013), (1.0021, 0.9991), (1.0, 0.0), (0.0, 1.0)):
        X = _bits(rng, 9, 4)
        S, Y, A = states(X, *W)
        found.append(Case("forward", (X, *map(np.float64, W)), (S, Y), (A * ROUNDOFFS + 1e-7, A * ROUNDOFFS + 1e-7)))
        found.append(Case("predict_counts", (X, *map(np.float64, W)), (np.round(Y),), (np.full(Y.shape, 1e-6),)))
    for Y in _uneven(3.46, 3.54, 7.47):  # to one decimal, then to none: 4, 3 or 4, 8
        found.append(
            Case(
                "predict_counts",
                (np.ones((1, 1)), np.float64(Y), np.float64(1)),
                (np.full((1, 1), round(Y)),),
                (np.zeros((1, 1)),),
            )
        )
    found += [*_training_cases(rng), *_far_training(rng)]
    again = [case for name in FUNCTIONS for case in [c for c in found if c.function == name][3:6]]
    return (*found, *again)
