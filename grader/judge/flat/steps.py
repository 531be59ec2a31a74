"""Real updates of a flat script, two in a row: what the second is, and what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.cases import Case, CheckCases
from grader.judge.flat.subject import HELD, FlatSubject, Run
from grader.model import Question

__all__ = [
    "ITERATIONS",
    "RATES",
    "ULP",
    "WEIGHTS",
    "Steps",
    "asked",
    "nth",
    "pair_text",
    "real_steps",
    "start_of",
    "summed",
    "telling",
]

ITERATIONS = 3
RATES = (0.25, 0.015625)
WEIGHTS = ("Wxs", "Wrec")
_CASES = 4
ULP = 2.0**-22


def telling(cases: CheckCases) -> list[Case]:
    """A few cases of the gradient in which both parts are well away from 0, with weights of both signs."""
    found: dict[str, list[Case]] = {"positive_weights": [], "negative_weights": []}
    for name, case in cases:
        if name in found and all(part is not None and abs(float(part.low)) > 0.1 for part in case.parts):
            found[name].append(case)
    signed = found["negative_weights"][: _CASES // 2]
    both = [*found["positive_weights"][: _CASES - len(signed)], *signed]
    return [*both, *found["negative_weights"][len(signed) :]][:_CASES]


def asked(
    subject: FlatSubject, case: Case, *, l_r: float = 1.0, n_iter: int = ITERATIONS, flags: int = HELD
) -> Question:
    """The question that makes a run of a case of the gradient."""
    X, T, Wxs, Wrec = case.args
    assert isinstance(X, np.ndarray)
    assert isinstance(T, np.ndarray)
    return subject.question(X, Wxs, Wrec, T=T, l_r=l_r, n_iter=n_iter, flags=flags)


def start_of(case: Case) -> np.ndarray:
    """(Wxs, Wrec)."""
    return np.array([float(np.asarray(w)) for w in case.args[2:4]])


def pair_text(values: np.ndarray) -> str:
    """Both weights' numbers, for people."""
    return f"({values[0]:.6g}, {values[1]:.6g})"


def nth(run: Run, index: int) -> np.ndarray | None:
    """Both weights' moves in an iteration, or where they then are; None where it was not made."""
    if min(len(run.Wxs), len(run.Wrec)) <= index:
        return None
    return np.array([run.Wxs[index], run.Wrec[index]])


@dataclass(frozen=True)
class Steps:
    """Two real updates in a row of one case, and what a script started between them does: each (weight,)."""

    first: np.ndarray
    second: np.ndarray
    afresh: np.ndarray
    room: np.ndarray
    iteration: int

    def by(self, expected: np.ndarray) -> np.ndarray:
        """Of each weight, whether the second update is this."""
        return np.asarray(np.abs(self.second - expected) <= self.room + 1e-3 * np.abs(expected))


def real_steps(subject: FlatSubject, cases: Sequence[Case], paths: Sequence[Run], *, limit_s: float) -> list[Steps]:
    """What each update but the first of real trainings is, and should be.

    `paths` are the cases' trainings with the smaller rate.
    """
    places: list[tuple[Case, int, np.ndarray, np.ndarray, np.ndarray]] = []
    for case, path in zip(cases, paths, strict=True):
        ways = [start_of(case), *(way for i in range(ITERATIONS) if (way := nth(path, i)) is not None)]
        places += [(case, i, ways[i - 1], ways[i], ways[i + 1]) for i in range(1, len(ways) - 1)]
    again = [
        Case((*case.args[:2], *(np.asarray(w, dtype=np.float32) for w in now)), case.parts)
        for case, _, _, now, _ in places
    ]
    questions = [asked(subject, case, l_r=RATES[1], n_iter=1, flags=0) for case in again]
    found = []
    for (_, i, before, now, after), run in zip(places, subject.runs(questions, limit_s=limit_s), strict=False):
        if isinstance(run, Run) and (own := nth(run, 0)) is not None:
            room = 4 * ULP * (np.abs(now) + np.abs(after))
            found.append(Steps(now - before, after - now, own - now, room, i + 1))
    return found


def summed(steps: Sequence[Steps]) -> bool:
    """Whether each update adds its gradient to the one before, in some weight at least, and the other's is fresh."""
    seconds = [step for step in steps if step.iteration == 2]
    if not seconds:
        return False
    fresh = np.all([step.by(step.afresh) for step in seconds], axis=0)
    added = np.all([step.by(step.first + step.afresh) for step in seconds], axis=0)
    return bool((fresh | added).all() and not fresh.all())
