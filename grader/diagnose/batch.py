"""Cases of several shapes as arrays of one: padded at the end of time and of the batch.

Axes are named r (case), k or n (step) and j (sequence). Padding is inert: its inputs, targets and slopes are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grader.cases import Case

__all__ = ["UNIT_ROUNDOFF", "Batch", "pack"]

UNIT_ROUNDOFF = 2.0**-24


@dataclass(frozen=True, eq=False)
class Batch:
    """Inputs in float64: X, T (r, k, j), weights, sizes and `slope` (r,), the derivative taken where s is 0."""

    X: np.ndarray
    T: np.ndarray
    Wxs: np.ndarray
    Wrec: np.ndarray
    steps: np.ndarray
    sequences: np.ndarray
    slope: np.ndarray
    given: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    """What stands in for the right forward pass's `states`."""

    @cached_property
    def valid(self) -> np.ndarray:
        """Which entries are no padding: (r, k, j)."""
        _, K, J = self.X.shape
        inside = np.arange(K)[None, :, None] < self.steps[:, None, None]
        valid: np.ndarray = inside & (np.arange(J)[None, None, :] < self.sequences[:, None, None])
        return valid

    @cached_property
    def states(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pre-activations, outputs, and the absolute terms that outputs are made of: each (r, k, j)."""
        if self.given is not None:
            return self.given
        S, Y, terms = (np.zeros_like(self.X) for _ in range(3))
        w, r = self.Wxs[:, None], self.Wrec[:, None]
        y = size = np.zeros_like(self.X[:, 0])
        for k in range(self.X.shape[1]):
            s = (w * self.X[:, k] + r * y) * self.valid[:, k]
            y = np.maximum(s, 0.0)
            size = (np.abs(w) * self.X[:, k] + np.abs(r) * size) * (s >= 0)
            S[:, k], Y[:, k], terms[:, k] = s, y, size
        return S, Y, terms

    @cached_property
    def on(self) -> np.ndarray:
        """The ReLU's derivative at S: (r, k, j)."""
        S = self.states[0]
        at_zero = self.slope[:, None, None] * self.valid
        on: np.ndarray = np.where(S > 0, 1.0, np.where(S == 0, at_zero, 0.0))
        return on


def pack(cases: Sequence[Case], slopes: Sequence[float] | None = None, *, targets: bool = True) -> Batch:
    """The arguments (X, T, Wxs, Wrec, …) of `cases`, or (X, Wxs, Wrec) without `targets`."""
    first = 2 if targets else 1
    K = max(np.shape(case.args[0])[0] for case in cases)
    J = max(np.shape(case.args[0])[1] for case in cases)
    X, T = np.zeros((2, len(cases), K, J))
    for r, case in enumerate(cases):
        x = np.asarray(case.args[0], dtype=np.float64)
        X[r, : x.shape[0], : x.shape[1]] = x
        if targets:
            T[r, : x.shape[0], : x.shape[1]] = case.args[1]
    shapes = np.array([np.shape(case.args[0]) for case in cases])
    Wxs, Wrec = (np.array([float(case.args[first + i]) for case in cases]) for i in (0, 1))
    slope = np.zeros(len(cases)) if slopes is None else np.asarray(slopes, dtype=np.float64)
    return Batch(X, T, Wxs, Wrec, shapes[:, 0], shapes[:, 1], slope)
