"""What lies in a folder or a zip, as one kind of list: nothing is opened before it is asked for."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.cohort.archives import Archive, Entry, EntryError, Limits
from grader.cohort.handins import Problem
from grader.cohort.names import is_junk, shown_name
from grader.errors import UsageError

__all__ = ["Item", "Tree", "file_item", "folder_tree", "is_zip", "zip_tree"]

_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOFOLLOW", "O_BINARY"))


@dataclass(frozen=True)
class Item:
    """A file: `parts` is its place below the root, `file` where it is if on disk, `time` a zip's, `trouble` a refusal.

    `content` gives what is in it.
    """

    parts: tuple[str, ...]
    shown: str
    content: Callable[[], bytes]
    file: Path | None = None
    time: tuple[int, ...] = ()
    trouble: str = ""

    def read(self) -> bytes:
        """Content of the file. Raises EntryError."""
        if self.trouble:
            raise EntryError(self.trouble)
        return self.content()


@dataclass
class Tree:
    """Files below a root in order of their names, and the folders there, empty ones among them.

    `base` is the root's own name, `above` the names of the folders it lies in, nearest last; `packed`: it is a zip;
    `named`: there is no root, the files were named one by one.
    """

    shown: str
    base: str
    above: tuple[str, ...] = ()
    packed: bool = False
    named: bool = False
    items: list[Item] = field(default_factory=list)
    folders: set[tuple[str, ...]] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def is_zip(name: str) -> bool:
    """Whether it is named as a zip."""
    return name.lower().endswith(".zip")


# ---------------------------------------------------------------------------- on disk
def file_item(path: Path, parts: tuple[str, ...], shown: str, limits: Limits) -> Item:
    """Return the file at `path`, which need not exist: then its `trouble` says so."""
    try:
        mode = path.stat().st_mode
        trouble = "" if stat.S_ISREG(mode) else "not a file"
    except (OSError, ValueError):
        trouble = "no such file" if not path.is_symlink() else "a link that leads nowhere"
    return Item(parts, shown, _reader(path, limits), path, (), trouble)


def _reader(path: Path, limits: Limits) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with open(os.open(os.path.realpath(path), _FLAGS), "rb") as file:  # noqa: PTH123 - Path.open takes no flags
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise EntryError("not a file")
                content = file.read(limits.entry_bytes + 1)
        except OSError as error:
            raise EntryError(f"cannot be read: {error.strerror or error}") from None
        if len(content) > limits.entry_bytes:
            raise EntryError(f"larger than {limits.entry_bytes // 2**20} MiB")
        return content

    return read


def folder_tree(root: Path, shown: str, limits: Limits) -> Tree:
    """What lies in the folder `root`, junk left out. Raises UsageError if it cannot be listed, or holds too much."""
    whole = root.absolute()
    tree = Tree(shown, whole.name, whole.parts[:-1])
    try:
        real = root.resolve(strict=True)
        for item in _walk(root, real, (), tree, limits):
            tree.items.append(item)
            if len(tree.items) > limits.entries:
                raise UsageError(f"{shown}: more than {limits.entries} files: name the folder that holds submissions")
    except OSError as error:
        raise UsageError(f"{shown}: cannot list the folder: {error.strerror or error}") from error
    return tree


def _walk(root: Path, real: Path, at: tuple[str, ...], tree: Tree, limits: Limits) -> Iterator[Item]:
    with os.scandir(root.joinpath(*at)) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    for entry in entries:
        parts = (*at, entry.name)
        if is_junk(parts[-1:]):
            continue
        shown = shown_name("/".join((tree.shown.rstrip("/"), *parts)))
        path = root.joinpath(*parts)
        if entry.is_dir(follow_symlinks=False):
            tree.folders.add(parts)
            if len(parts) >= limits.depth:
                tree.problems.append(Problem(shown, "nested too deeply: not looked into"))
                continue
            try:
                yield from _walk(root, real, parts, tree, limits)
            except OSError as error:  # it stands for a file there, so that the student is not lost
                yield Item((*parts, "…"), shown, _reader(path, limits), path, (), f"cannot be listed: {error.strerror}")
        elif entry.is_symlink():
            yield _link(path, parts, shown, real, limits)
        else:
            yield file_item(path, parts, shown, limits)


def _link(path: Path, parts: tuple[str, ...], shown: str, real: Path, limits: Limits) -> Item:
    """Return what a link leads to, if that lies in the same student's folder: else it is nobody's to hand in."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        target = None
    if target is None or len(parts) < 2 or not target.is_relative_to(real / parts[0]) or not target.is_file():
        return Item(parts, shown, _reader(path, limits), path, (), "a link to somewhere else, which is not followed")
    return file_item(path, parts, shown, limits)


# ---------------------------------------------------------------------------- in a zip
def zip_tree(source: Path | bytes, archive: Archive, shown: str) -> Tree:
    """What `archive`, opened from `source`, holds; `shown` is what to call it."""
    whole = source.absolute() if isinstance(source, Path) else Path(shown)
    tree = Tree(shown, whole.stem, whole.parts[:-1], packed=True)
    for entry in archive.entries:
        told = f"{shown}/{entry.shown}"
        if not entry.parts:
            tree.problems.append(Problem(told, entry.trouble))
        elif entry.is_folder:
            tree.folders.add(entry.parts)
        else:
            tree.folders.update(entry.parts[:end] for end in range(1, len(entry.parts)))
            item = Item(entry.parts, told, _unpacker(archive, entry), None, entry.time, entry.trouble)
            tree.items.append(item)
    tree.items.sort(key=lambda item: item.parts)  # stable: of two with one name the later stays the later
    return tree


def _unpacker(archive: Archive, entry: Entry) -> Callable[[], bytes]:
    return lambda: archive.read(entry)
