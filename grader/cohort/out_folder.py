"""The output folder of a class: what lies in it, and whether one may be written there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import UsageError

__all__ = ["FILES", "FOLDERS", "STORE_FILE", "check_folder", "prepare_folder"]

STORE_FILE = "results.sqlite"
FOLDERS: Mapping[str, str] = {"json": ".json", "pages": ".html"}
"""Folders of one file a student, and how these end."""
FILES = ("results.json", "grades.csv", "needs_review.csv", "index.html")


def check_folder(out: Path, paths: Sequence[str]) -> None:
    """Raise UsageError, before any work, where `out` lies among the submissions or holds what is not the grader's."""
    here = out.resolve()
    for path in map(Path, filter(None, paths)):
        if path.is_dir() and here.is_relative_to(path.resolve()):
            raise UsageError(f"-o {out}: this lies in {path}, among the submissions: name a folder elsewhere")
        if path.is_file() and here == path.resolve().parent:
            raise UsageError(f"-o {out}: the submissions lie in this folder: name a file, or a folder of its own")
    if out.exists() and not out.is_dir():
        raise UsageError(f"-o {out}: this is no folder")
    if not (out / STORE_FILE).exists():
        taken = [name for name in (*FILES, *FOLDERS) if os.path.lexists(out / name)]
        if taken:
            raise UsageError(f"-o {out}: {taken[0]} is there and not of the grader's making: name another folder")


def prepare_folder(out: Path) -> None:
    """Make it, or take one that is empty, for its owner alone; one that is in use stays as its owner set it.

    Raises UsageError where that cannot be.
    """
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(out.iterdir()):
            out.chmod(0o700)
    except OSError as error:
        raise UsageError(f"-o {out}: cannot be written: {error.strerror or error}") from error
