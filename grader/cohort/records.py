"""What the store gives back."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from grader.result import Judged, Outcome
from grader.sandbox.levels import Level

__all__ = ["Grading", "Kept", "Run", "VerdictKey"]


@dataclass(frozen=True)
class VerdictKey:
    """What a verdict depends on, but for the isolation it was found under; each a sha256."""

    content: str
    judging: str
    environment: str


@dataclass(frozen=True)
class Kept:
    """A verdict in the store, as data; `wall_s` is how long it took."""

    number: int
    judged: Judged
    wall_s: float


@dataclass(frozen=True)
class Run:
    """One `grade` over a cohort: times in UTC, `finished` None for one that was stopped; `facts` is all it went by."""

    number: int
    started: str
    finished: str | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class Grading:
    """What one run found of one file of one student; `key` and `level` are None where no verdict could be had."""

    run: int
    student: str
    path: str
    outcome: Outcome
    score: Fraction | None
    verdict: int | None
    judged: Judged
    key: VerdictKey | None
    level: Level | None
    wall_s: float | None
