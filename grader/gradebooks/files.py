"""A filled-in export is a new file beside the teacher's own, never in its place."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from grader.atomic import write_atomically
from grader.errors import GraderError, UsageError

__all__ = ["check_new_file", "write_bytes"]


def check_new_file(out: Path, inputs: Sequence[Path]) -> None:
    """Raise UsageError where writing `out` would put it in the place of one of `inputs`, or of a folder."""
    if out.is_dir():
        raise UsageError(f"{out}: a folder: name a file with -o")
    for path in inputs:
        with suppress(OSError):
            if out.samefile(path):
                raise UsageError(f"{out}: would be written over what it is made from: name another file with -o")


def write_bytes(out: Path, content: bytes) -> None:
    """Put `content` at `out`, for its owner only, in one step: the old file or the new one is there.

    Raises GraderError where it cannot be written; the old file then stays.
    """
    try:
        write_atomically(out, content)
    except OSError as error:
        raise GraderError(f"{out}: cannot be written: {error.strerror or error}") from error
