"""What a person decides about a mark: `overrides.csv` in the output folder, read strictly and applied last.

A row gives one check of one student other points, and says why and who says so. The file is the person's: the grader
writes its header once, and takes a student out when told to forget them; every grading applies it anew.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from grader.cohort.earlier import students_ever
from grader.cohort.outputs import write_output
from grader.cohort.pseudonyms import Names, keys_of
from grader.cohort.store import Store
from grader.cohort.tables import table, unescaped
from grader.errors import UsageError
from grader.result import Override, Report
from grader.suggest import did_you_mean

__all__ = ["FILE_NAME", "Ruling", "apply", "forget_in_file", "read_overrides", "write_template"]

FILE_NAME = "overrides.csv"
COLUMNS = ("student", "check", "points", "reason", "who")

_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class Ruling:
    """One row: `line` is where it begins in the file."""

    student: str
    check: str
    points: Fraction
    reason: str
    who: str
    line: int


def apply(report: Report, rulings: Sequence[Ruling]) -> Report:
    """The report as a person decided; one without marks stays as it is."""
    given = {ruling.check: ruling for ruling in rulings}
    if report.outcome != "graded" or not given:
        return report
    overrides = tuple(
        Override(check.verdict.name, check.points, ruling.points, ruling.reason, ruling.who)
        for check in report.checks
        if (ruling := given.get(check.verdict.name))
    )
    checks = tuple(
        replace(check, points=given[check.verdict.name].points) if check.verdict.name in given else check
        for check in report.checks
    )
    score = sum((check.points for check in checks), Fraction(0))
    return replace(report, checks=checks, score=score, passed=score >= report.pass_points, overrides=overrides)


def write_template(folder: Path) -> None:
    """Put an empty table there, unless there is one. Raises GraderError."""
    path = folder / FILE_NAME
    if not path.exists():
        write_output(path, table(COLUMNS, ()))


# ---------------------------------------------------------------------------- reading
def read_overrides(
    folder: Path,
    students: Mapping[str, str],
    points: Mapping[str, Fraction],
    names: Names | None,
    store: Store | None = None,
) -> dict[str, tuple[Ruling, ...]]:
    """The rulings on each student; none without a file. `students` maps keys to names, `points` checks to their worth.

    Rows of who was graded in `folder` before and is not among `students` any more are passed over: an empty tuple
    stands for them. `store` is the folder's, if it is open.

    Raises UsageError that names line and column for what is unknown, missing, out of range or said twice.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    known = keys_of(students, names)
    rows = list(_rows(path))
    left: dict[str, str] = {}
    if any(unescaped(row[0]) not in known for _, row in rows):
        left = keys_of(students_ever(folder) if store is None else store.students(), names)
    found: dict[str, list[Ruling]] = {}
    rulings: dict[tuple[str, str], Ruling] = {}
    for line, row in rows:
        called = unescaped(row[0])
        if called not in known and called in left:
            found[left[called]] = []
            continue
        ruling = _Reader(path, line, known, points).read(row)
        before = rulings.setdefault((ruling.student, ruling.check), ruling)
        if before is not ruling:
            raise UsageError(f"{path}:{line}: {ruling.check} of this student is decided in line {before.line} already")
    for ruling in rulings.values():
        found.setdefault(ruling.student, []).append(ruling)
    return {student: tuple(own) for student, own in found.items()}


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number of the line and cells of each row that is not empty."""
    text = _text(path)
    delimiter = _delimiter(path, text)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        line = 1
        for number, row in enumerate(reader):
            if number and any(cell.strip() for cell in row):
                if len(row) != len(COLUMNS):
                    wanted = ", ".join(COLUMNS)
                    raise UsageError(f"{path}:{line}: expected {len(COLUMNS)} columns ({wanted}), got {len(row)}")
                yield line, [cell.strip() for cell in row]
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: not a table: {error}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: not UTF-8: save it as “CSV UTF-8”") from error
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{path}: larger than {_MOST_BYTES >> 20} MiB")
    return text


def _delimiter(path: Path, text: str) -> str:
    """A comma, or what a spreadsheet puts in its place. Raises UsageError if the header is another."""
    header = text.partition("\n")[0].strip("\r")
    for delimiter in ",;\t":
        if [cell.strip().strip('"').lower() for cell in header.split(delimiter)] == list(COLUMNS):
            return delimiter
    raise UsageError(f"{path}:1: expected the header {','.join(COLUMNS)}, got {header[:80]!r}")


@dataclass(frozen=True)
class _Reader:
    """Reads one row."""

    path: Path
    line: int
    known: Mapping[str, str]
    points: Mapping[str, Fraction]

    def read(self, row: Sequence[str]) -> Ruling:
        """Give the ruling, or raise UsageError."""
        student, check, points, reason, who = row
        return Ruling(
            self._student(unescaped(student)),
            self._check(check),
            self._points(check, points),
            self._said("reason", reason, "say why, in a few words"),
            self._said("who", who, "say who decided it"),
            self.line,
        )

    def _student(self, student: str) -> str:
        if not student:
            raise self._error("student", "is empty")
        if student not in self.known:
            near = did_you_mean(student, tuple(self.known))
            raise self._error("student", f"there is no {student[:80]!r} in this class{near}")
        return self.known[student]

    def _check(self, check: str) -> str:
        if check not in self.points:
            allowed = ", ".join(self.points)
            raise self._error(
                "check", f"there is no {check[:80]!r}; there are: {allowed}{did_you_mean(check, self.points)}"
            )
        return check

    def _points(self, check: str, text: str) -> Fraction:
        most = self.points[check]
        number = text.replace(",", ".", 1)
        if _NUMBER.fullmatch(number) is None or Fraction(number) > most:
            raise self._error(
                "points", f"expected a number from 0 to {float(most):g}, what {check} is worth, got {text[:40]!r}"
            )
        return Fraction(number)

    def _said(self, column: str, text: str, advice: str) -> str:
        if not text:
            raise self._error(column, f"is empty: {advice}")
        return unescaped(text)

    def _error(self, column: str, what: str) -> UsageError:
        return UsageError(f"{self.path}:{self.line}: column {column}: {what}")


# ---------------------------------------------------------------------------- forgetting
def forget_in_file(folder: Path, called: Sequence[str]) -> None:
    """Take every row on a student, by any of these names, out of the file. Raises UsageError or GraderError."""
    path = folder / FILE_NAME
    if not path.exists():
        return
    rows = [row for _, row in _rows(path)]
    left = [row for row in rows if unescaped(row[0]) not in called]
    if len(left) < len(rows):
        write_output(path, table(COLUMNS, left))
