"""What is said of an exception that student code raised: one line, whatever the exception does when it is asked."""

from __future__ import annotations

from types import TracebackType
from typing import TypedDict

__all__ = ["LoadNotice", "kind_of", "one_line", "text_of", "traceback_of"]

MAX_CHARACTERS = 300


class LoadNotice(TypedDict):
    """Something that loading has to say; `line` counts within the cell, or within the script where `cell` is None."""

    code: str
    message: str
    cell: int | None
    line: int | None


def one_line(text: str, limit: int = MAX_CHARACTERS) -> str:
    r"""Exactly a `str`, on one line, printable, valid UTF-8, at most `limit` characters.

    >>> one_line("a\n  b\x00\ud800 \x1b[31m")
    'a b?? ?[31m'
    """
    # str's own methods, by name: a subclass may override any of them
    plain = str.__str__(text)[: 4 * limit].encode("utf-8", "replace").decode("utf-8")
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in plain)
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def kind_of(error: BaseException) -> str:
    """Return the name of the exception's class, even where a metaclass lies about it."""
    name = type.__dict__["__name__"].__get__(type(error))
    return one_line(name, 80) if isinstance(name, str) else "BaseException"


def text_of(error: BaseException) -> str:
    """`Kind: message` on one line. Runs the exception's `__str__`, so it may take long, but it does not raise."""
    kind = kind_of(error)
    try:
        message = one_line(str(error))
    except BaseException:  # noqa: BLE001 -- whatever a hostile __str__ raises, a message is still needed
        message = ""
    return one_line(f"{kind}: {message}" if message else kind)


def traceback_of(error: BaseException) -> TracebackType | None:
    """Return the exception's traceback, without asking its class."""
    found = BaseException.__dict__["__traceback__"].__get__(error)
    return found if isinstance(found, TracebackType) else None
