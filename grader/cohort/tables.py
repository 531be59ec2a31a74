"""Tables for spreadsheets: CSV by RFC 4180, UTF-8 with a mark that Excel knows it by, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from grader.report.clean import clean

__all__ = ["cell", "table", "unescaped"]

_BOM = "\ufeff"
_FORMULA = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")  # the wide ones: some spreadsheets read them as the others


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The text of a table, a row at a time."""
    yield _BOM + _line(header)
    for row in rows:
        yield _line([cell(text) for text in row])


def cell(text: str) -> str:
    r"""Make a text harmless in a spreadsheet: one line, and with an apostrophe before what would be a formula.

    >>> [cell(text) for text in ("Anna", "=1+1", "\t@x", " -2", "a\nb")]
    ['Anna', "'=1+1", "' @x", "' -2", 'a b']
    """
    line = clean(text)
    return f"'{line}" if text.startswith(_FORMULA) or line.lstrip().startswith(_FORMULA) else line


def unescaped(text: str) -> str:
    """Give back what `cell` put an apostrophe before.

    >>> unescaped("'=1+1"), unescaped("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and text[1:].lstrip().startswith(_FORMULA) else text


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
