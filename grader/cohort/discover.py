"""Which files the paths on the command line mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError

__all__ = ["Found", "find_submissions"]

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


def _in_folder(folder: Path) -> list[str]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot list the folder: {error.strerror or error}") from error
    found = [str(entry) for entry in entries if _is_submission(entry, folder)]
    if not found:
        deeper = any(
            _is_submission(item, entry) for entry in entries if _is_plain_folder(entry) for item in _peek(entry)
        )
        more = "; its sub-folders hold some: name these instead" if deeper else ""
        raise UsageError(f"{folder}: no submission in this folder: expected files ending in .py or .ipynb{more}")
    return found


def _is_submission(entry: Path, folder: Path) -> bool:
    """Say whether this is a visible script or notebook in the folder: a link out of it is nobody's to hand in."""
    visible = entry.suffix.lower() in _SUFFIXES and not entry.name.startswith(".")
    return visible and entry.is_file() and entry.resolve().is_relative_to(folder.resolve())


def _is_plain_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith(".") and entry.name != "__pycache__"


def _peek(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
