"""Marks into the cells of one column of a teacher's own export, and into nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from grader.errors import UsageError
from grader.gradebooks.canvas_gradebook import Column, Gradebook
from grader.gradebooks.canvas_points import By, Due, parsed, same, written
from grader.report.clean import clean
from grader.report.marks import points_text

__all__ = ["Filling", "fill"]

_EMPTY = {"", "-"}
_KEPT = {"ex": "excused", "n/a": "not assigned to them"}


@dataclass
class Filling:
    """What becomes of each student's mark, in lines for people; `filled` and `same` only count."""

    column: Column
    filled: int = 0
    same: int = 0
    left: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    def check(self, *, overwrite: bool, ignore_absent: bool) -> None:
        """Raise UsageError where something is in the way that nobody said may be."""
        if self.absent and not ignore_absent:
            raise UsageError(
                f"{_marks(self.absent)} of students who are not in this gradebook, listed above: export one with them, "
                "or fill in the others with --ignore-absent"
            )
        if self.replaced and not overwrite:
            raise UsageError(
                f"{self.column.label} has other marks already for {len(self.replaced)}, listed above: "
                "put these in their place with --overwrite"
            )

    def __str__(self) -> str:
        counts = [f"{self.filled} filled in", f"{self.same} as they were"]
        counts += [f"{len(lines)} {word}" for lines, word in ((self.left, "left"), (self.absent, "not there")) if lines]
        return f"{self.column.label}: {', '.join(counts)}"


def _marks(lines: list[str]) -> str:
    return f"there is {len(lines)} mark" if len(lines) == 1 else f"there are {len(lines)} marks"


def fill(book: Gradebook, column: Column, marks: Iterable[Due], *, by: By) -> Filling:
    """Set the cells of `column`. Raises UsageError where two rows are one student's."""
    filling, comma = Filling(column), book.decimal_comma
    rows = book.rows(by)
    for mark in marks:
        where = rows.get(mark.key, [])
        if mark.points is None:
            filling.left.append(f"{mark.label}: no mark, {mark.outcome}")
        elif not where:
            filling.absent.append(f"{mark.label}: {points_text(mark.points)}")
        elif len(where) > 1:
            lines = " and ".join(str(book.sheet.line(row)) for row in where)
            raise UsageError(f"{mark.label} is there twice, in lines {lines}: export the gradebook anew")
        else:
            _fill_cell(book, filling, where[0], mark, comma=comma)
    return filling


def _fill_cell(book: Gradebook, filling: Filling, row: int, mark: Due, *, comma: bool) -> None:
    points = mark.points or Fraction(0)
    who = f"{book.name(row)} ({clean(mark.key, limit=40)})"
    said = book.sheet.text(row, filling.column.at).strip()
    there = parsed(said)
    if said.casefold() in _KEPT:
        filling.left.append(f"{who}: {said}, {_KEPT[said.casefold()]}, not {points_text(points)}")
        return
    if mark.doubts:
        filling.doubtful.append(f"{who}: {clean(mark.doubts[0], limit=200)}")
    if there is not None and same(there, points):
        filling.same += 1
        return
    if said not in _EMPTY:
        filling.replaced.append(f"{who}: {points_text(points)} for {clean(said, limit=40)}")
    filling.filled += 1
    book.sheet.set(row, filling.column.at, written(points, comma=comma))
