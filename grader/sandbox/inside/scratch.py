"""A folder that a hostile child has filled: its size and its removal, however deep it is nested."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["remove_tree", "size_of"]

_LEAST = 1024
_ROUNDS = 100_000


def size_of(folder: str, bound: int) -> int:
    """Bytes beneath `folder`, each file and folder counted as at least 1 KiB; stops counting past `bound`.

    What cannot be counted (folders nested beyond the longest path) counts as past it.
    """
    total = 0
    stack = [folder]
    while stack and total <= bound:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    info = entry.stat(follow_symlinks=False)
                    total += max(info.st_blocks * 512, _LEAST)
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
        except FileNotFoundError:  # removed meanwhile
            continue
        except OSError:
            return bound + 1
    return total


def remove_tree(folder: str) -> None:
    """Remove `folder` and all in it, without following links, as far as that is possible.

    Folders within folders are moved to the top first: neither the depth of recursion nor the length of a path
    grows with what was nested. (`shutil.rmtree` ends in a RecursionError at a depth of 1000.)
    """
    moved = 0
    for _ in range(_ROUNDS):
        inner = [entry.path for entry in _entries(folder) if not _unlinked(entry)]
        if not inner:
            break
        for path in inner:
            with suppress(OSError):
                os.chmod(path, 0o700)  # an unconfined child may have shut it
            for entry in _entries(path):
                if not _unlinked(entry):
                    moved += 1
                    with suppress(OSError):
                        os.rename(entry.path, f"{folder}/.{moved}-{os.getpid()}")
        gone = [_rmdir(path) for path in inner]
        if not any(gone):  # no progress: somebody else's, or a mount
            break
    _rmdir(folder)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _unlinked(entry: os.DirEntry[str]) -> bool:
    """Whether `entry` was something other than a folder, now gone (or not to be removed)."""
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            return False
        os.unlink(entry.path)
    return True


def _rmdir(folder: str) -> bool:
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True
