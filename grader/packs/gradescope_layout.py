"""What lies where on Gradescope, and what the pack says of the course."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from grader.errors import GraderError, UsageError
from grader.result import FEEDBACK_LEVELS, Feedback
from grader.rubric import Rubric
from grader.rubric_file import load_rubric

__all__ = [
    "BANK",
    "DEFAULT_LIMIT_S",
    "HOME",
    "MEMORY_BYTES",
    "ROOT",
    "RUBRIC",
    "SETTINGS",
    "Course",
    "Layout",
    "check_limit",
    "course_in",
    "settings_text",
    "total_points",
]

ROOT, HOME = Path("/autograder"), Path("/opt/bptt-grader")
RUBRIC, BANK, SETTINGS = "rubric.toml", "course.bank", "settings.json"

DEFAULT_LIMIT_S = 480
"""For one submission, start to end: the platform's own default is 600 s, after which it knows nothing at all."""

MEMORY_BYTES = 384 << 20
"""What a submission may use beside PyTorch: with the grader and its template process below the platform's 768 MB."""

_LEAST_S, _MOST_S = 60, 2340  # the platform's most is 40 minutes
_START_S = 30  # to start, probe and end, on half a processor
_CALLS = 12  # a submission whose every call is endless takes no more than this many limits of one check
_METADATA_BYTES = 64 << 20
_LEAST_POINTS, _MOST_POINTS, _DIGITS = Decimal("0.01"), 1_000_000, 40


@dataclass(frozen=True)
class Layout:
    """The platform's folders beneath `root`, and ours: `home` holds the environment."""

    root: Path = ROOT
    home: Path = HOME

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> Layout:
        """As `run_autograder` says."""
        return cls(Path(environ.get("BPTT_AUTOGRADER") or ROOT), Path(environ.get("BPTT_HOME") or HOME))

    @property
    def source(self) -> Path:
        """The archive, unpacked."""
        return self.root / "source"

    @property
    def submission(self) -> Path:
        """What was handed in."""
        return self.root / "submission"

    @property
    def metadata(self) -> Path:
        """Names, points, earlier results."""
        return self.root / "submission_metadata.json"

    @property
    def results(self) -> Path:
        """The folder of `results.json`."""
        return self.root / "results"


@dataclass(frozen=True)
class Course:
    """How submissions of a course are graded there."""

    rubric: Rubric
    bank: Path
    feedback: Feedback
    limit_s: float


def check_limit(seconds: float) -> float:
    """Give back what one submission may take. Raises UsageError unless the platform's longest time-out is longer."""
    if not (math.isfinite(seconds) and _LEAST_S <= seconds <= _MOST_S):
        raise UsageError(f"--time-limit: expected seconds from {_LEAST_S} to {_MOST_S}, got {seconds:g}")
    return seconds


def settings_text(feedback: Feedback, limit_s: float) -> str:
    """Write what `course_in` reads besides rubric and bank."""
    return json.dumps({"feedback": feedback, "limit_s": float(limit_s)}, sort_keys=True) + "\n"


def course_in(folder: Path) -> Course:
    """The course whose pack is unpacked in `folder`, its limits cut to what there is. Raises GraderError."""
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        feedback, limit_s = settings["feedback"], check_limit(settings["limit_s"])
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise GraderError(f"{folder / SETTINGS} cannot be used: {error}") from None
    if feedback not in FEEDBACK_LEVELS:
        raise GraderError(f"{folder / SETTINGS}: there is no feedback {feedback!r}")
    rubric = load_rubric(folder / RUBRIC)
    limits = replace(
        rubric.limits,
        time_limit_s=min(rubric.limits.time_limit_s, (limit_s - _START_S) / _CALLS),
        memory_bytes=min(rubric.limits.memory_bytes, MEMORY_BYTES),
    )
    return Course(replace(rubric, limits=limits), folder / BANK, cast("Feedback", feedback), limit_s)


def total_points(metadata: Path) -> Fraction | None:
    """What the assignment is worth there; None where the platform does not say, or says nothing usable."""
    try:
        with metadata.open("rb") as file:
            data: Any = json.loads(file.read(_METADATA_BYTES))
        said = str(data["assignment"]["total_points"])
        points = Decimal(said) if len(said) < _DIGITS else Decimal(0)
        return Fraction(points) if _LEAST_POINTS <= points <= _MOST_POINTS else None  # 1e999999999 is no Fraction
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, RecursionError):
        return None
