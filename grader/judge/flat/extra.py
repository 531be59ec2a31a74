"""What only a flat script is asked: whether an iteration leaves something behind for the next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.cases import Case
from grader.judge.flat.habits import Habits, alike
from grader.judge.flat.steps import asked, nth, pair_text
from grader.judge.flat.subject import HELD, ONES, PLACE, FlatSubject, Run
from grader.messages import say
from grader.model import Counterexample, PropertyVerdict

__all__ = ["Again", "places_that_matter", "same_again", "states_again"]

_NEAR = 1e-5


def states_again(subject: FlatSubject, cases: Sequence[Case], *, limit_s: float) -> PropertyVerdict:
    """Ask for the outputs of two iterations with the same weights."""
    questions = [asked(subject, case, l_r=0.0, n_iter=2) for case in cases]
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


def same_again(subject: FlatSubject, cases: Sequence[Case], habits: Habits, *, fresh: bool, limit_s: float) -> Again:
    """Whether held weights move alike again; `fresh`: with other memory, too."""
    name = "same_again"
    if not habits.moves:
        return Again(PropertyVerdict(name, "blocked", 0, say("case.no_answers")))
    uninitialised = fresh and _on_memory(subject, cases, limit_s)
    message = ""
    example = None
    if habits.random:
        message = say("flat.random")
    elif habits.kept in {"sums", "something"}:
        message, example = _left_over(cases, habits)
    elif uninitialised:
        message = say("general.uninitialised_memory")
    accumulates = habits.kept == "sums" and not habits.random
    verdict = PropertyVerdict(name, "failed" if message else "passed", len(cases), message)
    return Again(verdict, accumulates, uninitialised, habits.random, example)


def _on_memory(subject: FlatSubject, cases: Sequence[Case], limit_s: float) -> bool:
    questions = [asked(subject, case, n_iter=2, flags=flags) for case in cases for flags in (HELD, HELD | ONES)]
    runs = [run for run in subject.runs(questions, limit_s=limit_s) if isinstance(run, Run)]
    if len(runs) < len(questions):
        return False
    return not all(_same_moves(a, b, case) for a, b, case in zip(runs[::2], runs[1::2], cases, strict=True))


def _left_over(cases: Sequence[Case], habits: Habits) -> tuple[str, Counterexample | None]:
    """The first case in which an iteration does not use the gradient of the first; none where it stops too early."""
    for case, moves in zip(cases, habits.moves, strict=True):
        for later in moves[1:]:
            if not alike(moves[0], later, case):
                message = say("flat.accumulates", first=pair_text(-moves[0]), second=pair_text(-later))
                return message, _example(case, -moves[0], -later)
    return say("flat.accumulates_later"), None


def places_that_matter(subject: FlatSubject, case: Case, count: int, *, limit_s: float) -> list[int]:
    """Which of `count` places where memory is used as it lies change the gradients, by index."""
    flags = [HELD, *(HELD | ONES | PLACE * (index + 1) for index in range(count))]
    questions = [asked(subject, case, n_iter=2, flags=each) for each in flags]
    seen = list(subject.runs(questions, limit_s=limit_s))
    runs = [each for each in seen if isinstance(each, Run)]
    if len(runs) < len(questions):
        return []
    return [index for index, run in enumerate(runs[1:]) if not _same_moves(runs[0], run, case)]


def _same_moves(a: Run, b: Run, case: Case) -> bool:
    pairs = [(nth(a, i), nth(b, i)) for i in range(min(len(a.Wxs), len(b.Wxs)))]
    return all(x is None or y is None or alike(x, y, case) for x, y in pairs)


def _example(case: Case, first: np.ndarray, second: np.ndarray) -> Counterexample:
    names = ("X", "T", "Wxs", "Wrec")
    inputs = {name: np.asarray(arg).tolist() for name, arg in zip(names, case.args, strict=True)}
    gradients = [dict(zip(("dWxs", "dWrec"), pair.tolist(), strict=True)) for pair in (first, second)]
    return Counterexample(inputs, gradients[0], gradients[1])
