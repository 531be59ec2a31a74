"""Moodle's offline grading worksheet, with the marks of a class in two of its columns.

It goes back to Moodle, which reads it by its own rules and says nothing of the rows that it leaves out. So nothing is
written that it would pass over, and whatever is not written is told, with the reason: a mark that is not there (never a
zero), a grade that a person or an earlier import has given, a locked one, a number that no row has. None is out of
range, as the maximum grade has to be that of the marks. Whose a row is, is known by the participant's number alone;
names serve to see that it is not somebody else's.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from grader.cohort.marks import Mark
from grader.errors import UsageError
from grader.gradebooks.exact_csv import Sheet
from grader.gradebooks.moodle_columns import (
    Columns,
    Named,
    Row,
    decimal_sign,
    find_columns,
    find_rows,
    maximum_grade,
    number,
)
from grader.gradebooks.moodle_comment import to_comment
from grader.gradebooks.moodle_words import NO
from grader.publish.told import tell
from grader.report.marks import points_text

__all__ = ["Filled", "Left", "Wishes", "fill_worksheet", "participant_of"]

_NUMBER = re.compile(r"[0-9]{1,18}")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Wishes:
    """What the teacher asked for: `sign` parts whole points from hundredths, None for the one that the file uses."""

    named: Named = field(default_factory=Named)
    comments: bool = True
    overwrite: bool = False
    scale: bool = False
    ignore_names: bool = False
    sign: str | None = None


@dataclass(frozen=True)
class Left:
    """Somebody for whom a cell stays as it is, and why."""

    name: str
    participant: str
    why: str


@dataclass(frozen=True)
class Filled:
    """What came of it: how many grades and comments were written, how many grades were there already, what was left.

    `again` are those whose grade Moodle may know to be newer than the file; `without` counts rows without a mark here.
    """

    content: bytes
    grades: int
    same: int
    comments: int
    left: tuple[Left, ...]
    again: tuple[Left, ...]
    without: int
    has_comments: bool


def participant_of(mark: Mark) -> int | None:
    """The number by which Moodle knows them; None for a default group and for what came from elsewhere."""
    known = mark.note.source == "moodle" and _NUMBER.fullmatch(mark.note.lms_student)
    return int(mark.note.lms_student) if known else None


def fill_worksheet(sheet: Sheet, where: str, marks: Iterable[Mark], wishes: Wishes) -> Filled:
    """Write the marks into `sheet`, which was read from the file `where`.

    Raises UsageError where it is no worksheet with points, where its maximum grade is not the marks' and no scaling was
    asked for, and where it has nobody's row: it is another assignment's, or the submissions were those of groups.
    """
    marks = list(marks)
    columns = find_columns(sheet, where, wishes.named)
    rows = find_rows(sheet, where, columns)
    maximum = maximum_grade(sheet, where, columns, rows)
    _check_maximum(marks, maximum, where, wishes)
    numbers = {mark.student: number for mark in marks if (number := participant_of(mark)) is not None}
    found = {student: rows[number] for student, number in numbers.items() if number in rows}
    if not found:
        raise UsageError(
            f"{where}: no row for anybody whose marks these are: it is the worksheet of another assignment, or the "
            "submissions did not come from Moodle, or they were those of groups, whose numbers no row has"
        )
    sign = wishes.sign or decimal_sign(sheet, where, columns, rows)
    filler = _Filler(sheet, columns, maximum, sign, wishes)
    for mark in marks:
        filler.fill(mark, found.get(mark.student))
    return filler.filled(without=len(rows) - len(found))


def _check_maximum(marks: Iterable[Mark], maximum: Fraction, where: str, wishes: Wishes) -> None:
    for mark in marks:
        if mark.outcome == "graded" and mark.max_total != maximum and not wishes.scale:
            raise UsageError(
                f"{where}: the maximum grade is {points_text(maximum)}, the marks are out of "
                f"{points_text(mark.max_total)}: set it so in Moodle, or let --scale convert them"
            )


# ---------------------------------------------------------------------------- a row
class _Filler:
    """Fills one row after another, and remembers what was done and what was not."""

    def __init__(self, sheet: Sheet, columns: Columns, maximum: Fraction, sign: str, wishes: Wishes) -> None:
        self._sheet, self._columns, self._wishes = sheet, columns, wishes
        self._maximum, self._sign = maximum, sign
        self._left: list[Left] = []
        self._again: list[Left] = []
        self._counts = {"grades": 0, "same": 0, "comments": 0}

    def filled(self, *, without: int) -> Filled:
        return Filled(
            content=self._sheet.bytes(),
            **self._counts,
            left=tuple(self._left),
            again=tuple(self._again),
            without=without,
            has_comments=self._columns.comments is not None,
        )

    def fill(self, mark: Mark, row: Row | None) -> None:
        out_of = self._maximum if self._wishes.scale else None
        total = tell(mark.report, mark.feedback, out_of=out_of).total if mark.outcome == "graded" else None
        why = self._untouchable(mark, total, row)
        if why or row is None or total is None:
            self._leave(mark, why)
        elif self._put_grade(mark, row, total) and self._wishes.comments and self._columns.comments is not None:
            self._put_comment(mark, row.index, self._columns.comments, out_of)

    def _untouchable(self, mark: Mark, total: Fraction | None, row: Row | None) -> str:
        """Why nothing at all may be written for them; empty if it may."""
        if row is None:
            number = participant_of(mark)
            return "no number of a participant with it" if number is None else "not in the worksheet"
        if total is None:
            return f"no mark: {mark.outcome}"
        if not self._wishes.ignore_names and (other := self._somebody_else(mark, row)):
            return f"the row is “{other}”'s: another assignment's worksheet? --ignore-names if it is right"
        changeable = self._columns.changeable
        if changeable is not None and self._sheet.text(row.index, changeable).strip().casefold() in NO:
            return "locked in Moodle's gradebook"
        return ""

    def _somebody_else(self, mark: Mark, row: Row) -> str:
        """Whose row it seems to be, if not theirs; where names are hidden or not there, nobody can tell."""
        theirs = "" if self._columns.name is None else self._sheet.text(row.index, self._columns.name)
        one, other = _words(mark.note.name), _words(theirs)
        hidden = "".join(one) == "".join(_words(row.called))  # blind marking: folders are called “Participant_7_…”
        apart = one and other and not hidden and not set(one) & set(other) and "".join(one) != "".join(other)
        return theirs if apart else ""

    def _put_grade(self, mark: Mark, row: Row, total: Fraction) -> bool:
        """Write the grade unless there is another; whether the row now says it."""
        before = self._sheet.text(row.index, self._columns.grade)
        if number(before) == total:
            self._counts["same"] += 1
            return True
        if before.strip() and not self._wishes.overwrite:
            self._leave(mark, f"graded {before} there, {points_text(total)} here: --overwrite replaces it")
            return False
        self._sheet.set(row.index, self._columns.grade, points_text(total).replace(".", self._sign))
        self._counts["grades"] += 1
        modified = self._columns.modified
        if modified is not None and re.search(r"\d", self._sheet.text(row.index, modified)):
            self._again.append(_left(mark, self._sheet.text(row.index, modified)))
        return True

    def _put_comment(self, mark: Mark, index: int, column: int, out_of: Fraction | None) -> None:
        comment = to_comment(mark.report, mark.feedback, out_of)
        before = self._sheet.text(index, column)
        if before == comment:
            return
        if before.strip() and not self._wishes.overwrite:
            self._leave(mark, "another comment is there: --overwrite replaces it")
            return
        self._sheet.set(index, column, comment)
        self._counts["comments"] += 1

    def _leave(self, mark: Mark, why: str) -> None:
        self._left.append(_left(mark, why))


def _left(mark: Mark, why: str) -> Left:
    return Left(mark.note.name, mark.note.lms_student, why)


def _words(name: str) -> list[str]:
    """The words of a name as Moodle writes it in a table (marked up where suspended) or in a file's name.

    >>> _words("<span>Zoë  O'Neil</span>"), _words("Zoe ONeil")
    (['zoe', 'oneil'], ['zoe', 'oneil'])
    """
    text = unicodedata.normalize("NFKD", html.unescape(_TAG.sub(" ", name))).casefold()
    text = "".join(sign for sign in text if not unicodedata.combining(sign) and sign not in "'\u2019`")
    return re.findall(r"[^\W_]+", text)
