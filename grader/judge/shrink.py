"""Hypothesis looks for the smallest case that the student's function fails.

One to three steps of one or two sequences and weights such as 1 and 1/2 are tried first; only what these cannot show is
sought among longer ones. The search is seeded.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from random import Random

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, errors, find, settings
from hypothesis import strategies as st

from grader.cases.build import no_storage
from grader.judge.ladder import LONGEST
from grader.judge.search import OverError, Search, Shape
from grader.model import Arg

__all__ = ["draw"]

_MAX_TRIES = 100
_STAGES = ((1, 3), (2, LONGEST))
_EXAMPLES = 50  # drawn in each stage before giving up

_SETTINGS = settings(
    max_examples=_EXAMPLES,
    database=None,
    deadline=None,
    derandomize=False,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
)


def draw(search: Search, fixed: Shape) -> None:
    """Have Hypothesis look for what `search` fails, and keep in it the smallest. Raises OverError."""
    tries, before = count(), search.best

    def fails(args: tuple[Arg, ...]) -> bool:
        if next(tries) >= _MAX_TRIES:  # Hypothesis's own work counts: a try costs it as much as a call costs us
            raise OverError
        return search.fails(args)

    with no_storage():
        for steps in _STAGES:
            with suppress(errors.NoSuchExample, errors.Flaky):
                find(_small(search.spec.name, steps, fixed), fails, settings=_SETTINGS, random=Random(0))  # noqa: S311 - seeded
            if search.best is not before:
                return


# ---------------------------------------------------------------------------- small cases
_STEADY = (1.0, 0.5, 2.0, 0.75, 1.5)
_SIGNED = (1.0, 0.5, 2.0, -0.5, -2.0, 1.5, 0.75)


def _one_of(values: tuple[float, ...]) -> st.SearchStrategy[np.ndarray]:
    return st.sampled_from(values).map(np.float32).map(np.asarray)


@st.composite
def _matrix(draw: st.DrawFn, shape: tuple[int, int], values: tuple[float, ...]) -> np.ndarray:
    size = shape[0] * shape[1]
    entries = draw(st.lists(st.sampled_from(values), min_size=size, max_size=size))
    return np.array(entries, dtype=np.float32).reshape(shape)


def _small(check: str, steps: tuple[int, int], fixed: Shape) -> st.SearchStrategy[tuple[Arg, ...]]:
    """Arguments of `check` that shrink towards one step, one sequence, zeros, and weights of 1."""
    if check in {"relu", "relu_derivative"}:
        return st.tuples(_elementwise())
    rows, columns = st.integers(*steps), st.integers(1, 2)
    shapes = st.tuples(
        rows if fixed[0] is None else st.just(fixed[0]), columns if fixed[1] is None else st.just(fixed[1])
    )
    inputs = shapes.flatmap(lambda shape: _matrix(shape, (0.0, 1.0)))
    match check:
        case "count_targets":
            return st.tuples(inputs)
        case "forward":
            return st.tuples(inputs, _one_of((*_SIGNED, -1.0)), _one_of(_SIGNED))
        case "predict_counts":
            return st.tuples(inputs, _one_of((*_SIGNED, 0.75, 1.25, 0.625)), _one_of((*_SIGNED, 0.875)))
    with_targets = shapes.flatmap(
        lambda shape: st.tuples(_matrix(shape, (0.0, 1.0)), _matrix(shape, (0.0, 1.0, 0.5, 2.0, -1.0)))
    )
    if check == "bptt_gradients":
        pair = st.tuples(_one_of((*_STEADY, -1.0)), _one_of(_SIGNED))
        return st.tuples(with_targets, pair).map(lambda drawn: (*drawn[0], *drawn[1]))
    pair = st.tuples(_one_of((0.5, 1.0, 0.75)), _one_of((0.5, 1.0, 0.75)))
    schedule = st.tuples(st.sampled_from((0.125, 0.0625, 0.25)), st.integers(1, 3))
    return st.tuples(with_targets, pair, schedule).map(lambda drawn: (*drawn[0], *drawn[1], *drawn[2]))


@st.composite
def _elementwise(draw: st.DrawFn) -> np.ndarray:
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    size = int(np.prod(shape))
    entries = draw(st.lists(st.sampled_from((0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0)), min_size=size, max_size=size))
    return np.array(entries, dtype=np.float32).reshape(shape)
