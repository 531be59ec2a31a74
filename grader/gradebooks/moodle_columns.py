"""Which column of a grading worksheet is which, whose each row is, and how its numbers are written.

Moodle's own order helps where the language is unknown: behind the grades stands the maximum grade, the same in every
row, or the words of a scale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.errors import UsageError
from grader.gradebooks.exact_csv import Sheet
from grader.gradebooks.moodle_words import LANGUAGES, Words
from grader.report.clean import clean
from grader.suggest import did_you_mean

__all__ = ["Columns", "Named", "Row", "decimal_sign", "find_columns", "find_rows", "maximum_grade", "number"]

_NUMBER = re.compile(r"([0-9]+)(?:[.,]([0-9]+))?")
_PARTICIPANT = re.compile(r"(?P<called>.*?)\s*(?P<id>[0-9]{1,18})\s*", re.DOTALL)


@dataclass(frozen=True)
class Named:
    """The columns that the teacher named, None where the table of languages is to know them."""

    identifier: str | None = None
    grade: str | None = None
    comments: str | None = None


@dataclass(frozen=True)
class Columns:
    """Where each column stands, from 0; None where the file lacks it, or nobody knows which it is."""

    identifier: int
    grade: int
    comments: int | None
    maximum: int
    changeable: int | None
    modified: int | None
    name: int | None


def find_columns(sheet: Sheet, where: str, named: Named) -> Columns:
    """Find the columns by the names in the first row, those that the teacher gave first.

    Raises UsageError that lists the names there are, where the columns of ids and grades are not among them.
    """
    headers = sheet.texts(0)
    words = next((words for words in LANGUAGES.values() if _speaks(words, headers)), None)

    def column(given: str | None, known: Callable[[Words], tuple[str, ...]]) -> int | None:
        if given is not None:
            return _only(headers, given, where)
        return None if words is None else _last(headers, known(words))

    identifier = column(named.identifier, lambda words: words.identifier)
    grade = column(named.grade, lambda words: words.grade)
    if identifier is None or grade is None:
        raise UsageError(
            f"{where}: not known as a grading worksheet of Moodle's: if it is one, name its columns with --id-column, "
            f"--grade-column and --comments-column; it has {_listed(headers)}"
        )
    maximum = column(None, lambda words: words.maximum)
    return Columns(
        identifier=identifier,
        grade=grade,
        comments=column(named.comments, lambda words: words.comments),
        maximum=grade + 1 if maximum is None else maximum,
        changeable=column(None, lambda words: words.changeable),
        modified=column(None, lambda words: words.modified),
        name=column(None, lambda words: words.name),
    )


def _speaks(words: Words, headers: Sequence[str]) -> bool:
    needed = (words.identifier, words.grade, words.modified)
    return all(_last(headers, names) is not None for names in needed)


def _last(headers: Sequence[str], names: tuple[str, ...]) -> int | None:
    """The last column so called: Moodle, too, takes the last."""
    return max((index for index, header in enumerate(headers) if header in names), default=None)


def _only(headers: Sequence[str], name: str, where: str) -> int:
    found = _last(headers, (name,))
    if found is None:
        near = did_you_mean(name, headers)
        raise UsageError(f"{where}: there is no column {name[:80]!r}{near}; it has {_listed(headers)}")
    return found


def _listed(headers: Sequence[str]) -> str:
    return ", ".join(f"“{clean(header, limit=60)}”" for header in headers[:40])


# ---------------------------------------------------------------------------- rows
@dataclass(frozen=True)
class Row:
    """A participant's row of the sheet; `called` is what stands before the number: “Participant ”."""

    index: int
    called: str


def find_rows(sheet: Sheet, where: str, columns: Columns) -> dict[int, Row]:
    """Find everybody's row by the number at the end of the identifier.

    Raises UsageError for a row without a number, and for a number that stands in two.
    """
    rows: dict[int, Row] = {}
    for index in range(1, len(sheet.rows)):
        if not any(sheet.texts(index)):
            continue
        text = sheet.text(index, columns.identifier)
        found = _PARTICIPANT.fullmatch(text)
        if found is None:
            shown = clean(text, limit=60)
            raise UsageError(f"{where}:{sheet.line(index)}: “{shown}” ends in no participant's number")
        participant = int(found["id"])
        if participant in rows:
            first = sheet.line(rows[participant].index)
            raise UsageError(f"{where}:{sheet.line(index)}: participant {participant} stands in line {first} as well")
        rows[participant] = Row(index, found["called"])
    return rows


# ---------------------------------------------------------------------------- numbers
def number(text: str) -> Fraction | None:
    """Read a grade as Moodle writes it, with a point or a comma; None if it is none.

    >>> number("83.50") == number(" 83,5 ") == Fraction(167, 2), number("B+")
    (True, None)
    """
    found = _NUMBER.fullmatch(re.sub(r"\s", "", text))
    if found is None or len(found[0]) > 30:
        return None
    return Fraction(f"{found[1]}.{found[2] or 0}")


def maximum_grade(sheet: Sheet, where: str, columns: Columns, rows: dict[int, Row]) -> Fraction:
    """The assignment's maximum grade, which every row repeats.

    Raises UsageError where there is none: a scale, or no grade at all.
    """
    said = {sheet.text(row.index, columns.maximum) for row in rows.values()}
    maxima = {number(text) for text in said}
    if None in maxima or len(maxima) != 1 or maxima == {Fraction(0)}:
        shown = ", ".join(f"“{clean(text, limit=40)}”" for text in sorted(said)[:3])
        raise UsageError(
            f"{where}: no maximum grade behind the grades, but {shown or 'nobody'}: set the assignment's grade to "
            "points (a scale takes none), and download the worksheet again"
        )
    (maximum,) = maxima
    assert maximum is not None
    return maximum


def decimal_sign(sheet: Sheet, where: str, columns: Columns, rows: dict[int, Row]) -> str:
    """What the numbers of the file are written with; a point, which Moodle reads in any language, if nothing tells.

    Raises UsageError where both signs are used.
    """
    cells = [sheet.text(row.index, column) for row in rows.values() for column in (columns.grade, columns.maximum)]
    signs = {sign for cell in cells if number(cell) is not None for sign in ",." if sign in cell}
    if len(signs) > 1:
        raise UsageError(f"{where}: numbers with a comma and with a point: say --decimal-comma or --decimal-point")
    return signs.pop() if signs else "."
