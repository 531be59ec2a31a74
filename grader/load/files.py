"""Bytes of a regular file, and nothing else: a device, pipe or folder is refused before it can block or grow."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from grader.errors import UnreadableError

__all__ = ["read_regular", "shown"]

_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))

_KINDS = (
    (stat.S_ISDIR, "is a folder, not a file: name the script or notebook in it"),
    (stat.S_ISFIFO, "is a pipe, not a file: save it to disk first"),
    (stat.S_ISSOCK, "is a socket, not a file: name a script or notebook"),
    (stat.S_ISCHR, "is a device, not a file: name a script or notebook"),
    (stat.S_ISBLK, "is a device, not a file: name a script or notebook"),
)


def shown(path: str | os.PathLike[str]) -> str:
    r"""Return `path` as one line of valid UTF-8: what cannot be printed becomes U+FFFD.

    >>> shown("hw\n\udcff.py")
    'hw��.py'
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in os.fsdecode(path))


def _refuse_special(mode: int, name: str) -> None:
    for matches, message in _KINDS:
        if matches(mode):
            raise UnreadableError(f"{name} {message}")
    if not stat.S_ISREG(mode):
        raise UnreadableError(f"{name} is not a regular file: name a script or notebook")


def _why(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "no such file: check the path"
        case PermissionError():
            return "may not be read: check its permissions"
        case OSError(errno=errno.ELOOP):
            return "is a link that leads back to itself: name the file"
        case OSError():
            return f"cannot be read ({error.strerror or type(error).__name__}): check the path"
        case _:
            return "is no valid path: check it"


def read_regular(path: Path, *, limit_bytes: int) -> bytes:
    """Whole content of the regular file at `path` (links are followed).

    Raises UnreadableError, one line with the next step, if it is anything else, vanishes, or exceeds `limit_bytes`.
    """
    name = shown(path)
    try:
        _refuse_special(path.stat().st_mode, name)  # before opening: opening a device may already do something
        with open(os.open(path, _FLAGS), "rb") as file:  # noqa: PTH123 -- Path.open takes no flags
            _refuse_special(os.fstat(file.fileno()).st_mode, name)
            content = file.read(limit_bytes + 1)
    except (OSError, ValueError) as error:
        message = _why(error)
        raise UnreadableError(f"{name}: {message}" if message.startswith("no such") else f"{name} {message}") from None
    if len(content) > limit_bytes:
        raise UnreadableError(
            f"{name} is larger than {limit_bytes // 2**20} MB: clear the outputs, or hand in the code alone"
        )
    return content
