"""One student's files: zips opened, the submission chosen, and put where nobody else's file can be imported from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

from grader.cohort.archives import Archive, ArchiveError, EntryError, Limits
from grader.cohort.attempts import Choice, Chooser, Contents, base_of
from grader.cohort.handins import Dropped, Handed, HandIn, Missing, Outcome, Problem, Source, Unreadable
from grader.cohort.layouts import Place, Placed, download_in
from grader.cohort.names import is_gradable, shown_name
from grader.cohort.private import PrivateFolder
from grader.cohort.trees import is_zip, zip_tree

__all__ = ["Student", "Students"]

_MOST_NAMED = 3


@dataclass
class Student:
    """A student, where their work lies, and the files in it."""

    key: str
    places: list[Place] = field(default_factory=list)
    files: list[Placed] = field(default_factory=list)


@dataclass
class _Desk:
    """One student's files, opened: `unread` are zips that could not be, and why."""

    student: Student
    files: list[Placed]
    contents: Contents
    chooser: Chooser
    unread: list[tuple[Placed, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Students:
    """Turns a student's files into what they handed in; what was left out gathers in `dropped` and `problems`.

    `everyone` gives the files in folders that students share: none of them may be imported by another.
    """

    def __init__(
        self,
        source: Source,
        limits: Limits,
        private: PrivateFolder,
        everyone: Callable[[], frozenset[Path]],
    ) -> None:
        self._source = source
        self._limits = limits
        self._private = private
        self._everyone = everyone
        self.dropped: list[Dropped] = []
        self.problems: list[Problem] = []

    def hand_in(self, student: Student) -> HandIn:
        """What `student` handed in. Raises GraderError if there is no room to unpack it."""
        contents = Contents()
        desk = _Desk(student, [p for p in student.files if not is_zip(p.local[-1])], contents, Chooser(contents))
        zips = desk.chooser.latest_of_each([placed for placed in student.files if is_zip(placed.local[-1])])
        for packed in zips:
            self._open(packed, desk)
        choice = desk.chooser.choose(desk.files)
        outcome = self._apart(choice.main, choice, desk) if choice.main else _nothing(desk)
        self._list(choice, desk)
        at = choice.main.at if choice.main else student.places[-1]
        doubts = dict.fromkeys(place.doubt for place in student.places if place.doubt)
        review = (*doubts, *choice.review, *_doubts(choice, desk))
        return HandIn(student.key, at.name, outcome, self._source, at.ids, at.late, review)

    def _open(self, packed: Placed, desk: _Desk) -> None:
        """Add the files in a student's own zip; it stays open for as long as one of them may be read."""
        try:
            content = desk.contents.of(packed)
            archive = Archive(BytesIO(content), self._limits)
            self._check_sizes(archive)
        except (EntryError, ArchiveError) as error:
            desk.unread.append((packed, str(error)))
            return
        tree = zip_tree(content, archive, packed.item.shown)
        desk.problems += [replace(problem, student=desk.student.key) for problem in tree.problems]
        if (kind := download_in(item.parts[0] for item in tree.items)) is not None:
            desk.unread.append((packed, f"it is a whole download of {kind}'s: name that, by itself"))
            return
        if not tree.items:
            desk.unread.append((packed, tree.problems[0].reason if tree.problems else "the zip is empty"))
        if any(is_zip(item.parts[-1]) for item in tree.items):
            desk.chooser.review.append(f"{shown_name(packed.local[-1])} holds another zip, which was not opened")
        wrapped = _wrapped([item.parts for item in tree.items if is_gradable(item.parts[-1])])
        for item in tree.items:
            local = item.parts[wrapped:] or item.parts[-1:]
            desk.files.append(Placed(packed.at, item, local, replace(packed.attempt, time=item.time)))

    def _check_sizes(self, archive: Archive) -> None:
        if len(archive.entries) > self._limits.student_files:
            raise ArchiveError(f"it holds {len(archive.entries)} files, more than {self._limits.student_files}")
        wanted = [entry for entry in archive.entries if entry.parts and is_gradable(entry.parts[-1])]
        total = sum(entry.info.file_size for entry in wanted)
        if total > self._limits.student_bytes:
            mib = 2**20
            raise ArchiveError(f"it would unpack to {total // mib} MiB, more than {self._limits.student_bytes // mib}")

    def _apart(self, main: Placed, choice: Choice, desk: _Desk) -> Outcome:
        """Return where to read the submission: in place if its folder is the student's alone, else in a private one."""
        item = main.item
        if item.trouble:
            return Unreadable(item.shown, item.trouble)
        if (
            item.file is not None
            and not (main.at.flat and choice.beside)
            and all(p.item.file for _, p in choice.beside)
        ):
            exclude = self._everyone() if main.at.flat else frozenset[Path]()
            return Handed(item.file, item.shown, main.attempt, exclude)
        try:
            content = desk.contents.of(main)
            room = self._private.room()
            path = self._private.write(room, base_of(main)[-1:], content)
            left = self._limits.module_bytes
            for local, placed in choice.beside:
                module = desk.contents.readable(placed)
                if module is not None and len(module) <= left:
                    left -= len(module)
                    self._private.write(room, local, module)
        except EntryError as error:
            return Unreadable(item.shown, str(error))
        return Handed(path, item.shown, main.attempt, frozenset())

    def _list(self, choice: Choice, desk: _Desk) -> None:
        """Note what was left out, and what could not be read."""
        self.dropped += [Dropped(desk.student.key, placed.item.shown, reason) for placed, reason in choice.dropped]
        told = {placed.item.shown: reason for placed, reason in desk.unread}
        for placed in desk.files:
            if placed is not choice.main and (trouble := placed.item.trouble or desk.contents.trouble(placed)):
                told.setdefault(placed.item.shown, trouble)
        self.problems += desk.problems
        self.problems += [Problem(shown, reason, desk.student.key) for shown, reason in told.items()]


def _nothing(desk: _Desk) -> Outcome:
    """Why there is nothing to grade."""
    if desk.unread:
        packed, reason = desk.unread[-1]
        return Unreadable(packed.item.shown, reason)
    if not desk.files:
        return Missing(desk.student.places[-1].shown, "nothing was handed in")
    for problem in desk.problems:
        return Unreadable(problem.shown, problem.reason)
    for placed in desk.files:
        if placed.item.trouble:
            return Unreadable(placed.item.shown, placed.item.trouble)
    names = [shown_name(placed.local[-1]) for placed in desk.files]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    listed = ", ".join(names[:_MOST_NAMED]) + more
    return Unreadable(desk.files[0].at.shown, f"no script (.py) or notebook (.ipynb) among {listed}")


def _wrapped(paths: list[tuple[str, ...]]) -> int:
    """Return the number of folders that all `paths` begin with."""
    shared = 0
    while paths and all(len(path) > shared + 1 and path[shared] == paths[0][shared] for path in paths):
        shared += 1
    return shared


def _doubts(choice: Choice, desk: _Desk) -> Iterator[str]:
    """Yield the zips that may have held the submission, where something else is graded."""
    for packed, reason in desk.unread if choice.main else ():
        yield f"{shown_name(packed.local[-1])} could not be read ({reason})"
