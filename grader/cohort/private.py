"""A folder for what comes out of zips: ours alone, and gone in the end whatever happens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from grader.closing import Closing
from grader.cohort.archives import EntryError
from grader.cohort.names import safe_name
from grader.errors import GraderError

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

__all__ = ["PrivateFolder"]

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class PrivateFolder(Closing):
    """The only place where discovery writes: a folder of mode 0700, made when first needed, files of mode 0600."""

    def __init__(self, limit_bytes: int) -> None:
        self._left_bytes = limit_bytes
        self._folder: TemporaryDirectory[str] | None = None
        self._room = 0

    def room(self) -> Path:
        """Return a new, empty folder in it, for one student. Raises GraderError where that cannot be made."""
        from tempfile import TemporaryDirectory  # noqa: PLC0415 - what needs no unpacking does not wait for it

        self._room += 1
        try:
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="grader-")
            room = Path(self._folder.name).resolve() / str(self._room)
            room.mkdir(mode=0o700)
        except OSError as error:
            raise GraderError(f"there is no place to unpack to: {error.strerror or error}") from error
        return room

    def write(self, room: Path, parts: tuple[str, ...], content: bytes) -> Path:
        """Write a new file into a room, by names made safe; one that is there already keeps its name, this gets a new.

        Raises GraderError where it cannot be written, EntryError where that would be more than the limit in all.
        """
        if len(content) > self._left_bytes:
            raise EntryError("with it, more than the limit in all would be unpacked")
        self._left_bytes -= len(content)
        *folders, last = (safe_name(part) for part in parts)
        path = room.joinpath(*folders, last)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = 0
            while os.path.lexists(path):  # names that are one to this file system, upper and lower case for one
                number += 1
                path = path.with_name(f"{number}-{last}")
            with open(os.open(path, _FLAGS, 0o600), "wb") as file:  # noqa: PTH123 - Path.open takes no flags
                file.write(content)
        except OSError as error:
            raise GraderError(f"cannot unpack {'/'.join((*folders, last))}: {error.strerror or error}") from error
        return path

    def close(self) -> None:
        """Remove it with all that is in it."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
