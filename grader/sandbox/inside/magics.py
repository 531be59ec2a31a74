"""IPython's additions to Python, rewritten line by line so that the rest of a cell parses with its line numbers.

A line is rewritten only where Python itself refuses it, so that `%` in a multi-line string is left alone.
"""

from __future__ import annotations

import ast
import re

__all__ = ["RUNS_ITS_BODY", "parse_with_magics", "strip_cell_magic"]

_MAX_CHARACTERS = 6_000_000
"""Parsed in all while looking for the magics of one text: bounds the retries on a large one."""

RUNS_ITS_BODY = ("time", "timeit", "capture", "prun")
_PYLAB_IMPORTS = "import numpy as np, matplotlib.pyplot as plt; from numpy import *; from matplotlib.pyplot import *"
_CELL_MAGIC = re.compile(r"^%%(\w*)")
_TIMED = re.compile(r"^(\s*(?:[\w.]+\s*=\s*)?)%(?:time|timeit|prun)\b(?:\s+-[a-zA-Z]+(?:\s*\d+)?(?=\s))*\s+(\S.*)$")
_ASSIGNED = re.compile(r"^([\w.,\s\[\]'\"]+?=\s*)([!%])(?!=)")
_RUN = re.compile(r"^%run\s+(?:-\w+\s+)*(?:\./)?([A-Za-z_]\w*)\.py\s*(?:#.*)?$")
_WRITES = re.compile(r"^%%(?:writefile|file)\s+(?:-a\s+)?\w+\.py\s*$")
_PYLAB = re.compile(r"^(\s*)%pylab\b")
_LINE_MAGIC = re.compile(r"^(\s*)[%!?]")
_HELP = re.compile(r"^(\s*)[\w.*\[\]()'\"]+\?{1,2}[\s;]*(?:#.*)?$")


def strip_cell_magic(source: str) -> tuple[str, str | None]:
    r"""Return `source` with the lines of `%%time` and its like blank, and the `%%magic` that is no Python, if one is.

    >>> strip_cell_magic("%%time\nx = 1")
    ('\nx = 1', None)
    >>> strip_cell_magic("%%bash\nls")[1]
    '%%bash'
    """
    lines = source.split("\n")
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        match = _CELL_MAGIC.match(line)
        if match is None:
            break
        if _WRITES.match(line):  # it came along as a module
            return "", None
        if match[1] not in RUNS_ITS_BODY:
            return source, f"%%{match[1]}"
        lines[number] = ""
    return "\n".join(lines), None


def _rewritten(line: str) -> str | None:
    """Return Python in place of a magic line, None if it is none. `%run` may find the module that came along."""
    if match := _TIMED.match(line):
        return match[1] + match[2]
    if match := _RUN.match(line):
        return f"from {match[1]} import *"
    if match := _PYLAB.match(line):
        return match[1] + _PYLAB_IMPORTS
    if match := _LINE_MAGIC.match(line) or _HELP.match(line):
        return f"{match[1]}pass"
    if match := _ASSIGNED.match(line):
        return match[1] + ("[]" if match[2] == "!" else "None")
    return None


def _rewrite_at(lines: list[str], lineno: int | None) -> bool:
    """Rewrite the magic that a syntax error at `lineno` points to: that line, or the nearest magic before it."""
    if not lines:
        return False
    start = min(max((lineno or 1) - 1, 0), len(lines) - 1)
    for number in range(start, -1, -1):
        new = _rewritten(lines[number])
        if new is None:
            continue
        last = number
        while lines[last].endswith("\\") and last + 1 < len(lines) and not new.endswith("\\"):
            last += 1  # `!pip install a \` goes on in the next line
            lines[last] = lines[last] if lines[last].endswith("\\") else ""
        for between in range(number + 1, last):
            lines[between] = ""
        lines[number] = new
        return True
    return False


def parse_with_magics(source: str) -> tuple[ast.Module, str]:
    """Return the syntax tree of `source` and the text it was made from: magics out, line numbers kept.

    `%time` and `%timeit` run their statement once, shell lines and other magics nothing. Raises SyntaxError where that
    does not help, also for text that Python's parser gives up on.
    """
    lines = source.split("\n")
    left = _MAX_CHARACTERS
    while True:
        text = "\n".join(lines)
        try:
            return ast.parse(text), text
        except SyntaxError as error:
            left -= len(text) + 1
            if left < 0 or not _rewrite_at(lines, error.lineno):
                raise
        except (MemoryError, OverflowError, RecursionError, ValueError):
            raise SyntaxError("too deeply nested or too large for Python's parser") from None
