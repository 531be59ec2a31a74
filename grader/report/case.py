"""A counterexample small enough to trace by hand: time goes down, sequences go across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import NamedTuple, TypeGuard

from grader.model import Counterexample

__all__ = ["HEADINGS", "answer_parts", "case_lines", "enough_digits", "is_matrix", "show_number", "show_value"]

_MAX_ROWS = 12
_FIRST_ROWS, _BEFORE = 3, 5  # of a longer table: where it begins, and what leads to the row that matters
_MAX_ITEMS = 12
_DIGITS = (6, 9, 17)

HEADINGS = {"error": "Y - T", "dWxs": "to dWxs", "dWrec": "to dWrec"}
"""Of a trace's columns: `to dWxs` is what a step adds to dWxs."""

_BESIDE = ("yours", "departs", "updates")

Row = Sequence[object]


class _Column(NamedTuple):
    """A matrix under its heading."""

    heading: str
    rows: Sequence[Row]
    digits: int = _DIGITS[0]


def case_lines(example: Counterexample, width: int) -> list[str]:
    """Lay out the case in lines of at most `width` where it can be: matrices side by side, then the rest."""
    table: list[_Column] = []
    alone: list[str] = []
    for name, value in example.inputs.items():
        if is_matrix(value):
            table.append(_Column(name, value))
        else:
            alone.append(f"{name} = {show_value(value)}")
    expected_parts: list[str] = []
    got_parts: list[str] = []
    departs: list[int] = []
    for name, expected, got in answer_parts(example.expected, example.got):
        digits = enough_digits(expected, got)
        label = f" {name}" if name else ""
        if is_matrix(expected) and is_matrix(got) and _shape(expected) == _shape(got):
            table += [_Column(f"expected{label}", expected, digits), _Column(f"yours{label}", got, digits)]
            departs += [k for k, rows in enumerate(zip(expected, got, strict=True)) if _differ(*rows, digits)]
        else:
            equals = f"{name} = " if name else ""
            expected_parts.append(f"{equals}{show_value(expected, digits)}")
            got_parts.append(f"{equals}{show_value(got, digits)}")
    focus = min(departs, default=None)
    lines = _tables(table, width, index="k" if "X" in example.inputs else "", focus=focus)
    if alone:
        lines.append(", ".join(alone))
    if expected_parts:
        lines += [f"expected  {', '.join(expected_parts)}", f"yours     {', '.join(got_parts)}"]
    if example.trace:
        lines += ["", "A right solution computes on the way:", *_trace(example.trace, width, focus)]
        lines += _yours(example.trace, width)
    return lines


def answer_parts(expected: object, got: object) -> list[tuple[str, object, object]]:
    """Each named part of the answer beside what came back; one nameless pair where the parts do not agree."""
    if isinstance(expected, Mapping) and isinstance(got, Mapping) and expected.keys() == got.keys():
        return [(str(name), value, got[name]) for name, value in expected.items()]
    return [("", expected, got)]


def _differ(expected: Row, got: Row, digits: int) -> bool:
    return any(show_number(a, digits) != show_number(b, digits) for a, b in zip(expected, got, strict=True))


def _trace(trace: Mapping[str, object], width: int, focus: int | None = None) -> list[str]:
    columns = [_Column(HEADINGS.get(name, name), value) for name, value in trace.items() if is_matrix(value)]
    rest = [
        f"{name} = {show_value(value)}" for name, value in trace.items() if not is_matrix(value) and name not in _BESIDE
    ]
    lines = _tables(columns, width, index="k", focus=focus) + rest
    updates = trace.get("updates")
    if isinstance(updates, Mapping):
        columns = [_Column(name, value) for name, value in updates.items() if is_matrix(value)]
        lines += [*([""] if lines else []), *_tables(columns, width, index="i")]
    return lines


def _yours(trace: Mapping[str, object], width: int) -> list[str]:
    """The same table with the known mistake, and the line where it departs from the right one."""
    yours, departs = trace.get("yours"), trace.get("departs")
    if not isinstance(yours, Mapping) or not isinstance(departs, Mapping):
        return []
    column = HEADINGS.get(str(departs.get("column")), departs.get("column"))
    place = " and ".join(f"{index} = {departs[index]}" for index in ("k", "i") if index in departs)
    return ["", f"With the likely cause, departing first at {place} in {column}:", *_trace(yours, width)]


# ---------------------------------------------------------------------------- tables
def _tables(columns: Sequence[_Column], width: int, *, index: str, focus: int | None = None) -> list[str]:
    """One table for all matrices of the same height, as narrow as need be; another for each that differs.

    Of a long one a few rows are shown: those that lead to row `focus`, else the first and the last.
    """
    lines: list[str] = []
    rest = list(columns)
    while rest:
        height = len(rest[0].rows)
        together = [column for column in rest if len(column.rows) == height]
        rest = [column for column in rest if len(column.rows) != height]
        while together:
            count = next((n for n in range(len(together), 1, -1) if _fits(together[:n], width)), 1)
            lines += _table(together[:count], width, index, _shown(height, focus))
            together = together[count:]
    return lines


def _fits(columns: Sequence[_Column], width: int) -> bool:
    return _width(_render(columns, _widest(columns), "k", _shown(len(columns[0].rows), None))) <= width


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines))


def _widest(columns: Sequence[_Column]) -> int:
    return max(len(column.rows[0]) for column in columns)


def _shown(height: int, focus: int | None) -> list[int]:
    """Which rows of a table to show."""
    if height <= _MAX_ROWS:
        return list(range(height))
    if focus is None:
        first, last = _MAX_ROWS - 2, height
    elif focus < _MAX_ROWS:
        return list(range(_MAX_ROWS))
    else:
        first, last = _FIRST_ROWS, min(height, focus - _BEFORE + _MAX_ROWS - _FIRST_ROWS)
    return [*range(first), *range(last - (_MAX_ROWS - first), last)]


def _table(columns: Sequence[_Column], width: int, index: str, rows: Sequence[int]) -> list[str]:
    """Render the table with as many sequences as fit; the lines below say what was left out."""
    most = _widest(columns)
    shown = next((n for n in range(most, 1, -1) if _width(_render(columns, n, index, rows)) <= width), 1)
    lines = _render(columns, shown, index, rows)
    left_out = []
    if len(columns[0].rows) > len(rows):
        left_out.append(f"{len(columns[0].rows) - len(rows)} more rows")
    if shown < most:
        left_out.append(f"{most - shown} more columns")
    return [*lines, f"(and {', '.join(left_out)})"] if left_out else lines


def _render(columns: Sequence[_Column], sequences: int, index: str, rows: Sequence[int]) -> list[str]:
    """Lines of one length, the heading first; `index` heads the numbers of the rows. A gap is a row of its own."""
    blocks = [[index, *(str(k) for k in rows)]] if index else []
    for column in columns:
        cells = [[show_number(cell, column.digits) for cell in column.rows[k][:sequences]] for k in rows]
        wide = [max(map(len, strip)) for strip in zip(*cells, strict=True)]
        lines = ["  ".join(cell.rjust(n) for cell, n in zip(row, wide, strict=True)) for row in cells]
        blocks.append([column.heading, *lines])
    gap = next((at for at, (k, after) in enumerate(pairwise(rows), start=2) if after > k + 1), None)
    if gap is not None:
        for block in blocks:
            block.insert(gap, "…")
    widths = [max(map(len, block)) for block in blocks]
    padded = [[line.ljust(wide) for line in block] for block, wide in zip(blocks, widths, strict=True)]
    return ["   ".join(row).rstrip() for row in zip(*padded, strict=True)]


def is_matrix(value: object) -> TypeGuard[list[Row]]:
    """Whether the value is rows of one length that hold no lists."""
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        return False
    return len({len(row) for row in value}) == 1 and not any(
        isinstance(cell, (list, Mapping)) for cell in chain(*value)
    )


def _shape(matrix: Sequence[Row]) -> tuple[int, int]:
    return len(matrix), len(matrix[0])


# ---------------------------------------------------------------------------- values
def show_number(value: object, digits: int = _DIGITS[0]) -> str:
    """Write a number as a person would; -0 keeps its sign.

    >>> [show_number(x) for x in (1.0, -0.0, 0.123456789, 1e30, True, "nan")]
    ['1', '-0', '0.123457', '1e+30', 'True', 'nan']
    """
    if isinstance(value, float):
        return format(value, f".{digits}g")
    return str(value)


def show_value(value: object, digits: int = _DIGITS[0]) -> str:
    """Write numbers, lists and tables of them in one line, cut where it grows long."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {show_value(item, digits)}" for name, item in value.items())
    if isinstance(value, list):
        items = [show_value(item, digits) for item in value[:_MAX_ITEMS]]
        more = [f"… {len(value) - _MAX_ITEMS} more"] if len(value) > _MAX_ITEMS else []
        return f"[{', '.join(items + more)}]"
    return show_number(value, digits)


def enough_digits(expected: object, got: object) -> int:
    """Find the fewest digits with which a difference is seen: more would only show the noise of rounding."""
    pairs = [(a, b) for a, b in zip(_numbers(expected), _numbers(got), strict=False) if a != b]
    return next((n for n in _DIGITS if any(show_number(a, n) != show_number(b, n) for a, b in pairs)), _DIGITS[0])


def _numbers(value: object) -> list[object]:
    if isinstance(value, Mapping):
        return list(chain.from_iterable(map(_numbers, value.values())))
    if isinstance(value, list):
        return list(chain.from_iterable(map(_numbers, value)))
    return [value]
