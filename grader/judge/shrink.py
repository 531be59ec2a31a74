"""Live shrinking: Hypothesis looks for the smallest case that the student's function fails.

Small means: few numbers to trace by hand. One to three steps of one or two sequences and
weights such as 1 and 1/2 are tried first; only what these cannot show is sought among longer
ones. Expected values come from the oracle, so nothing at a kink is asked. The search is
seeded and bounded by calls; the clock is a safety net for slow submissions only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, errors, find, settings
from hypothesis import strategies as st

from grader.cases import Case
from grader.cases.build import no_storage
from grader.cases.oracle import expected, in_domain
from grader.contract import CheckSpec
from grader.judge import findings
from grader.judge.findings import Finding, size_key
from grader.model import Arg, Question, Subject

__all__ = ["shrink"]

_MAX_CALLS = 200
_MAX_TRIES = 100
_LIMIT_S = 15.0  # calls end every search but of very slow functions: the result must not hang on the clock
_STAGES = ((1, 3), (2, 7))
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


class _Stop(BaseException):
    """Out of budget. Not an Exception: Hypothesis would take that for another failure and go on."""


def shrink(  # noqa: PLR0913 - budget and limits, each by name
    spec: CheckSpec,
    subject: Subject,
    stored: Finding,
    *,
    max_calls: int = _MAX_CALLS,
    limit_s: float = _LIMIT_S,
    fixed: tuple[int | None, int | None] = (None, None),
    adapt: Callable[[Case], Case] | None = None,
) -> Finding | None:
    """The smallest case found that fails as `stored` does; None if none is found, or it does not fail again.

    `fixed`: the only (SeqL, NbSeq) that can be asked. `adapt` changes what is right, as it was for `stored`.
    """
    search = _Search(spec, subject, stored.kind, max_calls, time.monotonic() + limit_s, adapt)
    with no_storage():
        for steps in _STAGES:
            with suppress(_Stop, errors.NoSuchExample, errors.Flaky):
                find(_small(spec.name, steps, fixed), search.fails, settings=_SETTINGS, random=Random(0))  # noqa: S311 - seeded
            if search.best is not None or search.over:
                break
    return search.confirmed()


class _Search:
    """Asks one case after another and keeps the smallest that fails."""

    def __init__(
        self,
        spec: CheckSpec,
        subject: Subject,
        kind: str,
        max_calls: int,
        deadline: float,
        adapt: Callable[[Case], Case] | None,
    ) -> None:
        self.best: Finding | None = None
        self.over = False
        self._spec, self._subject, self._kind = spec, subject, kind
        self._calls_left, self._deadline, self._adapt = max_calls, deadline, adapt
        self._tries_left = _MAX_TRIES
        self._known: dict[tuple[bool, int, int, str], bool] = {}

    def fails(self, args: tuple[Arg, ...]) -> bool:
        """Whether the subject fails `args`; each is asked once. Raises _Stop when the budget is spent."""
        self._tries_left -= 1  # Hypothesis's own work counts: a try costs it as much as a call costs us
        if self._tries_left < 0:
            self.over = True
            raise _Stop
        key = size_key(Case(args, ()))
        if key not in self._known:
            # remembered too: whether training is stable takes longer to find out than to ask
            self._known[key] = in_domain(self._spec.name, args) and self._fails_anew(args, key)
        return self._known[key]

    def _fails_anew(self, args: tuple[Arg, ...], key: tuple[bool, int, int, str]) -> bool:
        seen = self._ask(args)
        if seen.kind == self._kind and (self.best is None or key < size_key(self.best.case)):
            self.best = seen
        return seen.kind == self._kind

    def _ask(self, args: tuple[Arg, ...]) -> Finding:
        left_s = self._deadline - time.monotonic()
        if self._calls_left <= 0 or left_s <= 0:
            self.over = True
            raise _Stop
        self._calls_left -= 1
        case = Case(args, expected(self._spec.name, args))
        case = self._adapt(case) if self._adapt else case
        seen = next(iter(self._subject.ask([Question(self._spec.name, args)], limit_s=left_s)), None)
        result = Finding(case, "blocked") if seen is None else findings.find(self._spec, case, seen)
        if result.kind in {"blocked", "timeout", "memory", "died"}:
            self.over = True
            raise _Stop
        return result

    def confirmed(self) -> Finding | None:
        """The smallest failing case if it fails in the very same way when asked again."""
        if self.best is None:
            return None
        self._calls_left, self._deadline = 1, max(self._deadline, time.monotonic() + 1.0)
        with suppress(_Stop):
            again = self._ask(self.best.case.args)
            same = all(
                (a is None and b is None) or np.array_equal(a, b, equal_nan=True)  # type: ignore[arg-type]
                for a, b in zip(self.best.answer, again.answer, strict=False)
            )
            if again.kind == self._kind and same:
                return self.best
        return None


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


def _small(
    check: str, steps: tuple[int, int], fixed: tuple[int | None, int | None]
) -> st.SearchStrategy[tuple[Arg, ...]]:
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
