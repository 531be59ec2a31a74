"""What is wrong in a flat script only through what it builds on: the cases that tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from grader.cases import Case, CheckCases, Part, PropertyCases
from grader.judge.flat.subject import FlatSubject, RightStates, Run
from grader.model import Arg, Value

__all__ = ["RightAnswer", "relative_cases", "right_states", "rounded_cases"]

RightAnswer: TypeAlias = Callable[[str, tuple[Value, ...]], Value]
_COUNT_SLACK = 2.0**-12


def right_states(right_answer: RightAnswer) -> RightStates:
    """What gives the right (S, Y), to be written over a script's own; zeros for no question of the contract's."""

    def states(X: np.ndarray, Wxs: Arg, Wrec: Arg) -> tuple[np.ndarray, np.ndarray]:
        found = right_answer("forward", (X, np.asarray(Wxs), np.asarray(Wrec)))
        S, Y = found if isinstance(found, tuple) else (np.zeros(X.shape), np.zeros(X.shape))
        return np.asarray(S, dtype=np.float32), np.asarray(Y, dtype=np.float32)

    return states


def rounded_cases(cases: CheckCases) -> CheckCases:
    """The counts themselves, for a test phase that rounds its outputs."""
    return CheckCases(cases.name, tuple(PropertyCases(g.name, tuple(map(_rounded, g.cases))) for g in cases.properties))


def _rounded(case: Case) -> Case:
    part = case.parts[0]
    assert part is not None
    counts = np.round(part.low)
    return Case(case.args, (Part(counts, counts, np.full(counts.shape, _COUNT_SLACK)),))


def relative_cases(cases: CheckCases, subject: FlatSubject, *, limit_s: float) -> CheckCases | None:
    """`cases` of the test phase, expecting what the script's own forward pass finds; None where it finds nothing."""
    groups = []
    for group in cases.properties:
        own = _own_outputs(group.cases, subject, limit_s)
        if own is None:
            return None
        expecting = tuple(_expecting(case, Y) for case, Y in zip(group.cases, own, strict=True))
        groups.append(PropertyCases(group.name, expecting))
    return CheckCases(cases.name, tuple(groups))


def _own_outputs(cases: Sequence[Case], subject: FlatSubject, limit_s: float) -> list[np.ndarray] | None:
    """The outputs of a second iteration: what the first leaves behind meets the test phase, too."""
    asked = [
        subject.question(np.asarray(X), Wxs, Wrec, l_r=0.0, n_iter=2) for X, Wxs, Wrec in (case.args for case in cases)
    ]
    found: list[np.ndarray] = []
    for case, run in zip(cases, subject.runs(asked, limit_s=limit_s), strict=False):
        if not isinstance(run, Run):
            return None
        Y = subject.states(run.Y if run.Y_later is None else run.Y_later, case.args[0])
        if not isinstance(Y, np.ndarray) or Y.shape != np.shape(case.args[0]):
            return None
        found.append(Y)
    return found if len(found) == len(cases) else None


def _expecting(case: Case, Y: np.ndarray) -> Case:
    room = 1e-5 * (1 + np.abs(Y))
    return Case(case.args, (Part(Y, Y, room),))
