"""Whose a file is: the ways in which downloads and folders are laid out, and how to tell one from another.

Canvas        NAME_[LATE_]USERID_ATTACHMENTID_FILE, all in one folder; what was typed online ends in _text.html
Moodle        NAME_PARTICIPANTID_assignsubmission_file/FILE, before 4.1 with a `_` more; on request flat, …_file_FILE
nbgrader      submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb, with a timestamp.txt beside the notebook
folder        FILE, named after the student, or STUDENT/FILE
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, Union

from grader.cohort.archives import EntryError
from grader.cohort.handins import Attempt, CanvasIds, Ids, MoodleIds, NbgraderIds, Problem, Source
from grader.cohort.names import CanvasName, canvas_name, is_gradable, moodle_name, shown_name, split_suffix, student_key
from grader.cohort.trees import Item, Tree, is_zip
from grader.errors import UsageError

__all__ = ["EXPECTED", "Place", "Placed", "download_in", "place", "recognise", "unwrapped"]

EXPECTED: Mapping[Source, str] = {
    "canvas": "files named NAME_USERID_ATTACHMENTID_FILE",
    "moodle": "folders named NAME_ID_assignsubmission_file, or files whose names go on after that",
    "nbgrader": "submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb",
    "folder": "scripts (.py), notebooks (.ipynb) or zips, or a folder of these for each student",
}
_TIMESTAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_ENDING = re.compile(r"\.(?:py|ipynb|zip)(?:\.(?:txt|json))?$", re.IGNORECASE)
_SUBMITTED = "submitted"


@dataclass(frozen=True)
class Place:
    """A student and where what they handed in lies. `flat`: in one folder with everybody else's.

    `doubt` is what a person should look at before they believe whose it is.
    """

    student: str
    name: str
    shown: str
    ids: Ids = None
    late: bool = False
    flat: bool = False
    doubt: str = ""


@dataclass(frozen=True)
class Placed:
    """A file of one student's; `local` is its path in what they handed in, by the names that they gave.

    `named`: it was named on the command line, so it is to be graded whatever its ending.
    """

    at: Place
    item: Item
    local: tuple[str, ...]
    attempt: Attempt
    named: bool = False


Found: TypeAlias = Union[Placed, Place, Problem]


# ---------------------------------------------------------------------------- telling them apart
def recognise(tree: Tree) -> Source:
    """Tell how `tree` is laid out, from names alone."""
    if _submitted(tree) is not None:
        return "nbgrader"
    tops = _tops(tree)
    loose = {item.parts[0] for item in tree.items if len(item.parts) == 1}
    moodle = sum(moodle_name(top) is not None for top in tops)
    canvas = sum(canvas_name(top) is not None for top in tops & loose)
    if 2 * moodle > len(tops):
        return "moodle"
    return "canvas" if 2 * canvas > len(tops) else "folder"


def _tops(tree: Tree) -> set[str]:
    return {item.parts[0] for item in tree.items} | {parts[0] for parts in tree.folders}


def download_in(names: Iterable[str]) -> Source | None:
    """Tell whose download lies there, by the names in one folder; None if it is one student's."""
    names = set(names)
    moodle = {name.participant or name.name for name in map(moodle_name, names) if name}
    canvas = {name.user for name in map(canvas_name, names) if name}
    if len(moodle) > 1 and 2 * len(moodle) > len(names):
        return "moodle"
    return "canvas" if len(canvas) > 1 and 2 * len(canvas) > len(names) else None


def unwrapped(tree: Tree) -> Tree:
    """`tree` without folders that only wrap it: named as its zip is, or holding a download, or folders and no files."""
    while True:
        tops = _tops(tree)
        if len(tops) != 1 or any(len(item.parts) == 1 for item in tree.items) or _submitted(tree) is not None:
            return tree
        (top,) = tops
        if moodle_name(top) is not None:
            return tree
        inner = _below(tree, top)
        wraps = _only_folders(inner) or recognise(inner) != "folder"
        if not wraps and not (tree.packed and top.casefold() == tree.base.casefold()):
            return tree
        tree = inner


def _below(tree: Tree, top: str) -> Tree:
    items = [replace(item, parts=item.parts[1:]) for item in tree.items if item.parts[0] == top]
    folders = {parts[1:] for parts in tree.folders if parts[0] == top and len(parts) > 1}
    inner = f"{tree.shown}/{shown_name(top)}"
    return Tree(inner, top, (*tree.above, tree.base), packed=tree.packed, items=items, folders=folders)


def _only_folders(tree: Tree) -> bool:
    wanted = [item for item in tree.items if _counts(item)]
    return len({item.parts[0] for item in wanted}) > 1 and all(len(item.parts) > 1 for item in wanted)


def _counts(item: Item) -> bool:
    return is_gradable(item.parts[-1]) or is_zip(item.parts[-1])


# ---------------------------------------------------------------------------- whose is it
def place(tree: Tree, source: Source) -> Iterator[Found]:
    """Give every file to a student; a folder with nothing in it gives the student alone.

    Raises UsageError where what looks like one student's folder is a whole class.
    """
    return _PLACERS[source](tree)


def _canvas(tree: Tree) -> Iterator[Found]:
    for item in tree.items:
        name = canvas_name(item.parts[-1]) if len(item.parts) == 1 else None
        if name is None:
            yield Problem(item.shown, "not named as Canvas names a submission: nobody knows whose it is")
            continue
        ids = CanvasIds(name.user, name.attachment)
        doubt = _whose(name, item) if name.doubtful else ""
        at = Place(name.user, shown_name(name.name), item.shown, ids, name.late, flat=True, doubt=doubt)
        attempt = Attempt(int((name.attachment or "0")[:18]), split_suffix(name.file)[1])
        yield Placed(at, item, (name.file,), attempt)


def _whose(name: CanvasName, item: Item) -> str:
    file = shown_name(item.parts[-1])
    return (
        f"it is not certain whose {file} is: user {name.user}'s, or the next number is the user and this one a name's"
    )


def _moodle(tree: Tree) -> Iterator[Found]:
    filled = {item.parts[0] for item in tree.items}
    for top in sorted(_tops(tree) - filled):
        if (at := _moodle_place(tree, top)) is not None:
            yield at
    for item in tree.items:
        top = item.parts[0]
        name = moodle_name(top)
        at = _moodle_place(tree, top)
        if name is None or at is None or (len(item.parts) == 1 and not name.file):
            yield Problem(item.shown, "not named as Moodle names a submission: nobody knows whose it is")
        elif len(item.parts) == 1:
            ids = MoodleIds(name.participant, top[: -len(name.file)])
            yield Placed(replace(at, ids=ids, flat=True), item, (name.file,), Attempt(time=item.time))
        else:
            yield Placed(at, item, item.parts[1:], Attempt(time=item.time))


def _moodle_place(tree: Tree, top: str) -> Place | None:
    name = moodle_name(top)
    if name is None:
        return None
    shown = f"{tree.shown}/{shown_name(top)}"
    student = name.participant or student_key(name.name)
    return Place(student, shown_name(name.name), shown, MoodleIds(name.participant, top))


def _nbgrader(tree: Tree) -> Iterator[Found]:
    where = _submitted(tree) or _deeper(tree)
    files = [(item, whole) for item in tree.items if (whole := where.whole(item.parts))]
    stamps = {whole[:2]: item for item, whole in files if whole[2:] == ("timestamp.txt",)}
    filled = {whole[0] for _, whole in files}
    for parts in sorted(tree.folders):
        whole = where.whole(parts)
        if len(whole) == 2 and whole[0] not in filled:
            yield _nbgrader_place(tree, *whole)
    for item, whole in files:
        if len(whole) < 3:
            yield Problem(item.shown, f"in no folder of a student and an assignment: expected {EXPECTED['nbgrader']}")
        elif whole[2:] == ("timestamp.txt",):
            yield _nbgrader_place(tree, *whole[:2])
        else:
            at = _nbgrader_place(tree, *whole[:2])
            yield Placed(at, item, whole[2:], Attempt(time=_stamped(stamps.get(whole[:2])) or item.time))


def _nbgrader_place(tree: Tree, student: str, assignment: str) -> Place:
    shown = shown_name(f"{tree.shown}: {student}/{assignment}")
    return Place(student_key(student), shown_name(student), shown, NbgraderIds(student, assignment))


@dataclass(frozen=True)
class _Where:
    """Where a tree stands in nbgrader's: below `above`, whose folders its paths lack, or with `submitted` in itself."""

    above: tuple[str, ...] = ()
    inside: bool = False

    def whole(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Student, assignment, file; empty if it lies elsewhere in the course."""
        if self.inside:
            return parts[1:] if parts[0] == _SUBMITTED else ()
        return (*self.above, *parts)


def _submitted(tree: Tree) -> _Where | None:
    """Where `tree` stands, if by its own names it is nbgrader's."""
    for where, here in ((_Where(inside=True), True), (_Where(), tree.base == _SUBMITTED)):
        wanted = [where.whole(item.parts) for item in tree.items if _counts(item)] if here else []
        if any(len(whole) > 2 and whole[-1].endswith(".ipynb") for whole in wanted) and all(
            len(whole) != 1 for whole in wanted
        ):
            return where
    return None


def _deeper(tree: Tree) -> _Where:
    """Where a folder below `submitted` stands: it is a student's, or an assignment's in a student's."""
    if tree.above[-2:-1] == (_SUBMITTED,):
        return _Where((tree.above[-1], tree.base))
    return _Where((tree.base,) if tree.above[-1:] == (_SUBMITTED,) else ())


def _stamped(item: Item | None) -> tuple[int, ...]:
    try:
        match = _TIMESTAMP.search(item.read()[:100].decode("ascii", "replace")) if item else None
    except EntryError:
        return ()
    return tuple(int(part) for part in match.groups()) if match else ()


def _folder(tree: Tree) -> Iterator[Found]:
    filled: dict[str, set[str]] = {}
    for item in tree.items:
        filled.setdefault(item.parts[0], set()).update(item.parts[1:2])
    for top, names in filled.items():
        if (kind := download_in(names)) is not None:
            raise UsageError(f"{tree.shown}/{shown_name(top)} is a whole download of {kind}'s: name that, by itself")
    for top in sorted(_tops(tree) - filled.keys()):
        yield Place(student_key(top), shown_name(top), f"{tree.shown}/{shown_name(top)}")
    for item in tree.items:
        top = item.parts[0]
        if len(item.parts) > 1:
            at = Place(student_key(top), shown_name(top), f"{tree.shown}/{shown_name(top)}")
            yield Placed(at, item, item.parts[1:], Attempt(time=item.time))
        elif _counts(item) or tree.named:
            stem = _ENDING.sub("", top)
            at = Place(student_key(stem), shown_name(stem), item.shown, flat=True)
            yield Placed(at, item, (top,), Attempt(time=item.time), named=tree.named)
        else:
            yield Problem(item.shown, "no script, notebook or zip, and in nobody's folder")


_PLACERS: Mapping[Source, Callable[[Tree], Iterator[Found]]] = {
    "canvas": _canvas,
    "moodle": _moodle,
    "nbgrader": _nbgrader,
    "folder": _folder,
}
