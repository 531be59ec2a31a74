"""Mistakes in functions of one number at a time, and in the counts: few enough to write each one down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TypeAlias

import numpy as np

from grader.cases import CheckCases
from grader.diagnose.batch import UNIT_ROUNDOFF
from grader.diagnose.mistakes import Answer, Explanation, Mistake, cheapest

__all__ = ["explain_derivative", "explain_relu", "explain_targets"]

Curve: TypeAlias = Callable[[np.ndarray], np.ndarray]

_ROUNDINGS = 8
_SUBNORMAL = 1e-34
_STEEPEST = 1e-3  # a slope below is told from 0 and 1 by this much


def _flat(cases: CheckCases, answers: Sequence[Answer]) -> tuple[np.ndarray, np.ndarray]:
    """All numbers asked, and all answers, in one row each."""
    asked = np.concatenate([np.ravel(case.args[0]) for _, case in cases]).astype(np.float64)
    return asked, np.concatenate([np.ravel(part) for answer in answers for part in answer if part is not None])


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((np.abs(a - b) <= _ROUNDINGS * UNIT_ROUNDOFF * np.abs(b)).all())


def _constant(values: np.ndarray) -> float | None:
    """The value that all have, rounded as a person writes it; None where they differ."""
    middle = float(np.median(values)) if values.size else np.nan
    if not np.isfinite(middle) or (np.abs(values - middle) > _ROUNDINGS * UNIT_ROUNDOFF * abs(middle)).any():
        return None
    return float(f"{middle:.6g}")


def _one(*mistakes: Mistake) -> tuple[Explanation, ...]:
    return (Explanation(mistakes, sum(mistake.cost for mistake in mistakes)),) if mistakes else ()


# ---------------------------------------------------------------------------- relu and its derivative
def explain_relu(cases: CheckCases, answers: Sequence[Answer]) -> tuple[Explanation, ...]:
    """What is returned below zero: a slope, or a curve that does not end at 0."""
    S, got = _flat(cases, answers)
    if not np.isfinite(got).all() or not _close(got[S >= 0], S[S >= 0]):
        return ()
    ordinary = (S < 0) & (np.abs(S) > _SUBNORMAL)  # a small slope would leave float32's range below it
    below, y = S[ordinary], got[ordinary]
    slope = _constant(y / below)
    if slope is not None and slope != 0:
        leaky = 0 < slope < 1 - _STEEPEST
        return _one(Mistake("relu.leaky", {"slope": f"{slope:g}"}) if leaky else Mistake("relu.not_zero_below"))
    curves: tuple[Curve, ...] = (np.expm1, np.tanh)
    return _one(Mistake("relu.not_zero_below")) if any(_close(y, curve(below)) for curve in curves) else ()


def explain_derivative(cases: CheckCases, answers: Sequence[Answer]) -> tuple[Explanation, ...]:
    """What is returned above, at and below zero."""
    S, got = _flat(cases, answers)
    if not np.isfinite(got).all():
        return ()
    above, at, below = (got[side] for side in (S > 0, S == 0, S < 0))
    flat_above, flat_below, value = _constant(above), _constant(below), _constant(at)
    copies_above, copies_below = _close(above, S[S > 0]), _close(below, S[S < 0])
    if value is None or not (flat_above == 1 or copies_above) or not (flat_below is not None or copies_below):
        return ()
    if copies_above or copies_below or flat_below in {1.0, -1.0}:
        return _one(Mistake("relu.derivative_not_step"))
    found = []
    if flat_below:
        found.append(Mistake("relu.leaky", {"slope": f"{flat_below:g}"}))
    if value not in {0.0, flat_below}:
        found.append(Mistake("relu.derivative_at_zero", {"value": f"{value:g}"}))
    return _one(*found)


# ---------------------------------------------------------------------------- counts
_SUMS: tuple[tuple[Callable[[np.ndarray, int], np.ndarray], tuple[str, ...]], ...] = (
    (lambda X, axis: X.cumsum(axis), ()),
    (lambda X, axis: X.cumsum(axis) - X, ("exclusive_count",)),
    (lambda X, axis: np.broadcast_to(X.sum(axis, keepdims=True), X.shape), ("total_count",)),
)


def explain_targets(cases: CheckCases, answers: Sequence[Answer]) -> tuple[Explanation, ...]:
    """Which entries are counted, and along which axis."""
    found: list[Explanation] = []
    for (summed, codes), axis in product(_SUMS, (0, 1)):
        mistakes = tuple(Mistake(f"targets.{code}") for code in (*codes, *(["wrong_axis"] if axis else [])))
        pairs = zip(cases, answers, strict=True)
        if mistakes and all(
            np.array_equal(summed(np.asarray(c.args[0]), axis), np.asarray(a[0])) for (_, c), a in pairs
        ):
            found += _one(*mistakes)
    return cheapest(found)
