"""Whether a script trains by a gradient that it did not write itself, or has one beside its own: to check it, say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import repeat
from typing import Literal, TypeAlias

import numpy as np

from grader.contract import CheckSpec
from grader.judge.flat.subject import HELD, LITTLE, MUCH, FlatSubject, Run
from grader.judge.policy import Policy, Treatment, watched_questions
from grader.messages import say
from grader.model import CheckVerdict, Question

__all__ = ["Use", "accused", "pardoned", "unclear", "use_of"]

Use: TypeAlias = Literal["trains", "beside", "unclear"]

_FLAGS = (HELD, HELD, HELD | LITTLE, HELD | MUCH)
_ITERATIONS = 4
_PREFIX = "policy."


def accused(verdict: CheckVerdict) -> tuple[str, ...]:
    """The policies (`autograd`, `numerical_gradient`) that something watched speaks against."""
    codes = [*(found.code for found in verdict.diagnoses), *(found.code for found in verdict.notices)]
    return tuple(code.removeprefix(_PREFIX) for code in codes if code.startswith(_PREFIX))


def pardoned(policy: Policy, kinds: tuple[str, ...]) -> Policy:
    """`policy` without a word on `kinds`."""
    allowed: Mapping[str, Treatment] = dict(zip(kinds, repeat("allow")))
    return {**policy, **allowed}


def use_of(spec: CheckSpec, policy: Policy, subject: FlatSubject, *, limit_s: float) -> Use:
    """What a gradient not written by hand is for: weights that it trains move otherwise where it comes back altered."""
    questions = [_asked(subject, watched, flags) for watched in watched_questions(spec, policy) for flags in _FLAGS]
    seen = list(subject.runs(questions, limit_s=limit_s))
    if len(seen) < len(questions):
        return "unclear"
    groups = [seen[first : first + len(_FLAGS)] for first in range(0, len(seen), len(_FLAGS))]
    unclear = False
    for own, again, little, much in groups:
        if not isinstance(own, Run) or not isinstance(again, Run) or not _alike(own, again):
            return "unclear"
        if any(isinstance(run, Run) and not _alike(own, run) for run in (little, much)):
            return "trains"
        unclear |= not isinstance(little, Run) or len(little.Wxs) < len(own.Wxs)
    return "unclear" if unclear else "beside"


def _asked(subject: FlatSubject, watched: Question, flags: int) -> Question:
    X, T, Wxs, Wrec = subject.watchable(watched.args)
    assert isinstance(X, np.ndarray)
    assert isinstance(T, np.ndarray)
    return subject.question(X, Wxs, Wrec, T=T, n_iter=max(subject.reading.at) + _ITERATIONS, flags=flags)


def _alike(own: Run, other: Run) -> bool:
    """Whether weights moved alike, as far as the other run went: its last iteration may have been left halfway."""
    pairs = ((own.Wxs, other.Wxs), (own.Wrec, other.Wrec))
    whole = [len(a) if len(a) == len(b) else len(b) - 1 for a, b in pairs]
    return all(n >= 0 and np.array_equal(a[:n], b[:n], equal_nan=True) for n, (a, b) in zip(whole, pairs, strict=True))


def unclear(verdict: CheckVerdict, kind: str) -> CheckVerdict:
    """The verdict where it cannot be told: someone has to look."""
    message = say("flat.use_unclear", method=say(f"cause.use_{kind}"))
    properties = tuple(replace(prop, status="blocked", message=message) for prop in verdict.properties)
    diagnoses = tuple(d for d in verdict.diagnoses if not d.code.startswith(_PREFIX))
    return replace(
        verdict, status="blocked", properties=properties, message=message, diagnoses=diagnoses, review=message
    )
