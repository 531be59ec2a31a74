"""A table whose cells can be changed one at a time, every other byte staying as it is.

`csv` reads a table and writes another that says the same: other quotes, other line ends, no mark at its beginning. A
teacher's own export goes back to the platform it came from, so here each cell is known by where it stands in the text,
and what is set is spliced in there. Cells and rows are those that `csv.reader(…, strict=True)` finds.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError

__all__ = ["Cell", "Sheet", "read", "read_sheet"]

_MOST_BYTES = 64 << 20
_DELIMITERS = ",;\t"
_LINE_END = re.compile(r"\r\n|\r|\n")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Cell:
    """One cell as it was read: `text` without quotes, and where it stands, quotes included, in characters."""

    text: str
    start: int
    end: int
    quoted: bool


class Sheet:
    """A table: `rows` as they were read (an empty line is a row of no cells), and what was set since."""

    def __init__(self, text: str, *, bom: bytes, encoding: str, delimiter: str, rows: list[tuple[Cell, ...]]) -> None:
        self.rows = rows
        self.delimiter = delimiter
        self.encoding = encoding
        self._text = text
        self._bom = bom
        self._changes: dict[tuple[int, int], str] = {}
        self._needs_quotes = re.compile(f'[{re.escape(delimiter)}"\r\n]|^ | $')

    def text(self, row: int, column: int) -> str:
        """What a cell says now; empty where the row is too short to have it."""
        if (row, column) in self._changes:
            return self._changes[row, column]
        cells = self.rows[row]
        return cells[column].text if column < len(cells) else ""

    def texts(self, row: int) -> list[str]:
        """What the cells of a row say now, as many as were read."""
        return [self.text(row, column) for column in range(len(self.rows[row]))]

    def line(self, row: int) -> int:
        """The line of the file in which a row begins, from 1: cells may hold line ends. An empty row has no place."""
        cells = self.rows[row]
        return 1 + len(_LINE_END.findall(self._text, 0, cells[0].start)) if cells else 0

    def set(self, row: int, column: int, text: str) -> None:
        """Change one cell; a row too short for it is made as long, an empty line cannot be.

        Raises ValueError for a row without cells and for text that cannot be written: NUL, unpaired surrogates.
        """
        if not self.rows[row]:
            raise ValueError("an empty line has no cells")
        if "\0" in text:
            raise ValueError("NUL is no text")
        text.encode(self.encoding)  # UnicodeEncodeError is a ValueError
        self._changes[row, column] = text

    def bytes(self) -> bytes:
        """The file: what was read, byte for byte, but for the cells that say something else now."""
        pieces, at = [], 0
        for (row, column), text in sorted(self._changes.items()):
            if text == self._read(row, column):
                continue
            cells = self.rows[row]
            cell = cells[column] if column < len(cells) else None
            # what lengthens a row goes behind its last cell, and a row's changes come from left to right
            start, end = (cell.start, cell.end) if cell else (cells[-1].end, cells[-1].end)
            pieces.append(self._text[at:start])
            if cell is None:
                pieces.append(self.delimiter * (column - self._width(row, column) + 1))
            pieces.append(self._written(text, quoted=cell is not None and cell.quoted))
            at = end
        pieces.append(self._text[at:])
        return self._bom + "".join(pieces).encode(self.encoding)

    def _read(self, row: int, column: int) -> str:
        cells = self.rows[row]
        return cells[column].text if column < len(cells) else ""

    def _width(self, row: int, column: int) -> int:
        """How many cells the row has as written so far, before `column`, which it lacked, is added."""
        added = [other + 1 for (at, other), text in self._changes.items() if at == row and other < column and text]
        return max([len(self.rows[row]), *added])

    def _written(self, text: str, *, quoted: bool) -> str:
        if quoted or self._needs_quotes.search(text):
            return '"' + text.replace('"', '""') + '"'
        return text


# ---------------------------------------------------------------------------- reading
def read_sheet(path: Path) -> Sheet:
    """Read the table in a file. Raises UsageError that names the file, and the line where there is one."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{path}: larger than {_MOST_BYTES >> 20} MiB")
    return read(content, str(path))


def read(content: bytes, where: str, *, delimiter: str | None = None) -> Sheet:
    """Read a table: UTF-8 or UTF-16, marked or not, its cells parted by comma, semicolon or tab.

    Raises UsageError that begins with `where`, a file's name, where it is no such table.
    """
    bom, encoding = _encoding(content)
    try:
        text = content[len(bom) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start + len(bom)) + 1
        raise UsageError(f"{where}:{line}: neither UTF-8 nor UTF-16: save it as “CSV UTF-8”") from error
    if "\0" in text:
        raise UsageError(f"{where}:{text.count(chr(10), 0, text.index(chr(0))) + 1}: a NUL character: no table of text")
    if not text.strip():
        raise UsageError(f"{where}: empty")
    delimiter = delimiter or _delimiter(text)
    rows = _split(text, delimiter)
    if isinstance(rows, _Fault):
        line = len(_LINE_END.findall(text, 0, rows.at)) + 1
        raise UsageError(f"{where}:{line}: {rows.what}")
    return Sheet(text, bom=bom, encoding=encoding, delimiter=delimiter, rows=rows)


def _encoding(content: bytes) -> tuple[bytes, str]:
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return bom, encoding
    if content[1:2] == b"\0":
        return b"", "utf-16-le"
    return b"", "utf-16-be" if content[:1] == b"\0" else "utf-8"


def _delimiter(text: str) -> str:
    """What parts the cells: it leaves all rows as long as the first, and that one longest."""

    def rank(delimiter: str) -> tuple[bool, bool, int]:
        rows = _split(text, delimiter)
        if isinstance(rows, _Fault):
            return False, False, 0
        widths = [len(row) for row in rows if row]
        return widths[0] > 1, len(set(widths)) == 1, widths[0]

    return max(_DELIMITERS, key=rank)


@dataclass(frozen=True)
class _Fault:
    at: int
    what: str


def _split(text: str, delimiter: str) -> list[tuple[Cell, ...]] | _Fault:
    cell_here = re.compile(f'(?:"([^"]*(?:""[^"]*)*)"|(?!")[^{re.escape(delimiter)}\r\n]*)')
    rows: list[tuple[Cell, ...]] = []
    cells: list[Cell] = []
    at = 0
    while at < len(text) or cells:
        end = _LINE_END.match(text, at)
        if end and not cells:
            rows.append(())
            at = end.end()
            continue
        found = cell_here.match(text, at)
        if found is None:
            return _Fault(at, "a quote is opened and never closed")
        inside, after = found[1], found.end()
        said = found[0] if inside is None else inside.replace('""', '"')
        cells.append(Cell(said, at, after, quoted=inside is not None))
        end = _LINE_END.match(text, after)
        if text.startswith(delimiter, after):
            at = after + len(delimiter)
        elif end or after == len(text):
            rows.append(tuple(cells))
            cells = []
            at = end.end() if end else after
        else:
            return _Fault(after, "something stands behind a closed quote: quotes inside a cell are written twice")
    return rows
