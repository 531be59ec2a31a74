"""Functions lost to a statement that could not be read or that failed: named in its notice, read from it by the judge.

A notice is the one thing that comes out of the child about a statement; the words that name the functions, and what
reads them back, stand together here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from .wording import LoadNotice

__all__ = ["defines", "defines_function", "read_loss", "tell_losses"]

_LOSS = re.compile(r"(?P<why>.*) \(lost with it: (?P<names>\w+(?:, \w+)*)\)")
_LEFT_OUT = re.compile(r"this (?:cell|block) was left out: ")


_DEF = r"(?:async[ \t]+)?\w{{0,3}}[dD]ef\w{{0,5}}[ \t]+{name}\b(?![ \t]*\([ \t]*self\b)"
_WAYS = (
    _DEF,
    r"class[ \t]+{name}\b",
    r"(?:\w+[ \t]*,[ \t]*)*{name}(?:[ \t]*,[ \t]*\w+)*[ \t]*(?::[^=\n]*)?=(?!=)",
    r"from[ \t]+[\w.]+[ \t]+import\b[ \t]*(?:\*|[\w ,\t]*\b{name}\b|\([\w\s,]*\b{name}\b)",
)


def defines(text: str, name: str, *, ways: Sequence[str] = _WAYS) -> bool:
    r"""Whether a line of `text`, which need not be Python, seems to define, assign or import `name`.

    >>> defines("def forward(X, Wxs, Wrec)\n    return X", "forward"), defines("forward(X, 1, 1", "forward")
    (True, False)
    >>> defines("class Net:\n    def forward(self, X:", "forward"), defines("from mine import *", "forward")
    (False, True)
    """
    way = "|".join(ways).format(name=re.escape(name))
    return re.search(rf"^[ \t]*(?:{way})", text, re.MULTILINE) is not None


def defines_function(text: str, name: str) -> bool:
    """Whether a line of `text` seems to be the `def` of `name`."""
    return defines(text, name, ways=(_DEF,))


def tell_losses(
    missing: Mapping[str, str], lost: Sequence[tuple[LoadNotice, str]], *, whole: LoadNotice | None = None
) -> None:
    """Name in each notice the functions that went with its text: `missing` maps them to the submission's names.

    Of several texts that define the same function the last counts. What is found in none was lost to `whole`.
    """
    found: dict[int, tuple[LoadNotice, list[str]]] = {}
    for function, name in missing.items():
        notice = next((notice for notice, text in reversed(lost) if defines(text, name)), whole)
        if notice is not None:
            found.setdefault(id(notice), (notice, []))[1].append(function)
    for notice, functions in found.values():
        notice["message"] += f" (lost with it: {', '.join(functions)})"


def read_loss(message: str) -> tuple[str, Iterable[str]]:
    """What Python says in the message of a notice, and the functions that it names as lost.

    >>> read_loss("this block was left out: SyntaxError: expected ':' (lost with it: relu, train)")
    ("SyntaxError: expected ':'", ['relu', 'train'])
    >>> read_loss("ZeroDivisionError: division by zero")
    ('ZeroDivisionError: division by zero', [])
    """
    match = _LOSS.fullmatch(message)
    why, names = (match["why"], match["names"].split(", ")) if match else (message, [])
    return _LEFT_OUT.sub("", why, count=1), names
