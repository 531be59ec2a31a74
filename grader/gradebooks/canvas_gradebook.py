"""A gradebook as Canvas exports it: which row is whose, which column is an assignment's.

Student, ID, SIS User ID, SIS Login ID, Section, TITLE (ID), …       the headings, in English whatever the language
                                                Manual Posting       a row without names, if any column needs one
    Points Possible                                        100
Smith, Anna, 31, …                                       83.50       EX: excused; N/A: not theirs to do

LastName and FirstName may stand in place of Student. Columns that Canvas computes come last and are read only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.errors import UsageError
from grader.gradebooks.canvas_points import By, parsed
from grader.gradebooks.exact_csv import Sheet
from grader.report.clean import clean
from grader.suggest import did_you_mean

__all__ = ["Column", "Gradebook"]

_TITLE_AND_ID = re.compile(r"(?P<title>.*)\s\((?P<id>[0-9]+)\)", re.DOTALL)
# Canvas leaves a column alone whose heading holds one of these, an assignment's as well
_COMPUTED = re.compile(r"(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)")
_KEYS: dict[By, str] = {"id": "ID", "sis-id": "SIS User ID", "login-id": "SIS Login ID"}
_ROUNDED = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")
_MOST_LISTED = 12


@dataclass(frozen=True)
class Column:
    """An assignment's: `at` counts from 0, `possible` is what it is worth."""

    at: int
    title: str
    id: str
    possible: Fraction

    @property
    def label(self) -> str:
        """The heading, for people."""
        return f"“{clean(self.title, limit=80)} ({self.id})”"


class Gradebook:
    """An export. Raises UsageError, which begins with `where`, if it is another table."""

    def __init__(self, sheet: Sheet, where: str) -> None:
        self.sheet = sheet
        self._where = where
        self._header_row = next(row for row, cells in enumerate(sheet.rows) if cells)
        self._header = [text.strip() for text in sheet.texts(self._header_row)]
        self._names = 2 if self._header[:2] == ["LastName", "FirstName"] else 1
        if self._header[self._names : self._names + 1] != ["ID"] or "Section" not in self._header:
            got = clean(", ".join(self._header[:5]), limit=80)
            raise UsageError(
                f"{where}:{sheet.line(self._header_row)}: not a gradebook as Canvas exports it: its first line begins "
                f"with Student, ID and has Section, in any language; got {got}"
            )
        self._fixed = self._header.index("Section") + 1
        self._points_row = next((row for row in self._body() if "Points Possible" in sheet.text(row, 0)), None)

    def _body(self) -> Sequence[int]:
        return [row for row in range(self._header_row + 1, len(self.sheet.rows)) if self.sheet.rows[row]]

    # ------------------------------------------------------------------ columns
    def column(self, wanted: str | None) -> Column:
        """The assignment of that id, heading or title; with None the only one there is. Raises UsageError."""
        columns = self._columns()
        if wanted is None:
            if len(columns) == 1:
                return self._column(*columns[0])
            what = "which assignment? name one with --assignment" if columns else "there is no assignment in it"
            raise self._error(what + self._listed(columns))
        wanted = wanted.strip()
        for matches in (
            [each for each in columns if wanted == each[2]],
            [each for each in columns if wanted in {each[1], self._header[each[0]]}],
            [each for each in columns if wanted.casefold() == each[1].casefold()],
        ):
            if len(matches) == 1:
                return self._column(*matches[0])
            if matches:
                raise self._error(f"there are several {wanted[:80]!r}: name one by its id{self._listed(matches)}")
        near = did_you_mean(wanted, [each[1] for each in columns])
        raise self._error(f"there is no assignment {wanted[:80]!r}{near}{self._listed(columns)}")

    def _columns(self) -> list[tuple[int, str, str]]:
        """Place, title and id of each assignment."""
        return [
            (at, match["title"].strip(), match["id"])
            for at, heading in enumerate(self.sheet.texts(self._header_row))
            if at >= self._fixed and (match := _TITLE_AND_ID.fullmatch(heading.rstrip()))
        ]

    def _listed(self, columns: Sequence[tuple[int, str, str]]) -> str:
        names = [f"{clean(title, limit=60)} ({number})" for _, title, number in columns[:_MOST_LISTED]]
        more = [f"{len(columns) - _MOST_LISTED} more"] if len(columns) > _MOST_LISTED else []
        return f"; there are: {', '.join([*names, *more])}" if names else ""

    def _column(self, at: int, title: str, number: str) -> Column:
        heading = self._header[at]
        if self._header.count(heading) > 1:
            raise self._error(f"the heading {clean(heading, limit=80)} is there twice: export the gradebook anew")
        if _COMPUTED.search(heading):
            raise self._error(
                f"{clean(heading, limit=80)}: by that name Canvas takes it for a column it computes, and never reads "
                "it: rename the assignment, or use grader push canvas"
            )
        said = "" if self._points_row is None else self.sheet.text(self._points_row, at).strip()
        possible = parsed(said)
        if possible is None:
            what = f"says {clean(said, limit=40)!r}" if said else "does not say"
            raise self._error(f"{clean(heading, limit=80)}: the row Points Possible {what}: no marks can be read there")
        return Column(at, title, number, possible)

    # ------------------------------------------------------------------ rows
    def rows(self, by: By) -> dict[str, list[int]]:
        """Rows by what Canvas calls the student in the column of `by`. Raises UsageError if there is none."""
        heading = _KEYS[by]
        if heading not in self._header[: self._fixed]:
            raise self._error(f"there is no column {heading}: export the gradebook with it, or go by another with --by")
        column = self._header.index(heading)
        found: dict[str, list[int]] = {}
        for row in self._body():
            key = self.sheet.text(row, column).strip()
            if _ROUNDED.fullmatch(key):
                raise UsageError(
                    f"{self._where}:{self.sheet.line(row)}: column {heading}: {key} was rounded by a spreadsheet: "
                    "export the gradebook anew and leave it unopened"
                )
            if key and row != self._points_row:
                found.setdefault(key, []).append(row)
        return found

    def name(self, row: int) -> str:
        """What the row calls its student, for people."""
        return clean(", ".join(self.sheet.text(row, column).strip() for column in range(self._names)), limit=80)

    @property
    def decimal_comma(self) -> bool:
        """Whether its numbers have a decimal comma, as some languages of Canvas's write them."""
        cells = [self.sheet.text(row, at) for row in self._body() for at in range(self._fixed, len(self._header))]
        return any(map(_DECIMAL_COMMA.fullmatch, cells)) and not any(
            map(re.compile(r"[0-9]+\.[0-9]+").fullmatch, cells)
        )

    def _error(self, what: str) -> UsageError:
        return UsageError(f"{self._where}: {what}")
