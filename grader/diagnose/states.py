"""Mistaken forward passes: what is fed back, what is returned, which weights, which axis is time, which start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, TypeAlias

import numpy as np

from grader.cases import Case, CheckCases
from grader.diagnose.batch import UNIT_ROUNDOFF, Batch, pack
from grader.diagnose.mistakes import UNNAMED, Answer, Explanation, Mistake, cheapest

__all__ = ["Pass", "explain_counts", "explain_states", "mistakes_behind", "passes", "run"]

Start: TypeAlias = Literal["zero", "sequence before", "last call", "last call of this shape", "last call if it fits"]

_SLOPES = {"relu": 0.0, "none": 1.0, "abs": -1.0, "leaky 0.01": 0.01, "leaky 0.1": 0.1, "leaky 0.2": 0.2}
"""Of activations below zero."""


@dataclass(frozen=True)
class Pass:
    """One choice on each axis: slopes below zero of what is fed back and of what is returned, and so on."""

    fed: str = "relu"
    returned: str = "relu"
    remembers: bool = True
    swapped: bool = False
    across: bool = False
    start: Start = "zero"

    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes made."""
        found = list(_activation(self.fed, self.returned))
        if not self.remembers:
            found.append(Mistake("forward.no_recurrence"))
        if self.swapped:
            found.append(Mistake("forward.weights_swapped"))
        if self.across:
            found.append(Mistake("forward.wrong_axis"))
        if self.start != "zero":
            found.append(Mistake("forward.state_leak"))
        return tuple(found)


def mistakes_behind(chosen: Pass) -> tuple[Mistake, ...]:
    """The mistakes of a pass of which only what is made of it was seen: there S may have been taken for Y."""
    if (chosen.fed, chosen.returned) != ("relu", "none"):
        return chosen.mistakes()
    return (UNNAMED, *replace(chosen, returned="relu").mistakes())


def _activation(fed: str, returned: str) -> tuple[Mistake, ...]:
    match fed, returned:
        case "relu", "relu":
            return ()
        case "none", "relu":
            return (Mistake("forward.previous_preactivation"),)
        case _, "none":
            return (Mistake("forward.no_activation", cost=1.0 if fed == "none" else 1.1),)
        case _, "abs":
            return (Mistake("relu.not_zero_below"),)
        case _:
            return (Mistake("relu.leaky", {"slope": returned.removeprefix("leaky ")}),)


def passes(starts: Sequence[Start] = ("zero",)) -> Iterator[Pass]:
    """All of them, the right one first."""
    activations = [("relu", "relu"), ("none", "none"), ("none", "relu"), ("relu", "none")]
    activations += [(name, name) for name in _SLOPES if name not in {"relu", "none"}]
    flags = ((True, False), (False, True), (False, True))
    for start, (fed, returned), remembers, swapped, across in product(starts, activations, *flags):
        if start != "zero" and (across or not remembers):  # what is left over has another shape, or goes nowhere
            continue
        if remembers or fed == returned:  # else nothing is fed back
            yield Pass(fed, returned, remembers, swapped, across, start)


def run(chosen: Pass, batch: Batch, first: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """S, Y and the absolute terms they are made of, each (r, k, j); `first` (r, j) is the state before step 0.

    A pass across sequences takes the batch axis for time.
    """
    if chosen.across:
        S, Y, size = run(replace(chosen, across=False), _transposed(batch), first)
        return S.transpose(0, 2, 1), Y.transpose(0, 2, 1), size.transpose(0, 2, 1)
    w, r = (batch.Wrec, batch.Wxs) if chosen.swapped else (batch.Wxs, batch.Wrec)
    w, r = w[:, None], (r if chosen.remembers else 0 * r)[:, None]
    S, Y, sizes = (np.zeros_like(batch.X) for _ in range(3))
    if chosen.start == "sequence before":
        return _flattened(chosen, batch, w[:, 0], r[:, 0])
    y = np.zeros_like(batch.X[:, 0]) if first is None else first
    size = np.abs(y)
    for k in range(batch.X.shape[1]):
        s = w * batch.X[:, k] + r * y
        size = np.abs(w) * batch.X[:, k] + np.abs(r) * size
        y = _activated(s, chosen.fed)
        S[:, k], Y[:, k], sizes[:, k] = s, _activated(s, chosen.returned), size
    return S * batch.valid, Y * batch.valid, sizes * batch.valid


def _flattened(chosen: Pass, batch: Batch, w: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each sequence starts where the one before ended."""
    S, Y, sizes = (np.zeros_like(batch.X) for _ in range(3))
    y = size = np.zeros(len(w))
    for j, k in product(range(batch.X.shape[2]), range(batch.X.shape[1])):
        there = batch.valid[:, k, j]
        s = w * batch.X[:, k, j] + r * y
        size = np.where(there, np.abs(w) * batch.X[:, k, j] + np.abs(r) * size, size)
        y = np.where(there, _activated(s, chosen.fed), y)
        S[:, k, j], Y[:, k, j], sizes[:, k, j] = s, _activated(s, chosen.returned), size
    return S * batch.valid, Y * batch.valid, sizes * batch.valid


def _activated(s: np.ndarray, name: str) -> np.ndarray:
    return np.where(s > 0, s, _SLOPES[name] * s)


def _transposed(batch: Batch) -> Batch:
    X, T = batch.X.transpose(0, 2, 1), batch.T.transpose(0, 2, 1)
    return Batch(X, T, batch.Wxs, batch.Wrec, batch.sequences, batch.steps, batch.slope)


def _tolerance(chosen: Pass, size: np.ndarray) -> np.ndarray:
    """Twice `reference.bounds.forward_bound`'s: three roundings for each step, two more."""
    steps = size.shape[1] * (size.shape[2] if chosen.start == "sequence before" else 1)
    length = size.shape[2] if chosen.across else steps
    bound: np.ndarray = 2 * (3 * (length + 1) + 2) * UNIT_ROUNDOFF * size
    return bound


# ---------------------------------------------------------------------------- explaining
def explain_states(cases: CheckCases, answers: Sequence[Answer]) -> tuple[Explanation, ...]:
    """The cheapest forward passes that give all answers, S and Y."""
    every = [case for _, case in cases]
    batch = pack(every, targets=False)
    got = np.zeros((2, *batch.X.shape))
    for r, answer in enumerate(answers):
        for i, part in enumerate(answer):
            if part is not None:
                got[i, r, : part.shape[0], : part.shape[1]] = part
    if not np.isfinite(got).all():
        return ()
    found = []
    starts: tuple[Start, ...] = (
        "zero",
        "sequence before",
        "last call",
        "last call of this shape",
        "last call if it fits",
    )
    for chosen in passes(starts):
        S, Y, size = run(chosen, batch, _left_over(chosen.start, batch, got[1]))
        tolerance = _tolerance(chosen, size)
        if (np.abs(S - got[0]) <= tolerance).all() and (np.abs(Y - got[1]) <= tolerance).all():
            found.append(_explained(chosen, chosen.mistakes()))
    return cheapest([each for each in found if each.mistakes])


def _explained(chosen: Pass, mistakes: tuple[Mistake, ...]) -> Explanation:
    return Explanation(mistakes, sum(mistake.cost for mistake in mistakes), lambda case: _trace(chosen, case))


def _trace(chosen: Pass, case: Case) -> Mapping[str, object] | None:
    """S and Y; nothing where what matters was left by earlier calls."""
    if chosen.start not in {"zero", "sequence before"}:
        return None
    S, Y, _ = run(chosen, pack([case], targets=False))
    return {"S": (S[0] + 0.0).tolist(), "Y": (Y[0] + 0.0).tolist()}


def _left_over(start: Start, batch: Batch, Y: np.ndarray) -> np.ndarray | None:
    """The last outputs of an earlier call: the submission's own, so that nothing need be known of what came before."""
    if start in {"zero", "sequence before"}:
        return None
    first = np.zeros_like(Y[:, 0])
    last: dict[object, np.ndarray] = {}
    for r in range(len(Y)):
        steps, sequences = int(batch.steps[r]), int(batch.sequences[r])
        key = (steps, sequences) if start == "last call of this shape" else sequences
        first[r] = last.get(key, first[r])
        if start == "last call if it fits":
            last.clear()
        last[key] = Y[r, steps - 1]
    return first


def explain_counts(cases: CheckCases, answers: Sequence[Answer]) -> tuple[Explanation, ...]:
    """Cut off in place of rounded, over a right or a mistaken forward pass."""
    every = [case for _, case in cases]
    batch = pack(every, targets=False)
    got = np.zeros_like(batch.X)
    for r, answer in enumerate(answers):
        part = answer[0]
        assert part is not None
        got[r, : part.shape[0], : part.shape[1]] = part
    found = []
    for chosen in passes(("zero", "sequence before")):
        _, Y, size = run(chosen, batch)
        slack = _tolerance(chosen, size)
        for whole, more in ((np.rint, ()), (np.trunc, (Mistake("predict.truncates"),))):
            if ((whole(Y - slack) == got) | (whole(Y + slack) == got)).all():
                found.append(_explained(chosen, (*mistakes_behind(chosen), *more)))
    return cheapest([each for each in found if each.mistakes])
