"""The one sanitiser for text that may come from a submission."""

from __future__ import annotations

import re

__all__ = ["clean"]

_SPACES = re.compile("[\t\n\x0b\x0c\r\x85\u2028\u2029]+")
_HARMFUL = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters: terminal escapes begin here
    "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, or reorder what is read
    "\ud800-\udfff"  # lone surrogates: not UTF-8
    "\ufdd0-\ufdef\ufffe\uffff"  # no characters at all
    "\U000e0000-\U000e0fff"  # tags: invisible text
    "]"
)
_LIMIT = 2000


def clean(text: str, *, limit: int = _LIMIT) -> str:
    r"""Make `text` one harmless line of valid UTF-8, at most `limit` characters.

    Line breaks and tabs become spaces; control, bidirectional, invisible and unpaired characters are shown as escapes.

    >>> clean("a\nb \x1b[31mred\u202e\ud800")
    'a b \\x1b[31mred\\u202e\\ud800'
    """
    text = text[: limit + 1]  # before the rest: a message may be megabytes
    line = _HARMFUL.sub(_escape, _SPACES.sub(" ", text))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
