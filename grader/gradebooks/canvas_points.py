"""Marks as Canvas counts them: whose they are by its own ids, and out of how many points."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from grader.cohort.marks import Mark
from grader.errors import UsageError
from grader.publish.told import Told, tell
from grader.report.clean import clean
from grader.report.marks import points_text

__all__ = ["By", "Due", "due", "parsed", "same", "written"]

By: TypeAlias = Literal["id", "sis-id", "login-id"]
"""What of Canvas's a student is called by here."""

_NUMBER = re.compile(r"-?(?:\d+(?:[.,]\d*)?|[.,]\d+)")
_OWN_IDS = ("folder", "nbgrader")  # there a teacher may have named students as Canvas does


@dataclass(frozen=True, eq=False)
class Due:
    """What Canvas is to be told of one student; `points` in hundredths, None where there is no mark.

    `key`: what Canvas calls them; `told`: what they may read; `doubts`: why a person should look first.
    """

    student: str
    key: str
    name: str
    outcome: str
    points: Fraction | None
    told: Told
    doubts: tuple[str, ...]

    @property
    def label(self) -> str:
        """For people: `Anna Smith (4711)`."""
        return clean(self.name if self.name == self.key else f"{self.name} ({self.key})", limit=120)


def due(marks: Iterable[Mark], *, possible: Fraction, where: str, scale: bool, by: By | None = None) -> list[Due]:
    """What each mark comes to in an assignment worth `possible` points. `where` is the assignment, for messages.

    Raises UsageError where marks cannot be told by Canvas's ids, or are out of other points and not to be scaled.
    """
    found = []
    for mark in marks:
        if mark.max_total != possible and not scale:
            raise UsageError(
                f"{where} is worth {points_text(possible)} points in Canvas and {points_text(mark.max_total)} here: "
                "make them the same, or say --scale to have marks converted"
            )
        key = _key(mark, by)
        told = tell(mark.report, mark.feedback, out_of=possible if scale else None)
        points = told.total if mark.outcome == "graded" else None
        found.append(Due(mark.student, key, mark.note.name, mark.outcome, points, told, mark.doubts))
    if possible <= 0 and found:
        raise UsageError(f"{where} is worth no points in Canvas: give it points there first")
    return found


def _key(mark: Mark, by: By | None) -> str:
    source, called = mark.note.source, clean(mark.called, limit=80)
    if mark.note.lms_student.startswith("anon_"):
        raise UsageError(
            f"{called}: downloaded while the assignment was graded anonymously, so Canvas did not say who it is: "
            "show the names in Canvas, download again, and grade that"
        )
    if source == "canvas" and by in {None, "id"}:
        return mark.note.lms_student
    if source in _OWN_IDS and by is not None:
        return mark.note.lms_student or mark.student
    if source == "canvas":
        raise UsageError(f"{called}: comes from a download of Canvas's, which goes by --by id")
    if source == "moodle":
        raise UsageError(f"{called}: comes from a download of Moodle's, and Canvas does not know its ids")
    raise UsageError(
        f"{called}: does not come from a download of Canvas's, so nobody knows their id there: "
        "if the submissions are named by an id of Canvas's, say which with --by"
    )


# ---------------------------------------------------------------------------- numbers
def parsed(text: str) -> Fraction | None:
    """A number as Canvas or a spreadsheet writes it; None if it is none.

    >>> parsed("83.50") == parsed(" 83,5 "), parsed("EX"), parsed("1,234.50")
    (True, None, None)
    """
    text = text.strip()
    return Fraction(text.replace(",", ".")) if len(text) < 40 and _NUMBER.fullmatch(text) else None


def same(one: Fraction, other: Fraction) -> bool:
    """Whether Canvas, which shows hundredths, shows them alike."""
    return _hundredths(one) == _hundredths(other)


def _hundredths(points: Fraction) -> int:
    return math.floor(points * 100 + Fraction(1, 2))


def written(points: Fraction, *, comma: bool = False) -> str:
    """Hundredths as Canvas reads them.

    >>> written(Fraction(83)), written(Fraction(167, 2)), written(Fraction(167, 2), comma=True)
    ('83', '83.50', '83,50')
    """
    text = points_text(points)
    return text.replace(".", ",") if comma else text
