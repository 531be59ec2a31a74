"""Cells to statements, each of which is compiled and run alone; what does not parse costs its cell or block."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from .blocks import split_blocks
from .magics import parse_with_magics, strip_cell_magic
from .wording import LoadNotice, one_line

__all__ = ["CellText", "Parsed", "Statement", "parse_cells"]


class CellText(TypedDict):
    """A cell as it comes over the wire; `number` is None for a script."""

    source: str
    number: int | None


@dataclass(frozen=True, eq=False)
class Statement:
    """A top-level statement and the cell and file name it is from; its lines count within the cell."""

    node: ast.stmt
    filename: str
    cell: int | None


@dataclass
class Parsed:
    """All statements in order, what was left out, and the text behind each file name (for tracebacks and `inspect`).

    `unread`: each text that does not parse, with the notice that says so.
    """

    statements: list[Statement] = field(default_factory=list)
    notices: list[LoadNotice] = field(default_factory=list)
    unread: list[tuple[LoadNotice, str]] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)


_LINE = re.compile(r"\bline (\d+)")
_DEFINITION = re.compile(r"\s*(?:@|(?:async\s+)?def\b|class\b)")


def _say(error: SyntaxError, what: str, cell: int | None, text: str, offset: int = 0) -> LoadNotice:
    """Say why `text`, which begins `offset` lines further down, does not parse; lines are those of cell or script."""
    line = min(error.lineno or 1, text.count("\n") + 1) + offset
    told = _LINE.sub(lambda match: f"line {int(match[1]) + offset}", error.msg)
    told = told.replace(f" (detected at line {line})", "")
    message = one_line(f"{what} was left out: {type(error).__name__}: {told}")
    return {"code": "general.syntax_error", "message": message, "cell": cell, "line": line}


def _parse_indented(source: str) -> tuple[ast.Module, str]:
    """Parse a cell as IPython does: an indentation that all of it shares is taken off."""
    try:
        return parse_with_magics(source)
    except IndentationError:
        dedented = textwrap.dedent(source)
        if dedented == source:
            raise
        return parse_with_magics(dedented)


def _parse_notebook_cell(source: str, number: int, filename: str, parsed: Parsed) -> None:
    body, skipped = strip_cell_magic(source)
    if skipped is not None:
        message = one_line(f"this cell is no Python ({skipped}) and was left out")
        parsed.notices.append({"code": "load.magic_skipped", "message": message, "cell": number, "line": 1})
        return
    try:
        tree, parsed.sources[filename] = _parse_indented(body)
    except SyntaxError as error:
        parsed.notices.append(_say(error, "this cell", number, body))
        parsed.unread.append((parsed.notices[-1], body))
        return
    parsed.statements.extend(Statement(node, filename, number) for node in tree.body)


class _Salvage:
    """Takes the blocks of a broken script that parse; neighbours that do not share a notice up to a definition."""

    def __init__(self, filename: str, cell: int | None, parsed: Parsed) -> None:
        self._filename = filename
        self._cell = cell
        self._parsed = parsed
        self._last_was_bad = False

    def accept(self, block: str, offset: int) -> bool:
        try:
            tree, _ = parse_with_magics(block)
        except SyntaxError as error:
            if not self._last_was_bad or _DEFINITION.match(block):
                self._parsed.notices.append(_say(error, "this block", self._cell, block, offset))
            self._parsed.unread.append((self._parsed.notices[-1], block))
            self._last_was_bad = True
            return False
        for node in tree.body:
            ast.increment_lineno(node, offset)
            self._parsed.statements.append(Statement(node, self._filename, self._cell))
        self._last_was_bad = self._last_was_bad and not tree.body
        return True


def _parse_script(source: str, filename: str, cell: int | None, parsed: Parsed) -> None:
    try:
        tree, parsed.sources[filename] = parse_with_magics(source)
    except SyntaxError:
        parsed.sources[filename] = source
        split_blocks(source, _Salvage(filename, cell, parsed).accept)
        return
    parsed.statements.extend(Statement(node, filename, cell) for node in tree.body)


def parse_cells(cells: Sequence[CellText]) -> Parsed:
    """Parse every cell; the same cells always give the same statements in the same order, whatever runs later."""
    parsed = Parsed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in student code is no business of ours
        for cell in cells:
            number = cell["number"]
            if number is None:
                _parse_script(cell["source"], "<script>", None, parsed)
            else:
                _parse_notebook_cell(cell["source"], number, f"<cell {number}>", parsed)
    return parsed
