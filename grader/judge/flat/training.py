"""The training of a flat script, measured by the gradients that the script itself uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from grader.cases import Case
from grader.contract_flat import FLAT_BY_NAME
from grader.judge.findings import error_of, place_of
from grader.judge.flat.habits import Habits
from grader.judge.flat.steps import ITERATIONS, RATES, ULP, WEIGHTS, asked, nth, pair_text, real_steps, start_of
from grader.judge.flat.subject import HELD_WREC, HELD_WXS, FlatSubject, Run
from grader.messages import say
from grader.model import CheckVerdict, Diagnosis, Observation, PropertyStatus, PropertyVerdict, Raised, TimedOut

__all__ = ["judge_train"]

_NEAR = 1e-5
_HELD_ALONE = (HELD_WXS, HELD_WREC)


@dataclass(frozen=True)
class _Shown:
    """What one case showed: where the weights `stay` with a rate of 0, how they `moved` with each of two others."""

    case: Case
    gradient: np.ndarray
    stay: np.ndarray | None
    moved: tuple[np.ndarray, ...]
    several: Run

    @property
    def kept(self) -> np.ndarray:
        """Of each weight, whether it is where it was."""
        if self.stay is None:
            return np.zeros(2, dtype=bool)
        return np.asarray(np.isclose(self.stay, start_of(self.case), rtol=_NEAR, atol=_NEAR).all(axis=0))

    @property
    def as_ever(self) -> np.ndarray:
        """Of each weight, whether it moves with a rate of 0 as with any."""
        if self.stay is None:
            return np.zeros(2, dtype=bool)
        return np.asarray(np.isclose(start_of(self.case) - self.stay[0], self.moved[0], rtol=1e-3))


@dataclass
class _Training:
    """What training showed on all cases: for each property the first thing that was wrong."""

    failed: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def wrong(self, prop: str, message: str, code: str | None = None) -> None:
        self.failed.setdefault(prop, message)
        if code is not None:
            self.codes.setdefault(code, message)


def judge_train(
    subject: FlatSubject, cases: Sequence[Case], habits: Habits, *, limit_s: float, outputs: str = ""
) -> CheckVerdict:
    """Start, learning rate, iterations, both weights; `outputs` is the script's name for them."""
    if not habits.moves:
        return _unanswered(habits.faults)
    questions = [
        question
        for case in cases
        for question in (
            asked(subject, case, l_r=0.0, n_iter=2, flags=0),
            *(asked(subject, case, l_r=rate, n_iter=1, flags=0) for rate in RATES),
            asked(subject, case, l_r=RATES[1], flags=0),
        )
    ]
    seen = list(subject.runs(questions, limit_s=limit_s))
    runs = [each for each in seen if isinstance(each, Run)]
    if len(runs) < len(questions):
        return _unanswered([each for each in seen if not isinstance(each, Run)])
    per_case = len(questions) // len(cases)
    shown = [_shown(case, habits, i, runs[i * per_case : (i + 1) * per_case]) for i, case in enumerate(cases)]
    found = _Training()
    _start(found, shown, habits)
    if "start" not in found.failed:
        _learning_rate(found, shown, habits, subject, limit_s)
        _iterations(found, shown, habits)
    _both_move(found, habits)
    _later(found, shown, habits, subject, limit_s, outputs)
    count = len(questions) + len(cases)
    return _verdict(found, len(cases), count)


def _verdict(found: _Training, cases: int, count: int) -> CheckVerdict:
    properties = tuple(
        PropertyVerdict(prop.name, "failed" if prop.name in found.failed else "passed", cases,
                        found.failed.get(prop.name, ""))
        for prop in FLAT_BY_NAME["train"].properties
    )  # fmt: skip
    if not found.failed:
        return CheckVerdict("train", "passed", properties, say("check.passed", examples=count))
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


def _shown(case: Case, habits: Habits, index: int, runs: Sequence[Run]) -> _Shown:
    still, *stepped, several = runs
    moves, at = habits.moves[index], habits.reading.at
    gradient = -np.array([moves[at[w], w] if at[w] < len(moves) else np.nan for w in (0, 1)])
    stays = [each for i in range(2) if (each := nth(still, i)) is not None]
    moved = tuple(start_of(case) - _first(run) for run in stepped)
    return _Shown(case, gradient, np.array(stays) if stays else None, moved, several)


def _first(run: Run) -> np.ndarray:
    return np.array([w[0] if len(w) else np.nan for w in (run.Wxs, run.Wrec)])


# ---------------------------------------------------------------------------- start
def _start(found: _Training, shown: Sequence[_Shown], habits: Habits) -> None:
    """With a rate of 0 the weights stay; a rate of the script's own is another mistake."""
    other = next((each for each in shown if not (each.kept | each.as_ever).all()), None)
    if other is None:
        return
    if habits.wanders:
        found.wrong("start", say("flat.wanders"), "general.nondeterministic")
        return
    start = start_of(other.case)
    got = "nothing" if other.stay is None else pair_text(other.stay[np.argmax(_left(other.stay, start))])
    message = say("flat.start", start=f"({start[0]:g}, {start[1]:g})", got=got)
    found.wrong("start", message, "train.ignores_initial_weights" if _own_start(shown) else None)


def _left(stay: np.ndarray, start: np.ndarray) -> np.ndarray:
    left: np.ndarray = ~np.isclose(stay, start, rtol=_NEAR, atol=_NEAR).all(axis=1)
    return left


def _own_start(shown: Sequence[_Shown]) -> bool:
    """Whether some weight is at one place whatever start was given."""
    stays = [each.stay[0] for each in shown if each.stay is not None]
    if len(stays) < len(shown):
        return False
    kept, given = np.array(stays), np.array([start_of(each.case) for each in shown])
    return bool((np.isclose(kept, kept[:1]).all(axis=0) & ~np.isclose(given, given[:1]).all(axis=0)).any())


# ---------------------------------------------------------------------------- learning rate
def _learning_rate(
    found: _Training, shown: Sequence[_Shown], habits: Habits, subject: FlatSubject, limit_s: float
) -> None:
    asked_for = np.array(habits.reading.at) == 0  # a weight that moves later moves from elsewhere
    right = np.array([_at_rate(each) | ~asked_for for each in shown])
    if right.all():
        return
    every = right.all(axis=0)
    first = next(each for each, fine in zip(shown, right, strict=True) if not fine.all())
    if all(np.isclose(each.moved[0], each.moved[1], rtol=1e-3)[~every].all() for each in shown):
        at = int(np.argmin(every))
        rate = first.moved[0][at] / first.gradient[at] if first.gradient[at] else np.nan
        message = say("train.ignores_learning_rate", rate=f"{rate:.3g}")
        found.wrong("learning_rate", message, "train.ignores_learning_rate")
    elif every.sum() == 1 and _is_sequential(shown, int(np.argmax(every)), subject, limit_s):
        message = say("train.sequential_update", weight=WEIGHTS[int(np.argmax(every))])
        found.wrong("learning_rate", message, "train.sequential_update")
    else:
        expected, got = pair_text(RATES[0] * first.gradient), pair_text(first.moved[0])
        found.wrong("learning_rate", say("flat.learning_rate", rate=f"{RATES[0]:g}", expected=expected, got=got))


def _at_rate(shown: _Shown) -> np.ndarray:
    """Of each weight, whether it moves by the rate times its gradient, with both rates."""
    start = start_of(shown.case)
    right = [_moves_by(rate * shown.gradient, moved, start) for rate, moved in zip(RATES, shown.moved, strict=True)]
    return np.asarray(np.all(right, axis=0))


def _moves_by(expected: np.ndarray, moved: np.ndarray, start: np.ndarray) -> np.ndarray:
    room = ULP * (np.abs(start) + np.abs(moved)) + _NEAR * np.abs(expected)
    return np.asarray(np.abs(moved - expected) <= room)


def _is_sequential(shown: Sequence[_Shown], first: int, subject: FlatSubject, limit_s: float) -> bool:
    """Whether the other weight moves as it should once the `first` one's update is taken back at once."""
    questions = [asked(subject, each.case, l_r=RATES[0], n_iter=1, flags=_HELD_ALONE[first]) for each in shown]
    runs = [run for run in subject.runs(questions, limit_s=limit_s) if isinstance(run, Run)]
    if len(runs) < len(questions):
        return False
    moved = [start_of(each.case) - _first(run) for each, run in zip(shown, runs, strict=True)]
    pairs = zip(shown, moved, strict=True)
    return all(_moves_by(RATES[0] * each.gradient, move, start_of(each.case))[1 - first] for each, move in pairs)


# ---------------------------------------------------------------------------- iterations
def _iterations(found: _Training, shown: Sequence[_Shown], habits: Habits) -> None:
    """Each iteration updates every weight that is updated at all."""
    for each, moves in zip(shown, habits.moves, strict=True):
        count = len(each.several.Wxs)
        moving = (moves != 0).sum(axis=0)
        if len(moves) == ITERATIONS and moving.any():
            count = min(count, int(moving[moving > 0].min()))
        if count < ITERATIONS and each.gradient.any():
            message = say("flat.iterations", asked=ITERATIONS, count=count)
            found.wrong("iterations", message, "train.iteration_count")


def _both_move(found: _Training, habits: Habits) -> None:
    for name in WEIGHTS:
        if name not in habits.moving:
            found.wrong("both_weights", say("train.frozen_weight", weight=name), "train.frozen_weight")


# ---------------------------------------------------------------------------- later updates
def _later(
    found: _Training,
    shown: Sequence[_Shown],
    habits: Habits,
    subject: FlatSubject,
    limit_s: float,
    outputs: str,
) -> None:
    """Later updates go by the same rate, and by the gradient at the weights that they start from."""
    if found.failed or habits.random or habits.kept in {"sums", "something"}:  # told there, or the gradient's
        return
    if habits.kept == "multiples" and habits.factors is not None:
        iteration, w = np.unravel_index(int(np.argmax(np.abs(habits.factors - 1))), habits.factors.shape)
        message = say(
            "flat.later_steps",
            iteration=int(iteration) + 1,
            weight=WEIGHTS[w],
            factor=f"{habits.factors[iteration, w]:.3g}",
        )
        found.wrong("learning_rate", message)
        return
    steps = real_steps(subject, [each.case for each in shown], [each.several for each in shown], limit_s=limit_s)
    other = next((step for step in steps if not step.by(step.afresh).all()), None)
    if other is not None:
        stale = outputs and all(_same_outputs(subject, each) for each in shown)
        message = say("flat.stale", name=outputs) if stale else say("flat.not_its_own", iteration=other.iteration)
        found.wrong("learning_rate", message)


def _same_outputs(subject: FlatSubject, shown: _Shown) -> bool:
    """Whether the second iteration of a training has the outputs of the first, though a weight has moved."""
    X = shown.case.args[0]
    first, later = subject.states(shown.several.Y, X), subject.states(shown.several.Y_later, X)
    return isinstance(first, np.ndarray) and isinstance(later, np.ndarray) and np.array_equal(first, later)
