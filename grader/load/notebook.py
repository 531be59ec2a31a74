"""A notebook's code cells: nbformat 2 to 4, valid or merely readable, read as plain JSON.

Outputs and kernelspecs are never looked into beyond the language they name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from grader.errors import UnreadableError
from grader.load.text import clean
from grader.model import Cell, Location, Notice

__all__ = ["looks_like_json", "parse_notebook", "read_cells"]

# a parsed container costs some 70 bytes, a number some 40: these bound what hostile JSON may cost in memory
_MAX_CONTAINERS = 2_000_000
_MAX_ITEMS = 10_000_000
_PYTHON_LIKE = ("python", "sage")


def looks_like_json(text: str) -> bool:
    """Whether `text` starts as a JSON object does."""
    head = text[:4096].lstrip()
    return head.startswith("{") and head[1:].lstrip()[:1] in ('"', "}", "")


def _integer(digits: str) -> int:
    # a number of a million digits takes quadratic time, and no notebook needs one
    return int(digits) if len(digits) < 20 else 0


def parse_notebook(text: str, name: str) -> dict[str, object] | None:
    """Return the JSON object of a notebook; None if it is JSON, but of something else.

    Raises UnreadableError if it is no JSON, or more of it than a notebook has.
    """
    if text.count("[") + text.count("{") > _MAX_CONTAINERS or text.count(",") > _MAX_ITEMS:
        raise UnreadableError(f"{name} holds too much JSON to read: clear all outputs and save it again")
    decoder = json.JSONDecoder(strict=False, parse_int=_integer)
    try:
        # raw: a sync tool that did not truncate leaves the end of an older version behind
        document, _ = decoder.raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        raise UnreadableError(
            f"{name}, line {error.lineno}: not a notebook (its JSON is broken: {error.msg}): "
            "open it in Jupyter, save it again, or export it as .py"
        ) from None
    except RecursionError:
        raise UnreadableError(f"{name} is nested too deeply for a notebook: save it again from Jupyter") from None
    if isinstance(document, dict) and ("cells" in document or "worksheets" in document):
        return document
    return None


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _all_cells(document: dict[str, object]) -> Iterator[object]:
    yield from _sequence(document.get("cells"))
    for sheet in _sequence(document.get("worksheets")):
        yield from _sequence(_mapping(sheet).get("cells"))


def _source(cell: dict[str, object]) -> str | None:
    """Text of a cell: `source` (nbformat 4) or `input` (before), a string or a list of them; None if neither."""
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        # valid notebooks keep the line ends in the list; some tools lose them
        joiner = "" if any(line.endswith("\n") for line in lines[:-1]) else "\n"
        source = joiner.join(lines)
    return clean(source) if isinstance(source, str) else None


def _language(document: dict[str, object], code: list[dict[str, object]]) -> str | None:
    """Return the language that a notebook says it is in, if that is not Python and nothing else in it says Python."""
    metadata = _mapping(document.get("metadata"))
    kernel = _mapping(metadata.get("kernelspec"))
    info = _mapping(metadata.get("language_info"))
    named = [kernel.get("language"), info.get("name"), *(cell.get("language") for cell in code)]
    found = [value for value in named if isinstance(value, str) and value]
    kernel_name = kernel.get("name")
    if not found and isinstance(kernel_name, str) and (kernel_name == "ir" or kernel_name.startswith("julia")):
        found = ["R" if kernel_name == "ir" else "Julia"]
    if not found or any(like in value.lower() for value in found for like in _PYTHON_LIKE):
        return None
    return "".join(c for c in found[0][:30] if c.isprintable())


def read_cells(document: dict[str, object], name: str) -> tuple[tuple[Cell, ...], tuple[Notice, ...]]:
    """Return the code cells that hold something, numbered as `In [n]` is after a restart and a run of all cells.

    A code cell without readable text is left out with a notice. Raises UnreadableError unless the language is Python.
    """
    entries = [_mapping(entry) for entry in _all_cells(document)]
    code = [entry for entry in entries if entry.get("cell_type") == "code"]
    if (language := _language(document, code)) is not None:
        raise UnreadableError(
            f"{name} is a notebook in {language}, not in Python: hand in a Python notebook, or choose its Python kernel"
        )
    cells: list[Cell] = []
    notices: list[Notice] = []
    for entry in code:
        source = _source(entry)
        number = len(cells) + 1
        if source is None:
            place = Location(cell=number)
            notices.append(Notice("load.unreadable_cell", "a code cell without readable text was left out", place))
        elif source.strip():
            cells.append(Cell(source, number))
    return tuple(cells), tuple(notices)
