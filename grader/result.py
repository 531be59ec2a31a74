"""The frozen result of grading one submission: what `score` computes and every report renders.

Points are exact (`Fraction`); rounding is the business of whoever shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

from grader.model import CheckVerdict, Isolation, Notice

__all__ = [
    "FEEDBACK_LEVELS",
    "Audience",
    "DoctorFacts",
    "Feedback",
    "Judged",
    "Outcome",
    "Override",
    "Report",
    "ScoredCheck",
    "Submission",
    "TrainingPath",
    "Walk",
]

Outcome: TypeAlias = Literal["graded", "unreadable", "ungraded"]
Audience: TypeAlias = Literal["teacher", "student"]
Feedback: TypeAlias = Literal["score", "verdict", "example", "trace"]

FEEDBACK_LEVELS: tuple[Feedback, ...] = ("score", "verdict", "example", "trace")
"""From least to most told: the marks, a status for each check, the failing case, everything."""


@dataclass(frozen=True)
class Submission:
    """What was graded: path as given, hash of its bytes; None where it could not be read so far."""

    path: str
    sha256: str | None = None
    kind: Literal["script", "notebook"] | None = None
    style: Literal["functions", "flat"] | None = None


@dataclass(frozen=True, eq=False)
class Judged:
    """What judging one submission found, before any points: it holds whatever the rubric's points and pass mark are.

    `verdicts` are there only where `outcome` is "graded", else `reason` says why not. `provenance` and `timings` are
    as in `Report`, but for the rubric's hash.
    """

    outcome: Outcome
    submission: Submission
    verdicts: tuple[CheckVerdict, ...] = ()
    reason: str = ""
    notices: tuple[Notice, ...] = ()
    isolation: Isolation | None = None
    provenance: Mapping[str, str | None] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    path: TrainingPath | None = None


@dataclass(frozen=True, eq=False)
class ScoredCheck:
    """A verdict and what it earns: 0 <= points <= max_points; a check worth 0 is shown but not counted."""

    verdict: CheckVerdict
    points: Fraction
    max_points: Fraction


@dataclass(frozen=True)
class Override:
    """A check's points as a person gave them, beside the machine's own: 0 <= points <= what the check is worth."""

    check: str
    machine: Fraction
    points: Fraction
    reason: str
    who: str


@dataclass(frozen=True, eq=False)
class Walk:
    """What a training did: the weights (Wxs, Wrec) after each of the path's `steps`, the loss before each update.

    Both may be shorter than asked and hold NaN or infinities: a submission said so.
    """

    weights: tuple[tuple[float, float], ...]
    losses: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class TrainingPath:
    """One training, the submission's beside a right one: data to draw, nothing that is judged.

    X and T are rows in time of (SeqL, NbSeq); `steps` are the numbers of updates after which the weights are known.
    """

    X: tuple[tuple[float, ...], ...]
    T: tuple[tuple[float, ...], ...]
    l_r: float
    steps: tuple[int, ...]
    yours: Walk
    right: Walk


@dataclass(frozen=True, eq=False)
class Report:
    """One submission's result.

    `score` and `passed` are None unless `outcome` is "graded", and `reason` then says why not. `pass_points` is the
    pass mark in points, `provenance` maps names (`bank_sha256`, `seed`, `torch`, …) to text, `timings` maps names to
    seconds, `review` holds the reasons why a person should look, `path` is a training to draw. Where there are
    `overrides`, checks, score and passed are as they are with them (`grader.cohort.overrides`).
    """

    outcome: Outcome
    submission: Submission
    checks: tuple[ScoredCheck, ...] = ()
    score: Fraction | None = None
    max_score: Fraction = Fraction(100)
    pass_points: Fraction = Fraction(50)
    passed: bool | None = None
    reason: str = ""
    notices: tuple[Notice, ...] = ()
    review: tuple[str, ...] = ()
    isolation: Isolation | None = None
    provenance: Mapping[str, str | None] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    path: TrainingPath | None = None
    overrides: tuple[Override, ...] = ()

    @property
    def machine_score(self) -> Fraction | None:
        """The score without a person's hand."""
        given = sum((item.points - item.machine for item in self.overrides), Fraction(0))
        return None if self.score is None else self.score - given


@dataclass(frozen=True)
class DoctorFacts:
    """What `grader doctor` found on this machine.

    `helps` maps a missing layer to what would bring it, `device_name` says what the device is, `versions` maps programs
    and packages to their versions (None: not installed). A problem that is None is none.
    """

    isolation: Isolation
    helps: Mapping[str, str]
    device: str
    device_name: str
    device_problem: str | None
    cache_dir: str
    cache_problem: str | None
    versions: Mapping[str, str | None]

    @property
    def healthy(self) -> bool:
        """Whether `grade` works here as it comes: at least standard isolation, the device there."""
        return self.isolation.level in {"standard", "strong"} and self.device_problem is None
