"""A class: everybody's submission in folders, zips and the downloads of learning platforms."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

from grader.closing import Closing
from grader.cohort.archives import Archive, ArchiveError, Limits
from grader.cohort.handins import Dropped, HandIn, NbgraderIds, Problem, Source
from grader.cohort.layouts import EXPECTED, Place, Placed, place, recognise, unwrapped
from grader.cohort.names import shown_name, student_key
from grader.cohort.private import PrivateFolder
from grader.cohort.students import Student, Students
from grader.cohort.trees import Tree, file_item, folder_tree, is_zip, zip_tree
from grader.errors import UsageError

__all__ = ["Cohort", "gather"]


@dataclass(frozen=True, eq=False)
class Cohort(Closing):
    """Who handed in what, by student; files that came out of zips are there until it is closed.

    Every student with a place of their own is in `submissions`, whatever lies there. `dropped` lists what was left out
    for a better file, `problems` what could not be read, or is nobody's.
    """

    source: Source
    submissions: tuple[HandIn, ...]
    dropped: tuple[Dropped, ...]
    problems: tuple[Problem, ...]
    _private: PrivateFolder = field(repr=False)

    def close(self) -> None:
        """Remove what was unpacked."""
        self._private.close()


def gather(
    paths: Iterable[str | os.PathLike[str]],
    source: Source | Literal["auto"] = "auto",
    *,
    limits: Limits | None = None,
) -> Cohort:
    """Find the submissions in `paths`: files, folders and zips. Use it as a context: it may hold unpacked files.

    `source` says how they are laid out; "auto" goes by their names. A file stands for a student, named as it is,
    whether it exists or not. Zips are read as hostile: see `grader.cohort.archives`. Raises UsageError for a folder or
    zip that cannot be read or holds no submission, or is not laid out as `source` says, for paths that are laid out in
    different ways or show several assignments, and GraderError where there is no room to unpack to.
    """
    limits = limits or Limits()
    with ExitStack() as undo, ExitStack() as archives:
        private = undo.enter_context(PrivateFolder(limits.total_bytes))
        trees = list(_trees(paths, limits, archives))
        kind = _kind(trees) if source == "auto" else source
        students, problems = _students(trees, kind)
        if not students:
            raise UsageError(_nothing(trees, kind, source))
        everyone = cache(lambda: _on_disk(trees))
        reader = Students(kind, limits, private, everyone)
        submissions = tuple(reader.hand_in(students[key]) for key in sorted(students))
        undo.pop_all()
        return Cohort(kind, submissions, tuple(reader.dropped), (*problems, *reader.problems), private)


def _trees(paths: Iterable[str | os.PathLike[str]], limits: Limits, archives: ExitStack) -> Iterator[Tree]:
    """What each folder and each zip holds, then the files named one by one, together."""
    files = Tree("", "", named=True)
    for given in dict.fromkeys(os.fspath(path) for path in paths):
        path, shown = Path(given), shown_name(given)
        if given and path.is_dir():
            yield unwrapped(folder_tree(path, shown, limits))
        elif is_zip(path.name) and path.is_file():
            yield unwrapped(_zip(path, shown, limits, archives))
        else:
            above = path.absolute().parts[-4:]
            parts = above if above[:1] == ("submitted",) else (path.name or given,)
            files.items.append(file_item(path, parts, shown, limits))
    if files.items:
        yield files


def _zip(path: Path, shown: str, limits: Limits, archives: ExitStack) -> Tree:
    try:
        file = archives.enter_context(path.open("rb"))
        return zip_tree(path, archives.enter_context(Archive(file, limits)), shown)
    except ArchiveError as error:
        raise UsageError(f"{shown}: {error}") from None
    except OSError as error:
        raise UsageError(f"{shown}: cannot be read: {error.strerror or error}") from error


def _kind(trees: list[Tree]) -> Source:
    """Tell how all of them are laid out. Raises UsageError if they differ."""
    if len(trees) > 1 and {tree.above[-2:-1] for tree in trees} == {("submitted",)}:
        return "nbgrader"  # submitted/*/ASSIGNMENT
    kinds = {recognise(tree): tree for tree in trees}
    if len(kinds) > 1:
        told = "; ".join(f"{_called(tree)} as {kind}" for kind, tree in kinds.items())
        raise UsageError(f"the paths are laid out in different ways ({told}): grade them one by one, or say --from")
    return next(iter(kinds), "folder")


def _called(tree: Tree) -> str:
    return tree.shown or tree.items[0].shown


def _nothing(trees: list[Tree], kind: Source, source: str) -> str:
    where = _called(trees[0]) if trees else "no path"
    saw = sorted({item.parts[0] for tree in trees for item in tree.items})
    told = ", ".join(shown_name(name) for name in saw[:3]) + (f" and {len(saw) - 3} more" if len(saw) > 3 else "")
    if source == "auto":
        return f"{where}: no submission in it: expected {EXPECTED['folder']}; saw {told or 'nothing'}"
    other = recognise(trees[0]) if trees else kind
    hint = f"; it looks like --from {other}" if other != kind else ""
    return f"{where}: --from {kind} expects {EXPECTED[kind]}, but saw {told or 'nothing'}{hint}"


# ---------------------------------------------------------------------------- students
def _students(trees: list[Tree], kind: Source) -> tuple[dict[str, Student], list[Problem]]:
    """Everybody by key, and what is nobody's."""
    students: dict[str, Student] = {}
    problems = [problem for tree in trees for problem in tree.problems]
    loose: dict[str, Tree] = {}
    for tree in trees:
        found = list(place(tree, kind))
        problems += [one for one in found if isinstance(one, Problem)]
        for one in _apart(found, students) if kind == "folder" and tree.named else found:
            if isinstance(one, Problem):
                continue
            at = one.at if isinstance(one, Placed) else one
            if kind == "folder" and at.flat and loose.setdefault(at.student, tree) is not tree:
                raise UsageError(_twice(at, loose[at.student], tree))
            student = students.setdefault(at.student, Student(at.student))
            student.places.append(at)
            if isinstance(one, Placed):
                student.files.append(one)
    _check_assignments(students.values())
    return students, problems


def _apart(found: Sequence[Placed | Place | Problem], known: dict[str, Student]) -> Iterator[Placed | Place | Problem]:
    """Files that were named one by one are as many submissions: those of one name go by their paths."""
    placed = [one for one in found if isinstance(one, Placed)]
    times: dict[str, int] = defaultdict(int)
    for one in placed:
        times[one.at.student] += 1
    for one in placed:
        if times[one.at.student] > 1 or one.at.student in known:
            yield replace(one, at=replace(one.at, student=student_key(one.item.shown), name=one.item.shown))
        else:
            yield one


def _twice(at: Place, first: Tree, second: Tree) -> str:
    return (
        f"{at.name} is in both {first.shown or first.items[0].shown} and {second.shown}: "
        "where each of these is one student's, name the folder that holds them; else grade them one by one"
    )


def _check_assignments(students: Iterable[Student]) -> None:
    ids = {place.ids.assignment for s in students for place in s.places if isinstance(place.ids, NbgraderIds)}
    if len(ids) > 1:
        names = ", ".join(shown_name(name) for name in sorted(ids))
        raise UsageError(f"several assignments are there: {names}; name the folders of one: submitted/*/ASSIGNMENT")


def _on_disk(trees: list[Tree]) -> frozenset[Path]:
    """Files that lie on disk, resolved: those that could be imported from a folder that students share."""
    folder = cache(Path.resolve)
    files = (item.file for tree in trees for item in tree.items if item.file is not None)
    return frozenset(folder(file.parent) / file.name for file in files)
