"""What only a flat script is asked: whether its training trains, and whether an iteration leaves something behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from grader.cases import Case, CheckCases
from grader.contract_flat import FLAT_BY_NAME
from grader.judge.findings import error_of, place_of
from grader.judge.flat.subject import HELD, ONES, PLACE, FlatSubject, Run
from grader.messages import say
from grader.model import (
    CheckVerdict,
    Counterexample,
    Diagnosis,
    Observation,
    PropertyStatus,
    PropertyVerdict,
    Question,
    Raised,
    TimedOut,
)

__all__ = ["Again", "judge_train", "places_that_matter", "same_again", "states_again", "telling"]

_CASES = 4
_NEAR = 1e-5
_ULP = 2.0**-22
_RATES = (0.25, 0.015625)
_ITERATIONS = 3
_WEIGHTS = ("Wxs", "Wrec")


def telling(cases: CheckCases) -> list[Case]:
    """A few cases of the gradient in which both parts are well away from 0."""
    found = [
        case
        for name, case in cases
        if name in {"positive_weights", "negative_weights"}
        and all(part is not None and abs(float(part.low)) > 0.1 for part in case.parts)
    ]
    return found[:_CASES]


def _asked(subject: FlatSubject, case: Case, *, l_r: float = 1.0, n_iter: int = 1, flags: int = HELD) -> Question:
    X, T, Wxs, Wrec = case.args
    assert isinstance(X, np.ndarray)
    assert isinstance(T, np.ndarray)
    return subject.question(X, Wxs, Wrec, T=T, l_r=l_r, n_iter=n_iter, flags=flags)


def _start(case: Case) -> np.ndarray:
    return np.array([float(np.asarray(w)) for w in case.args[2:4]])


# ---------------------------------------------------------------------------- train
@dataclass
class _Training:
    """What training showed on all cases: for each property the first thing that was wrong."""

    failed: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def wrong(self, prop: str, message: str, code: str | None = None) -> None:
        self.failed.setdefault(prop, message)
        if code is not None:
            self.codes.setdefault(code, message)


def judge_train(subject: FlatSubject, cases: Sequence[Case], *, limit_s: float) -> CheckVerdict:
    """Start, learning rate, iterations, both weights: measured by the gradients that the script itself uses."""
    spec = FLAT_BY_NAME["train"]
    questions = [
        question
        for case in cases
        for question in (
            _asked(subject, case),
            _asked(subject, case, l_r=0.0, n_iter=2, flags=0),
            *(_asked(subject, case, l_r=rate, flags=0) for rate in _RATES),
            _asked(subject, case, l_r=_RATES[1], n_iter=_ITERATIONS, flags=0),
            _asked(subject, case, n_iter=_ITERATIONS),
        )
    ]
    seen = list(subject.runs(questions, limit_s=limit_s))
    runs = [each for each in seen if isinstance(each, Run)]
    if len(runs) < len(questions):
        return _unanswered([each for each in seen if not isinstance(each, Run)])
    found = _Training()
    per_case = len(questions) // len(cases)
    for index, case in enumerate(cases):
        _look(found, case, runs[index * per_case : (index + 1) * per_case])
    _both_move(found, cases, runs[::per_case])
    properties = tuple(
        PropertyVerdict(prop.name, "failed" if prop.name in found.failed else "passed", len(cases),
                        found.failed.get(prop.name, ""))
        for prop in spec.properties
    )  # fmt: skip
    if not found.failed:
        return CheckVerdict("train", "passed", properties, say("check.passed", examples=len(questions)))
    diagnoses = tuple(Diagnosis(code, message) for code, message in found.codes.items())
    return CheckVerdict("train", "failed", properties, next(iter(found.failed.values())), diagnoses)


def _unanswered(faults: Sequence[Observation]) -> CheckVerdict:
    fault = faults[0] if faults else None
    status: PropertyStatus = "timeout" if isinstance(fault, TimedOut) else "error"
    message = say("flat.loop_ends")
    if isinstance(fault, Raised):
        message = say("flat.loop_raises", error=error_of(fault), place=place_of(fault.location))
    names = [prop.name for prop in FLAT_BY_NAME["train"].properties]
    return CheckVerdict("train", status, tuple(PropertyVerdict(name, status, 0, message) for name in names), message)


def _look(found: _Training, case: Case, runs: Sequence[Run]) -> None:
    held, still, *stepped, several, repeated = runs
    start = _start(case)
    gradient = -_first(held)
    moved = [start - _first(run) for run in stepped]
    kept = np.array([still.Wxs, still.Wrec]) if len(still.Wxs) and len(still.Wxs) == len(still.Wrec) else None
    if kept is None or not np.allclose(kept.T, start, rtol=_NEAR, atol=_NEAR):
        if kept is not None and np.allclose(start - kept[:, 0], moved[0], rtol=1e-3):  # it moves as with any rate
            return _learning_rate(found, start, gradient, moved)
        shown = "nothing" if kept is None else f"({kept[0, 0]:.6g}, {kept[1, 0]:.6g})"
        message = say("flat.start", start=f"({start[0]:g}, {start[1]:g})", got=shown)
        return found.wrong("start", message, "train.ignores_initial_weights" if kept is not None else None)
    _learning_rate(found, start, gradient, moved)
    count = len(several.Wxs)
    if len(repeated.Wxs) == _ITERATIONS:
        count = min(count, int((np.array([repeated.Wxs, repeated.Wrec]) != 0).any(axis=0).sum()))
    if count < _ITERATIONS and gradient.any():
        found.wrong("iterations", say("flat.iterations", asked=_ITERATIONS, count=count), "train.iteration_count")
    return None


def _first(run: Run) -> np.ndarray:
    return np.array([w[0] if len(w) else np.nan for w in (run.Wxs, run.Wrec)])


def _learning_rate(found: _Training, start: np.ndarray, gradient: np.ndarray, moved: Sequence[np.ndarray]) -> None:
    right = [
        np.abs(move - rate * gradient) <= _ULP * (np.abs(start) + np.abs(move)) + _NEAR * np.abs(rate * gradient)
        for rate, move in zip(_RATES, moved, strict=True)
    ]
    if np.all(right):
        return
    same = np.isclose(moved[0], moved[1], rtol=1e-3) & (moved[0] != 0)
    if same[~np.all(right, axis=0)].all():
        at = int(np.argmax(same))
        rate = moved[0][at] / gradient[at] if gradient[at] else np.nan
        message = say("train.ignores_learning_rate", rate=f"{rate:.3g}")
        found.wrong("learning_rate", message, "train.ignores_learning_rate")
        return
    wrong = ~np.all(right, axis=0)
    if wrong.sum() == 1:  # the other one moves as it should
        first = _WEIGHTS[int(np.argmin(wrong))]
        found.wrong("learning_rate", say("train.sequential_update", weight=first), "train.sequential_update")
        return
    message = say(
        "flat.learning_rate", rate=f"{_RATES[0]:g}", expected=_pair(_RATES[0] * gradient), got=_pair(moved[0])
    )
    found.wrong("learning_rate", message)


def _pair(values: np.ndarray) -> str:
    return f"({values[0]:.6g}, {values[1]:.6g})"


def _both_move(found: _Training, cases: Sequence[Case], held: Sequence[Run]) -> None:
    moves = np.array([_first(run) for run in held])
    for i, name in enumerate(_WEIGHTS):
        if len(cases) and not (moves[:, i] != 0).any():
            found.wrong("both_weights", say("train.frozen_weight", weight=name), "train.frozen_weight")


# ---------------------------------------------------------------------------- from one iteration to the next
def states_again(subject: FlatSubject, cases: Sequence[Case], *, limit_s: float) -> PropertyVerdict:
    """Ask for the outputs of two iterations with the same weights."""
    questions = [_asked(subject, case, l_r=0.0, n_iter=2) for case in cases]
    seen = [run for run in subject.runs(questions, limit_s=limit_s) if isinstance(run, Run)]
    if len(seen) < len(questions) or not seen:
        return PropertyVerdict("same_again", "blocked", 0, say("case.no_answers"))
    for case, run in zip(cases, seen, strict=True):
        X = case.args[0]
        first, later = subject.states(run.Y, X), subject.states(run.Y_later, X)
        if not isinstance(first, np.ndarray) or not isinstance(later, np.ndarray):  # it stops once nothing changes
            continue
        if first.shape != later.shape or not np.allclose(first, later, rtol=_NEAR, equal_nan=True):
            shown = json.dumps(np.asarray(X).astype(int).tolist())
            return PropertyVerdict("same_again", "failed", len(cases), say("flat.states_differ", inputs=shown))
    return PropertyVerdict("same_again", "passed", len(cases))


@dataclass(frozen=True)
class Again:
    """Whether the gradient stays the same: `accumulates` from one iteration to the next, `uninitialised` memory."""

    verdict: PropertyVerdict
    accumulates: bool = False
    uninitialised: bool = False
    random: bool = False
    counterexample: Counterexample | None = None


def same_again(subject: FlatSubject, cases: Sequence[Case], *, fresh: bool, limit_s: float) -> Again:
    """Ask for the gradients of two iterations from the same weights, twice; `fresh`: once more with other memory."""
    name = "same_again"
    questions = []
    for case in cases:
        questions += [_asked(subject, case, n_iter=2), _asked(subject, case, n_iter=2)]
        questions += [_asked(subject, case, n_iter=2, flags=HELD | ONES)] if fresh else []
    seen = list(subject.runs(questions, limit_s=limit_s))
    runs = [each for each in seen if isinstance(each, Run)]
    if len(runs) < len(questions) or not runs:
        return Again(PropertyVerdict(name, "blocked", 0, say("case.no_answers")))
    per_case = len(questions) // len(cases)
    random = accumulates = uninitialised = False
    message = ""
    example = None
    for index, case in enumerate(cases):
        first, second, *ones = runs[index * per_case : (index + 1) * per_case]
        random |= not _alike(_first(first), _first(second), case)
        later = _nth(first, 1)
        if later is not None and not _alike(_first(first), later, case) and not accumulates:
            accumulates = True
            message = say("flat.accumulates", first=_pair(-_first(first)), second=_pair(-later))
            example = _example(case, -_first(first), -later)
        uninitialised |= bool(ones) and not _same_moves(first, ones[0], case)
    if not any(_nth(run, 1) is not None for run in runs) and not random:  # it stops early, seeing nothing change
        accumulates = _moves_differ_later(subject, cases, limit_s)
        message = say("flat.accumulates_later") if accumulates else message
    if random:
        message, accumulates = say("flat.random"), False
    elif uninitialised and not accumulates:
        message = say("general.uninitialised_memory")
    status: PropertyStatus = "failed" if random or accumulates or uninitialised else "passed"
    return Again(PropertyVerdict(name, status, len(cases), message), accumulates, uninitialised, random, example)


def places_that_matter(subject: FlatSubject, case: Case, count: int, *, limit_s: float) -> list[int]:
    """Which of `count` places where memory is used as it lies change the gradients, by index."""
    flags = [HELD, *(HELD | ONES | PLACE * (index + 1) for index in range(count))]
    questions = [_asked(subject, case, n_iter=2, flags=each) for each in flags]
    seen = list(subject.runs(questions, limit_s=limit_s))
    runs = [each for each in seen if isinstance(each, Run)]
    if len(runs) < len(questions):
        return []
    return [index for index, run in enumerate(runs[1:]) if not _same_moves(runs[0], run, case)]


def _moves_differ_later(subject: FlatSubject, cases: Sequence[Case], limit_s: float) -> bool:
    """Whether the second of two real updates is not by the gradient that a fresh run uses from there."""
    rate = _RATES[1]
    questions = [_asked(subject, case, l_r=rate, n_iter=2, flags=0) for case in cases]
    paths = [run for run in subject.runs(questions, limit_s=limit_s) if isinstance(run, Run)]
    pairs = [(case, _nth(run, 0), _nth(run, 1)) for case, run in zip(cases, paths, strict=False)]
    steps = [(case, a, b) for case, a, b in pairs if a is not None and b is not None]
    moved = [Case((*case.args[:2], *(np.asarray(w, dtype=np.float32) for w in a)), case.parts) for case, a, _ in steps]
    runs = list(subject.runs([_asked(subject, case) for case in moved], limit_s=limit_s))
    for (_, a, b), run in zip(steps, runs, strict=False):
        if not isinstance(run, Run):
            continue
        expected, room = _first(run), 4 * _ULP * (np.abs(a) + np.abs(b)) / rate
        if not np.all(np.abs((b - a) / rate - expected) <= room + 1e-3 * np.abs(expected)):
            return True
    return False


def _nth(run: Run, index: int) -> np.ndarray | None:
    if min(len(run.Wxs), len(run.Wrec)) <= index:
        return None
    return np.array([run.Wxs[index], run.Wrec[index]])


def _alike(a: np.ndarray, b: np.ndarray, case: Case) -> bool:
    room = 4 * _ULP * (np.abs(_start(case)) + np.abs(a) + np.abs(b))
    return bool((np.isnan(a) == np.isnan(b)).all() and np.all((np.abs(a - b) <= room) | np.isnan(a)))


def _same_moves(a: Run, b: Run, case: Case) -> bool:
    pairs = [(_nth(a, i), _nth(b, i)) for i in range(min(len(a.Wxs), len(b.Wxs)))]
    return all(x is None or y is None or _alike(x, y, case) for x, y in pairs)


def _example(case: Case, first: np.ndarray, second: np.ndarray) -> Counterexample:
    names = ("X", "T", "Wxs", "Wrec")
    inputs = {name: np.asarray(arg).tolist() for name, arg in zip(names, case.args, strict=True)}
    gradients = [dict(zip(("dWxs", "dWrec"), pair.tolist(), strict=True)) for pair in (first, second)]
    return Counterexample(inputs, gradients[0], gradients[1])
