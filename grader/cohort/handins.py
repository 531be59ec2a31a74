"""What discovery finds: who handed in what, and what an LMS needs to be given the marks back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, Union

__all__ = [
    "Attempt",
    "CanvasIds",
    "Dropped",
    "HandIn",
    "Handed",
    "Ids",
    "Missing",
    "MoodleIds",
    "NbgraderIds",
    "Outcome",
    "Problem",
    "Source",
    "Unreadable",
]

Source: TypeAlias = Literal["folder", "canvas", "moodle", "nbgrader"]


@dataclass(frozen=True)
class CanvasIds:
    """Canvas's ids: `user` is a number, or `anon_…` where the assignment is graded anonymously."""

    user: str
    attachment: str | None


@dataclass(frozen=True)
class MoodleIds:
    """Moodle's ids: `participant` (None for a default group), and the folder that a feedback zip must repeat."""

    participant: str | None
    folder: str


@dataclass(frozen=True)
class NbgraderIds:
    """The folders of nbgrader's tree."""

    student: str
    assignment: str


Ids: TypeAlias = Union[CanvasIds, MoodleIds, NbgraderIds, None]
"""None: nothing but files, so there is no LMS to tell."""


@dataclass(frozen=True)
class Attempt:
    """What orders the attempts of one student, later ones greater; never a file system's time.

    `attachment`: Canvas's id, 0 without. `number`: N where Canvas renamed a file to `name-N`, else 0. `time`: a zip
    entry's own (year, month, day, hour, minute, second), or that of nbgrader's timestamp.txt; empty without.
    """

    attachment: int = 0
    number: int = 0
    time: tuple[int, ...] = ()

    @property
    def order(self) -> tuple[int, int, tuple[int, ...]]:
        """Sorts attempts."""
        return self.attachment, self.number, self.time

    def __str__(self) -> str:
        """What a person is told; empty where nothing is known."""
        if self.attachment:
            return f"attachment {self.attachment}"
        if self.time:
            year, month, day, hour, minute, second = self.time
            return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        return ""


@dataclass(frozen=True)
class Handed:
    """A file to grade: where to read it, what to call it, and which files beside it are other people's."""

    path: Path
    shown: str
    attempt: Attempt
    exclude: frozenset[Path]


@dataclass(frozen=True)
class Unreadable:
    """Something was handed in, and it cannot be read or is no script or notebook."""

    shown: str
    reason: str


@dataclass(frozen=True)
class Missing:
    """There is a place for this student, and nothing in it."""

    shown: str
    reason: str


Outcome: TypeAlias = Union[Handed, Unreadable, Missing]


@dataclass(frozen=True)
class HandIn:
    """One student's submission.

    `student`: key, stable from one download to the next and unique in a cohort. `name`: for people. `review`: what a
    person should look at before the mark is final, empty if nothing.
    """

    student: str
    name: str
    outcome: Outcome
    source: Source
    ids: Ids = None
    late: bool = False
    review: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dropped:
    """A file that was read as a candidate and is not graded, and why."""

    student: str
    shown: str
    reason: str


@dataclass(frozen=True)
class Problem:
    """Something that could not be read or understood; `student` None: nobody knows whose it is."""

    shown: str
    reason: str
    student: str | None = None
