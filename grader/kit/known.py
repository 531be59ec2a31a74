"""The answers that known mistakes give to public cases: what the student kit compares with, in place of the mistakes.

Each mistake is made alone, gradients also with their sign turned, for `T - Y` is written so often. Names and messages
are the diagnoser's own: it is asked about each set of answers as about a submission's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np

from grader.cases import Case, CaseBank, CheckCases
from grader.contract import CHECKS, CheckSpec
from grader.diagnose import Diagnoser
from grader.diagnose.algebra import ERRORS, INPUTS, MASKS, MEANS, PAIRS, POWERS, STATES, Recurrence
from grader.diagnose.batch import pack
from grader.diagnose.descent import Descent, Run, descend, descents
from grader.diagnose.family import Family
from grader.diagnose.states import Pass, passes, run
from grader.diagnose.trace import BACKWARDS, departure
from grader.judge import Finding
from grader.judge.findings import MAX_INLINE, find, size_key
from grader.judge.way import right_trace
from grader.messages import say
from grader.model import Answered, Diagnosis, Value

__all__ = ["Known", "known_mistakes"]

Answers: TypeAlias = Sequence[Value]
"""One for each case, in the order asked."""

Way: TypeAlias = Callable[[Case], "Mapping[str, object] | None"]

_OF_THE_SIGN = frozenset({"gradient.sign", "gradient.accumulates_between_calls"})
_RIGHT = Recurrence(0, 0, 0, 0, 0)
_RATES = (1.0, 0.5, 0.1, 0.05, 0.01, 0.005, 0.001, 0.0002, 0.0001)
_STARTS = ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.1, 0.1), (2.0, 2.0))
_SCALES = (0.5, 2.0)


@dataclass(frozen=True, eq=False)
class Known:
    """A mistake by what it answers: the parts that each case asks for, None where an answer has another form.

    `trace` is the one of the smallest case that it fails, whose position is `at`.
    """

    diagnoses: tuple[Diagnosis, ...]
    answers: tuple[tuple[np.ndarray | None, ...], ...]
    at: int
    trace: Mapping[str, object] | None


def known_mistakes(bank: CaseBank) -> dict[str, tuple[Known, ...]]:
    """Of each check the mistakes that its cases show, those with the fewest codes first."""
    diagnoser = Diagnoser(bank)
    found = {}
    for spec in CHECKS:
        cases = bank[spec.name]
        known: list[Known] = []
        with np.errstate(all="ignore"):  # mistaken trainings overflow
            for answers in _MISTAKEN[spec.name](cases):
                known += _known(spec, cases, answers, diagnoser)
        found[spec.name] = tuple(sorted(_distinct(known), key=lambda each: len(each.diagnoses)))
    return found


def _known(spec: CheckSpec, cases: CheckCases, answers: Answers, diagnoser: Diagnoser) -> list[Known]:
    """The mistake with these answers, of a gradient also with its sign turned; none where it has no name."""
    findings = _findings(spec, cases, answers)
    insight = diagnoser(spec, cases, findings)
    if insight is None:
        return []
    found = [_stored(spec, findings, insight.diagnoses, insight.explanation.trace)]
    if spec.name == "bptt_gradients" and not any(d.code in _OF_THE_SIGN for d in insight.diagnoses):
        turned = _findings(spec, cases, [tuple(-part for part in answer) for answer in answers])  # type: ignore[union-attr,operator]
        sign = Diagnosis("gradient.sign", say("gradient.sign"))
        found.append(_stored(spec, turned, (*insight.diagnoses, sign), _turned(insight.explanation.trace)))
    return found


def _findings(spec: CheckSpec, cases: CheckCases, answers: Answers) -> list[Finding]:
    return [find(spec, case, Answered(value)) for (_, case), value in zip(cases, answers, strict=True)]


def _stored(spec: CheckSpec, findings: Sequence[Finding], diagnoses: tuple[Diagnosis, ...], way: Way | None) -> Known:
    wrong = [i for i, finding in enumerate(findings) if finding.kind == "wrong"]
    at = min(wrong, key=lambda i: size_key(findings[i].case), default=0)
    case = findings[at].case
    small = max(np.size(arg) for arg in case.args) <= MAX_INLINE
    right = right_trace(spec.name, case.args) if small else None
    yours = way(case) if right and way else None
    departs = departure(right, yours) if right and yours else None
    trace = None if departs is None else {**(right or {}), "yours": yours, "departs": departs}
    return Known(diagnoses, tuple(map(_parts, findings)), at, trace)


def _turned(way: Way | None) -> Way | None:
    """A gradient's way with the sign turned."""
    if way is None:
        return None

    def turned(case: Case) -> Mapping[str, object] | None:
        table = way(case)
        if table is None:
            return None
        return {
            name: (0.0 - np.asarray(column, dtype=np.float64)).tolist() if name in BACKWARDS else column
            for name, column in table.items()
        }

    return turned


def _parts(finding: Finding) -> tuple[np.ndarray | None, ...]:
    """The parts asked for."""
    asked = [i for i, part in enumerate(finding.case.parts) if part is not None]
    return tuple(finding.answer[i] if finding.answer else None for i in asked)


def _distinct(known: Sequence[Known]) -> list[Known]:
    """The first with each set of answers."""
    kept: dict[bytes, Known] = {}
    for each in known:
        key = b"".join(b"-" if part is None else part.tobytes() for parts in each.answers for part in parts)
        kept.setdefault(key, each)
    return list(kept.values())


# ---------------------------------------------------------------------------- numbers and counts
def _curves(*curves: Callable[[np.ndarray], np.ndarray]) -> Callable[[CheckCases], Iterator[Answers]]:
    def mistaken(cases: CheckCases) -> Iterator[Answers]:
        for curve in curves:
            yield [np.asarray(curve(np.asarray(case.args[0], dtype=np.float64))) for _, case in cases]

    return mistaken


def _folded(S: np.ndarray) -> np.ndarray:
    return np.where(S > 0, S, -S)


def _leaky(slope: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda S: np.where(S > 0, S, slope * S)


def _step(below: float, at: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda S: np.where(S > 0, 1.0, np.where(S < 0, below, at))


_RELUS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    _leaky(1.0), _folded, _leaky(0.01), _leaky(0.1), _leaky(0.2),
    lambda S: np.where(S > 0, S, np.expm1(np.minimum(S, 0.0))),
)  # fmt: skip
_DERIVATIVES: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    _step(0.0, 1.0), _step(0.0, 0.5), _step(-1.0, 0.0), _step(0.01, 0.01), _step(0.1, 0.1), _step(1.0, 1.0),
    lambda S: np.maximum(S, 0.0), lambda S: S,
)  # fmt: skip
_COUNTS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda X: X.cumsum(0) - X,
    lambda X: np.broadcast_to(X.sum(0), X.shape),
    lambda X: X.cumsum(1),
    lambda X: X.cumsum(1) - X,
    lambda X: np.broadcast_to(X.sum(1, keepdims=True), X.shape),
)


# ---------------------------------------------------------------------------- states
def _cut(states: np.ndarray, cases: CheckCases) -> list[np.ndarray]:
    """Each case's own part of (r, k, j)."""
    shapes = [np.shape(case.args[0]) for _, case in cases]
    return [states[r, :steps, :sequences] for r, (steps, sequences) in enumerate(shapes)]


def _single(starts: Sequence[str] = ("zero", "sequence before")) -> Iterator[Pass]:
    """The passes with one mistake."""
    return (each for each in passes(starts) if len(each.mistakes()) == 1)  # type: ignore[arg-type]


def _states(cases: CheckCases) -> Iterator[Answers]:
    batch = pack([case for _, case in cases], targets=False)
    for chosen in _single():
        S, Y, _ = run(chosen, batch)
        yield list(zip(_cut(S, cases), _cut(Y, cases), strict=True))
    yield _left_behind(cases)


def _left_behind(cases: CheckCases) -> Answers:
    """Each call starts where the one before ended, if the number of sequences is the same."""
    answers: list[Value] = []
    last = np.zeros((1, 0))
    for _, case in cases:
        batch = pack([case], targets=False)
        S, Y, _ = run(Pass(), batch, last if last.shape == batch.X[:, 0].shape else None)
        last = Y[:, -1]
        answers.append((S[0], Y[0]))
    return answers


def _predictions(cases: CheckCases) -> Iterator[Answers]:
    batch = pack([case for _, case in cases], targets=False)
    for whole, chosen in ((np.trunc, Pass()), *((np.rint, each) for each in _single())):
        yield list(_cut(whole(run(chosen, batch)[1]), cases))


# ---------------------------------------------------------------------------- gradients
def _recurrences() -> Iterator[tuple[Recurrence, Recurrence]]:
    """For both parts, with one axis changed; the axis z, which is each part's own, in every pair."""
    axes = {"mask": MASKS, "error": ERRORS, "power": POWERS, "pairs": PAIRS, "mean": MEANS}
    for name, factors in axes.items():
        for i in range(1, len(factors)):
            changed = _RIGHT._replace(**{name: i})
            yield changed, changed
    yield _RIGHT._replace(mean=3), _RIGHT._replace(mean=3)
    for i, j in product(range(len(INPUTS)), range(len(STATES))):
        yield _RIGHT._replace(z=i), _RIGHT._replace(z=j)


def _gradients(cases: CheckCases) -> Iterator[Answers]:
    every = tuple(case for _, case in cases)
    family = Family(every)
    right = _pairs_of(family, _RIGHT, _RIGHT)
    for factor in _SCALES:
        yield [(factor * a, factor * b) for a, b in right]
    yield [(-a, -b) for a, b in right]
    yield [(b, a) for a, b in right]
    yield [(a, b) for a, b in np.cumsum(np.array(right), axis=0)]
    for first, second in _recurrences():
        yield _pairs_of(family, first, second)
    for chosen in _single():
        yield _pairs_of(Family(every, chosen), _RIGHT, _RIGHT)


def _pairs_of(family: Family, first: Recurrence, second: Recurrence) -> list[tuple[np.ndarray, np.ndarray]]:
    """The gradients, with the derivative that the exercise gives the ReLU at 0."""
    n = len(family.cases)  # after these the family's doubtful cases come again, with the other slope
    a, b = (family.contributions(way, zs).sum(axis=(1, 2))[:n] for way, zs in ((first, INPUTS), (second, STATES)))
    return [(np.asarray(x), np.asarray(y)) for x, y in zip(a, b, strict=True)]


# ---------------------------------------------------------------------------- training
def _trainings(cases: CheckCases) -> Iterator[Answers]:
    every = [case for _, case in cases]
    ways = [way for way in descents(_RATES, _STARTS) if len(way.mistakes()) <= 1]
    batch, counts = pack(every), [int(case.args[5]) for case in every]
    rates = np.array([float(case.args[4]) for case in every])
    walks = descend(ways, batch, rates, max(counts) + 1, np.float64)
    right = ways.index(Descent())
    for v in range(len(ways)):
        yield _walked(walks, v, counts)
    for more in (-1, 1):
        yield _walked(walks, right, [max(n + more, 0) for n in counts])
    for factors in _misreported(every):
        yield [
            (a, b, factor * losses)
            for factor, (a, b, losses) in zip(factors, _walked(walks, right, counts), strict=True)
        ]
    yield [(a, b, walks.losses[1 : n + 1, right, r]) for r, (n, (a, b, _)) in enumerate(_each(walks, right, counts))]
    yield [(np.asarray(1.0), np.asarray(1.0), losses) for _, _, losses in _walked(walks, right, counts)]


def _each(walks: Run, v: int, counts: Sequence[int]) -> list[tuple[int, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    return list(zip(counts, _walked(walks, v, counts), strict=True))


def _walked(walks: Run, v: int, counts: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Weights after each case's own number of updates, and the losses before each of them."""
    return [
        (walks.weights[n, 0, v, r], walks.weights[n, 1, v, r], walks.losses[:n, v, r]) for r, n in enumerate(counts)
    ]


def _misreported(cases: Sequence[Case]) -> Iterator[list[float]]:
    """What each case's losses are multiplied by: without the half, and means of three kinds."""
    shapes = [np.shape(case.args[0]) for case in cases]
    yield [2.0 for _ in shapes]
    for half in (1.0, 2.0):
        yield [half / steps for steps, _ in shapes]
        yield [half / sequences for _, sequences in shapes]
        yield [half / (steps * sequences) for steps, sequences in shapes]


_MISTAKEN: Mapping[str, Callable[[CheckCases], Iterator[Answers]]] = {
    "relu": _curves(*_RELUS),
    "relu_derivative": _curves(*_DERIVATIVES),
    "count_targets": _curves(*_COUNTS),
    "forward": _states,
    "bptt_gradients": _gradients,
    "train": _trainings,
    "predict_counts": _predictions,
}
