"""Which files the paths on the command line mean, and whose they are.

`discover` is for a class: folders, zips and the downloads of learning platforms. `find_submissions` is for a handful of
files, and touches none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grader.errors import UsageError

if TYPE_CHECKING:
    import os

    from grader.cohort.archives import Limits
    from grader.cohort.gather import Cohort
    from grader.cohort.handins import Source

__all__ = ["Found", "discover", "find_submissions"]

_SUFFIXES = (".py", ".ipynb")


@dataclass(frozen=True)
class Found:
    """Submissions in the order given, a folder's sorted by name; `several`: a list is expected, even of one."""

    paths: tuple[str, ...]
    several: bool


def find_submissions(arguments: Sequence[str]) -> Found:
    """Resolve files (as they are, existing or not) and folders (their .py and .ipynb files, one level deep).

    Raises UsageError for a folder that holds no submission.
    """
    paths: list[str] = []
    folders = 0
    for argument in arguments:
        if argument and Path(argument).is_dir():
            folders += 1
            paths += _in_folder(Path(argument))
        else:
            paths.append(argument)
    return Found(tuple(paths), several=len(arguments) > 1 or folders > 0)


def discover(
    paths: Iterable[str | os.PathLike[str]], source: Source | Literal["auto"] = "auto", *, limits: Limits | None = None
) -> Cohort:
    """Find everybody's submission in `paths`; see `grader.cohort.gather.gather`, which this is.

    It stands here so that grading one file does not wait for what only a class needs.
    """
    from grader.cohort.gather import gather  # noqa: PLC0415 - as the docstring says

    return gather(paths, source, limits=limits)


def _in_folder(folder: Path) -> list[str]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot list the folder: {error.strerror or error}") from error
    found = [str(entry) for entry in entries if _is_submission(entry)]
    if not found:
        deeper = any(_is_submission(item) for entry in entries if _is_plain_folder(entry) for item in _peek(entry))
        more = "; its sub-folders hold some: name these instead" if deeper else ""
        raise UsageError(f"{folder}: no submission in this folder: expected files ending in .py or .ipynb{more}")
    return found


def _is_submission(entry: Path) -> bool:
    """Say whether this is a visible script or notebook of the folder's own: a link leads to somebody else's work."""
    visible = entry.suffix.lower() in _SUFFIXES and not entry.name.startswith(".")
    return visible and entry.is_file() and not entry.is_symlink()


def _is_plain_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith(".") and entry.name != "__pycache__"


def _peek(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
