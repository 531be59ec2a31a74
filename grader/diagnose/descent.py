"""Mistaken trainings: every way to go downhill wrongly, run side by side on all cases.

Axes are named v (way), r (case), j (sequence); i counts updates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from grader.diagnose.batch import Batch
from grader.diagnose.mistakes import Mistake

__all__ = ["Descent", "Run", "descend", "descents", "first_gradient"]

Frozen: TypeAlias = Literal["", "Wxs", "Wrec"]
Order: TypeAlias = Literal["together", "Wxs first", "Wrec first"]
Growth: TypeAlias = Literal["constant", "doubled", "counted", "summed"]


@dataclass(frozen=True)
class Descent:
    """One choice on each axis. `growth` of the steps: the rate doubled or counted up, gradients never set back to 0.

    `rate` and `start` stand in for those asked for; of `start`, None keeps that weight's own.
    """

    uphill: bool = False
    frozen: Frozen = ""
    order: Order = "together"
    growth: Growth = "constant"
    rate: float | None = None
    start: tuple[float | None, float | None] = (None, None)

    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes made."""
        found = []
        if self.uphill:
            found.append(Mistake("train.wrong_direction"))
        if self.frozen:
            found.append(Mistake("train.frozen_weight", {"weight": self.frozen}))
        if self.order != "together":
            found.append(Mistake("train.sequential_update", {"weight": self.order.removesuffix(" first")}))
        if self.growth != "constant":
            found.append(Mistake("train.diverges", cost=1.0 if self.growth == "doubled" else 1.1))
        if self.rate is not None:
            found.append(Mistake("train.ignores_learning_rate", {"rate": f"{self.rate:g}"}))
        if self.start != (None, None):
            words = [f"{n} = {w:g}" for n, w in zip(("Wxs", "Wrec"), self.start, strict=True) if w is not None]
            found.append(Mistake("train.ignores_initial_weights", {"start": " and ".join(words)}))
        return tuple(found)


def descents(rates: Sequence[float], starts: Sequence[tuple[float | None, float | None]]) -> Iterator[Descent]:
    """All of them, the right one first; with each of `rates` and `starts` too."""
    moves: tuple[tuple[Frozen, Order], ...] = (
        ("", "together"),
        ("Wxs", "together"),
        ("Wrec", "together"),
        ("", "Wxs first"),
        ("", "Wrec first"),
    )
    growths: tuple[Growth, ...] = ("constant", "doubled", "counted", "summed")
    plain = Descent()
    for start, rate in product([(None, None), *starts], [None, *rates]):
        for uphill, (frozen, order), growth in product((False, True), moves, growths):
            yield replace(plain, uphill=uphill, frozen=frozen, order=order, growth=growth, rate=rate, start=start)


class Run(NamedTuple):
    """Weights (i, weight, v, r) before update i, and the loss (i, v, r) there."""

    weights: np.ndarray
    losses: np.ndarray


def descend(ways: Sequence[Descent], batch: Batch, rates: np.ndarray, iterations: int, dtype: type) -> Run:
    """Follow each way for `iterations` updates from the batch's weights; `rates` (r,). What overflows stays so."""
    data = _Data(batch.X.astype(dtype), batch.T.astype(dtype), batch.valid)
    rate: np.ndarray = np.array(
        [rates if way.rate is None else np.full(len(rates), way.rate) for way in ways], dtype=dtype
    )
    rate *= np.array([[-1 if way.uphill else 1] for way in ways], dtype=dtype)
    weights: np.ndarray = np.array([_start(ways, batch, 0), _start(ways, batch, 1)], dtype=dtype)
    moves: np.ndarray = np.array([[way.frozen != name for way in ways] for name in ("Wxs", "Wrec")], dtype=dtype)[
        :, :, None
    ]
    later = [np.array([[way.order == f"{name} first"] for way in ways]) for name in ("Wrec", "Wxs")]
    growth = {name: np.array([[way.growth == name] for way in ways]) for name in ("doubled", "counted", "summed")}
    total = np.zeros_like(weights)
    every, losses = [weights], [_loss(data, weights)]
    for i in range(iterations):
        gradient = _gradient(data, weights)
        total = total + gradient
        step = rate * np.where(growth["doubled"], dtype(2.0**i), np.where(growth["counted"], dtype(i + 1), dtype(1)))
        new = weights - moves * step * np.where(growth["summed"], total, gradient)
        for at in (0, 1):  # the weight that is updated second sees the first one's new value
            second = later[at][:, 0]
            if second.any():
                seen = new[:, second].copy()
                seen[at] = weights[at][second]
                new[at][second] = weights[at][second] - step[second] * _gradient(data, seen)[at]
        weights = new
        every.append(weights)
        losses.append(_loss(data, weights))
    return Run(np.array(every, dtype=np.float64), np.array(losses, dtype=np.float64))


def first_gradient(batch: Batch) -> np.ndarray:
    """The right gradient at the start: (weight, r)."""
    data = _Data(batch.X, batch.T, batch.valid)
    return _gradient(data, np.array([[batch.Wxs], [batch.Wrec]]))[:, 0]


def _start(ways: Sequence[Descent], batch: Batch, at: int) -> np.ndarray:
    given = (batch.Wxs, batch.Wrec)[at]
    own = [way.start[at] for way in ways]
    return np.array([given if w is None else np.full(len(given), w) for w in own])


class _Data(NamedTuple):
    X: np.ndarray
    T: np.ndarray
    valid: np.ndarray


def _outputs(data: _Data, weights: np.ndarray) -> list[np.ndarray]:
    """y_k for each step k: (v, r, j)."""
    Wxs, Wrec = weights[..., None]
    Y = []
    y = np.zeros((), dtype=data.X.dtype)
    for k in range(data.X.shape[1]):
        y = np.maximum(Wxs * data.X[:, k] + Wrec * y, 0)
        Y.append(y)
    return Y


def _loss(data: _Data, weights: np.ndarray) -> np.ndarray:
    Y = _outputs(data, weights)
    loss: np.ndarray = sum(((y - data.T[:, k]) ** 2 * data.valid[:, k]).sum(axis=-1) for k, y in enumerate(Y)) / 2
    return loss


def _gradient(data: _Data, weights: np.ndarray) -> np.ndarray:
    """(weight, v, r)."""
    Y = _outputs(data, weights)
    Wrec = weights[1][..., None]
    delta = np.zeros_like(Y[0])
    gradient = np.zeros_like(weights)
    for k in reversed(range(len(Y))):
        delta = np.where(data.valid[:, k] & (Y[k] > 0), Y[k] - data.T[:, k] + Wrec * delta, 0)
        gradient[0] += (delta * data.X[:, k]).sum(axis=-1)
        if k:
            gradient[1] += (delta * Y[k - 1]).sum(axis=-1)
    return gradient
