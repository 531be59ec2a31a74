"""Where in a TOML text a key stands: the parser does not say, and a message should."""

from __future__ import annotations

import re

__all__ = ["find_line"]

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*(?P<name>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def find_line(text: str, key: tuple[str, ...]) -> int | None:
    r"""Find the 1-based line of `key` in `text`; for a key inside an inline table that table's line; None if absent.

    >>> find_line('[points]\nrelu = 5\n', ("points", "relu"))
    2
    >>> find_line('points = {relu = 5}\n', ("points", "relu"))
    1
    """
    table: tuple[str, ...] = ()
    best: tuple[int, int] | None = None  # (how many parts of the key match, line)
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = _parts(header["name"])
            here = table
        elif found := _KEY.match(line):
            here = table + _parts(found["name"])
        else:
            continue
        if here[: len(key)] == key:
            return number
        if here == key[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", name))
