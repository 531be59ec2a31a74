"""The smallest cases of each check, rung by rung: a whole rung is asked at once, before anything is searched for.

Most mistakes show on one or two numbers of X. The first rung has every X of one number, the second of two; above them
are those with a single one, or nothing but ones. What fails on a rung is as small as a case with these weights can be.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from grader.cases import Case
from grader.cases.oracle import expected, in_domain
from grader.judge.findings import size_key
from grader.model import Arg, Batch, Question

__all__ = ["LONGEST", "RUNGS", "Rung", "rung"]

_SHAPES = (((1, 1),), ((1, 2), (2, 1)), ((3, 1), (2, 2), (4, 1)), ((3, 2), (5, 1), (6, 1), (7, 1)))
_ELEMENTS: tuple[tuple[object, ...], ...] = (
    (0.0, 1.0, -1.0, 2.0, -2.0, 0.5),
    ([1.0, -1.0], [-1.0, 1.0], [0.0, 1.0]),
    ([[1.0, -1.0]], [[1.0], [-1.0]]),
    ([[1.0, -1.0], [-2.0, 0.5]],),
)
_WEIGHTS = {
    "forward": ((1.0, 1.0), (0.5, 1.0), (-0.5, 1.0), (1.0, 0.5), (1.0, -0.5)),
    "bptt_gradients": ((1.0, 1.0), (1.0, 0.5), (1.0, -0.5)),
    "train": ((0.5, 0.5), (0.5, 1.0)),
    "predict_counts": ((0.75, 1.0), (1.0, 1.0), (1.25, 1.0), (0.625, 1.0), (1.0, 0.875)),
}
_SCHEDULES = ((0.125, 1), (0.125, 2))

RUNGS = len(_SHAPES)
LONGEST = 7
"""Steps of the longest case here, and of the longest that is drawn."""


@dataclass(frozen=True, eq=False)
class Rung:
    """Cases, smallest first, of the same size the plainest; and the questions that they are."""

    cases: tuple[Case, ...]
    questions: Batch


@functools.cache
def rung(check: str, number: int) -> Rung:
    """Rung `number` (from 0) of a check; what has no certain answer is left out."""
    every = (args for args in _arguments(check, number) if in_domain(check, args))
    cases = sorted((Case(args, expected(check, args)) for args in every), key=_plainest)
    return Rung(tuple(cases), Batch(tuple(Question(check, case.args) for case in cases)))


def _plainest(case: Case) -> tuple[object, ...]:
    return *size_key(case)[:3], sum(np.count_nonzero(arg) for arg in case.args)


def _arguments(check: str, number: int) -> Iterator[tuple[Arg, ...]]:
    if check in {"relu", "relu_derivative"}:
        yield from ((_array(S),) for S in _ELEMENTS[number])
        return
    for X in (X for shape in _SHAPES[number] for X in _inputs(shape)):
        if check == "count_targets":
            yield (X,)
            continue
        weights = tuple((_array(Wxs), _array(Wrec)) for Wxs, Wrec in _WEIGHTS[check])
        if check in {"forward", "predict_counts"}:
            yield from ((X, *pair) for pair in weights)
            continue
        asked = product(_targets(X), weights)
        if check == "bptt_gradients":
            yield from ((X, T, *pair) for T, pair in asked)
        else:
            yield from ((X, T, *pair, *schedule) for (T, pair), schedule in product(asked, _SCHEDULES))


def _inputs(shape: tuple[int, int]) -> Iterable[np.ndarray]:
    size = shape[0] * shape[1]
    if size <= 2:
        rows: Iterable[object] = product((0.0, 1.0), repeat=size)
    else:
        rows = (*np.eye(size), np.zeros(size), np.ones(size))
    return (_array(row).reshape(shape) for row in rows)


def _targets(X: np.ndarray) -> Iterator[np.ndarray]:
    yield np.zeros_like(X)
    if X.size <= 2:
        yield from (_array(row).reshape(X.shape) for row in np.eye(X.size))


def _array(values: object) -> np.ndarray:
    return np.array(values, dtype=np.float32)
