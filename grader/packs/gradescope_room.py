"""Shut what is not for a submission, before one is run: on the platform everything belongs to root.

The sandbox confines with Landlock where the kernel has it. Where it has not, a submission runs as a user that nobody
is, and files are what keeps it out: ours and the platform's are root's alone, nothing is left that anybody may write.
What of this holds is then found out by the sandbox's own probes, as ever.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.errors import GraderError
from grader.packs.gradescope_layout import ROOT, Layout
from grader.sandbox.inside.landlock import abi
from grader.sandbox.paths import MASKED_PACKAGES

__all__ = ["shut"]

_OTHERS = 0o077
_OF_THE_KERNEL = ("proc ", "sysfs ", "cgroup", "devpts ")


def shut(layout: Layout) -> None:
    """Take everything from everybody but this user. Raises GraderError where that cannot be done."""
    try:
        for path in (layout.root, layout.source, layout.metadata, layout.submission, *_ours(layout)):
            if path.exists():
                path.chmod(path.stat().st_mode & 0o7777 & ~_OTHERS)
        if not abi():
            _shut_without_landlock(layout)
    except OSError as error:
        raise GraderError(f"{error.filename} cannot be shut for submissions: {error.strerror}") from None


def _ours(layout: Layout) -> Iterator[Path]:
    for packages in layout.home.glob("venv/lib/python*/site-packages"):
        yield from (packages / name for name in MASKED_PACKAGES)


def _shut_without_landlock(layout: Layout) -> None:
    """Only in the platform's own container is the rest of the file system ours to change."""
    if layout.root != ROOT or os.getuid() != 0:
        return
    for path, mode in _writable_by_anybody():
        os.chmod(path, mode & ~stat.S_IWOTH)  # noqa: PTH101 - as walked
    closed = layout.home / "tmp"
    closed.mkdir(mode=0o700, exist_ok=True)
    os.environ["TMPDIR"], tempfile.tempdir = str(closed), None


def _writable_by_anybody() -> Iterator[tuple[str, int]]:
    """Folders and files that anybody may write, with their modes, on every file system that is not read-only."""
    mounts = _mounts()
    for top, writable in mounts.items():
        if writable:
            yield from _within(top, mounts)


def _mounts() -> dict[str, bool]:
    """Where something is mounted, and whether it may be written; what the kernel shows of itself left out."""
    found = {}
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        mount, _, system = line.partition(" - ")
        where, options = mount.split(" ")[4:6]
        path = where.encode().decode("unicode_escape")
        found[path] = "ro" not in options.split(",") and not system.startswith(_OF_THE_KERNEL)
    return found


def _within(top: str, mounts: Mapping[str, bool]) -> Iterator[tuple[str, int]]:
    folders = [top]
    yield from _one(top, os.lstat(top).st_mode)
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            if entry.is_symlink() or entry.path in mounts:
                continue
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                folders.append(entry.path)
            yield from _one(entry.path, mode)


def _one(path: str, mode: int) -> Iterator[tuple[str, int]]:
    if mode & stat.S_IWOTH and (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        yield path, stat.S_IMODE(mode)
