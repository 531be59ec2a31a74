"""A file is written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["write_atomically"]

_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def write_atomically(
    path: Path, content: bytes | Iterable[bytes], *, private: bool = True, sync: bool = True, draft: str = ""
) -> None:
    """Put `content` at `path` in one step: the old file or the new one is there; with `sync`, even if power fails.

    `private`: for its owner only (0600), else as new files are made here. `draft`: the name of the unfinished file
    beside it, where one that a killed process left is to be overwritten by the next; without it every call takes
    another, so several may write at once. Raises OSError where it cannot be written; the old file then stays.
    """
    unfinished = path.with_name(draft or f".{os.urandom(8).hex()}.part")
    handle = os.open(unfinished, _FLAGS | (os.O_TRUNC if draft else os.O_EXCL), 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
