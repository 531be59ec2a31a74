"""A script that does not parse, cut into its top-level blocks so that the sound ones can be kept.

A block starts in column 0 and ends before the next line there, unless that line goes on with it: `else:`, a closing
bracket, text in an open bracket or triple-quoted string. A small scanner of our own decides this: Python's tokenizer
changes from version to version in what it makes of broken text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["split_blocks"]

_LEXEME = re.compile(
    r"""(?P<comment>\#.*)
    | (?P<triple>\"{3}|'{3})
    | (?P<string>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])""",
    re.VERBOSE,
)
_ATTACHED = re.compile(r"(?:else|elif|except|finally)\b|[)\]}]")
_STARTS_STATEMENT = re.compile(
    r"(?:async\s+)?def\s+\w+\s*\(|class\s+\w+\s*[(:]|@\w|import\s+\w|from\s+[\w.]+\s+import\b"
    r"|(?:for|while|with|if)\b.*:\s*(?:\#.*)?$|try\s*:"
)
_MAX_CHARACTERS_SCANNED = 5_000_000
_CHARACTERS_PER_LINE = 20  # what a line costs besides its own


class _Scanner:
    """Bracket depth and open string after the lines fed so far."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self.continued = False

    @property
    def inside(self) -> bool:
        """Whether the next line goes on with this one."""
        return bool(self.depth or self.quote or self.continued)

    def feed(self, line: str) -> None:
        position = 0
        self.continued = False
        while True:
            if self.quote:
                end = re.compile(rf"(?:\\.|(?!{self.quote})[^\\])*{self.quote}").match(line, position)
                if end is None:
                    return
                self.quote = ""
                position = end.end()
            match = _LEXEME.search(line, position)
            if match is None:
                self.continued = line.endswith("\\")
                return
            position = match.end()
            if match["comment"]:
                return
            if match["triple"]:
                self.quote = match["triple"]
            elif match["open"]:
                self.depth += 1
            elif match["close"]:
                self.depth = max(0, self.depth - 1)


def _starts_block(line: str) -> bool:
    return bool(line) and not line[0].isspace() and line[0] != "#" and not _ATTACHED.match(line)


def _end(lines: list[str], start: int) -> tuple[int, bool]:
    """Return where the block at `start` ends, and whether it does so with something left open."""
    scanner = _Scanner()
    decorated = False
    for number in range(start, len(lines)):
        line = lines[number]
        if number > start:
            if scanner.depth and not scanner.quote and _STARTS_STATEMENT.match(line):
                return number, True  # no `def` starts in column 0 inside a bracket: the bracket was forgotten
            if _starts_block(line) and not scanner.inside and not decorated:
                return number, False
        if not scanner.inside and line.strip():
            decorated = line.startswith("@") or (decorated and line[0] == "#")
        scanner.feed(line)
    return len(lines), scanner.inside


def split_blocks(source: str, accept: Callable[[str, int], bool]) -> None:
    """Offer each top-level block of `source`, with the lines before it counted, to `accept`, which says if it parses.

    After one that is refused and in which something never closes, the splitting goes on at the next line in column 0,
    so that a forgotten bracket costs its own statement and not all that follow.
    Gives up on what is left once rescanning would take too long.
    """
    lines = source.split("\n")
    scanned = 0
    start = 0
    while start < len(lines) and scanned < _MAX_CHARACTERS_SCANNED:
        if not lines[start].strip():
            start += 1
            continue
        end, open_ended = _end(lines, start)
        block = "\n".join(lines[start:end])
        scanned += len(block) + _CHARACTERS_PER_LINE * (end - start)
        if not accept(block, start) and open_ended:
            end = next((n for n in range(start + 1, end) if _starts_block(lines[n])), end)
        start = end
