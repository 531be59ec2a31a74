"""What a mistaken recurrence computes on the way, and where it first departs from the right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["BACKWARDS", "FORWARDS", "UPDATES", "departure"]

FORWARDS = ("S", "Y", "error")
"""Columns filled in from the first step on; the oracle's names."""

BACKWARDS = ("delta", "dWxs", "dWrec")
"""Columns filled in from the last step back, a line at a time."""

UPDATES = ("Wxs", "Wrec", "L")
"""Columns of a training, filled in update by update."""

_CLOSE = 1e-9


def departure(right: Mapping[str, object], yours: Mapping[str, object]) -> Mapping[str, object] | None:
    """The first entry, in the order a person fills the table in, that differs: {"k": step, "column": name}.

    In a table of `updates`, {"i": update, "column": name}.
    """
    training, mistaken = right.get("updates"), yours.get("updates")
    if isinstance(training, Mapping) and isinstance(mistaken, Mapping):
        return _first_update(training, mistaken)
    for name in FORWARDS:
        differ = _differing(right, yours, name)
        if differ is not None and differ.any():
            return {"k": int(np.flatnonzero(differ)[0]), "column": name}
    columns = [(name, differ) for name in BACKWARDS if (differ := _differing(right, yours, name)) is not None]
    steps = max((len(differ) for _, differ in columns), default=0)
    places = ((k, name) for k in reversed(range(steps)) for name, differ in columns if differ[k])
    return next(({"k": k, "column": name} for k, name in places), None)


def _first_update(right: Mapping[str, object], yours: Mapping[str, object]) -> Mapping[str, object] | None:
    columns = [(name, differ) for name in UPDATES if (differ := _differing(right, yours, name)) is not None]
    updates = min((len(differ) for _, differ in columns), default=0)
    places = ((i, name) for i in range(updates) for name, differ in columns if differ[i])
    return next(({"i": i, "column": name} for i, name in places), None)


def _differing(right: Mapping[str, object], yours: Mapping[str, object], name: str) -> np.ndarray | None:
    """Of each step, whether the column differs there; None where one of the tables lacks it."""
    a, b = right.get(name), yours.get(name)
    if not isinstance(a, Sequence) or not isinstance(b, Sequence):
        return None
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape[1:] != second.shape[1:]:
        return None
    common = min(len(first), len(second))
    first, second = first[:common], second[:common]
    return np.asarray((np.abs(first - second) > _CLOSE * (1 + np.abs(first))).any(axis=1))
