"""Which of a student's files is the submission: the latest attempt, and of one attempt the file that runs.

The LMS's order decides, or the zip's own times, never a file system's. Whatever is left out is listed with the reason;
where the choice is a guess, a person is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from grader.cohort.archives import EntryError
from grader.cohort.handins import CanvasIds, MoodleIds
from grader.cohort.layouts import Placed
from grader.cohort.names import is_gradable, is_module, shown_name, split_suffix

__all__ = ["Choice", "Chooser", "Contents", "base_of"]

_IMPORTS = re.compile(r"\b(?:from|import|%run)[ \t]+([\w., \t]+)")
_DEFINES = re.compile(
    r"\bdef\s+(?:reLU|deriv_reLU|relu|relu_derivative|count_targets|forward|bptt_gradients|train|predict_counts)\s*\("
)
_NEVER = "nothing of the exercise is in it"
_MOST_LISTED = 20


@dataclass
class Contents:
    """What was read of one student's files, so that nothing is unpacked twice."""

    _read: dict[int, bytes | EntryError] = field(default_factory=dict)

    def of(self, placed: Placed) -> bytes:
        """Content of a file. Raises EntryError."""
        key = id(placed.item)
        if key not in self._read:
            try:
                self._read[key] = placed.item.read()
            except EntryError as error:
                self._read[key] = error
        found = self._read[key]
        if isinstance(found, EntryError):
            raise found
        return found

    def readable(self, placed: Placed) -> bytes | None:
        """Content, or None."""
        try:
            return self.of(placed)
        except EntryError:
            return None

    def trouble(self, placed: Placed) -> str:
        """Say why a file could not be read; empty if it could, or if nobody tried."""
        found = self._read.get(id(placed.item))
        return str(found) if isinstance(found, EntryError) else ""

    def text(self, placed: Placed) -> str:
        """Content as text, well enough to look for words; empty if it cannot be read."""
        return (self.readable(placed) or b"").decode("utf-8", "replace")


@dataclass(frozen=True)
class Choice:
    """The file to grade, what was left out and why, and what a person should look at.

    `beside` holds the modules that the file could import, with their paths from its folder.
    """

    main: Placed | None
    beside: tuple[tuple[tuple[str, ...], Placed], ...] = ()
    dropped: tuple[tuple[Placed, str], ...] = ()
    review: tuple[str, ...] = ()


def base_of(placed: Placed) -> tuple[str, ...]:
    """Path that all attempts at a file share: Canvas numbers them, others keep the name."""
    *folders, last = placed.local
    if isinstance(placed.at.ids, CanvasIds) and not folders:
        return (split_suffix(last)[0],)
    return placed.local


class Chooser:
    """Chooses one student's submission, and remembers what it left out and what it is not sure of."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self.dropped: list[tuple[Placed, str]] = []
        self.review: list[str] = []

    def choose(self, files: Iterable[Placed]) -> Choice:
        """Choose among `files`, zips already opened."""
        latest = self.latest_of_each([placed for placed in files if placed.named or is_gradable(placed.local[-1])])
        depth = min((len(placed.local) for placed in latest), default=0)
        near = [placed for placed in latest if len(placed.local) == depth]
        main = self._that_runs(near) if len(near) > 1 else next(iter(near), None)
        if main is not None:
            self._list_deeper(main, latest, depth)
        return Choice(main, tuple(_beside(main, latest)) if main else (), tuple(self.dropped), tuple(self.review))

    def latest_of_each(self, files: list[Placed]) -> list[Placed]:
        """Of every file its latest attempt."""
        grouped = groupby(sorted(files, key=base_of), key=base_of)
        return [self._latest(list(group)) for _, group in grouped]

    def _latest(self, attempts: list[Placed]) -> Placed:
        ordered = sorted(attempts, key=lambda placed: placed.attempt.order)  # stable: of equals the last listed
        *earlier, last = ordered
        if isinstance(last.at.ids, CanvasIds) and earlier and min(p.attempt.number for p in attempts) > 0:
            self._doubt("whether these are attempts at one file or several files", ordered, last)
        for placed in earlier:
            if self._same(placed, last):
                self._drop(placed, "the same bytes as", last)
            elif placed.attempt.order == last.attempt.order or not _dated(last):
                self._doubt("which of these is the latest attempt", [placed, last], last)
                self._drop(placed, "no later than", last)
            else:
                self._drop(placed, "an earlier attempt than", last)
        return last

    def _that_runs(self, files: list[Placed]) -> Placed:
        """Of several files the submission: imported by no other, with the exercise in it, the latest."""
        roots = _not_imported(files, self._contents.text) or files
        troubled = [placed for placed in roots if self._contents.readable(placed) is None]
        exercise = [placed for placed in roots if placed in troubled or _has_exercise(self._contents.text(placed))]
        left = exercise if len(exercise) > len(troubled) else roots
        self.dropped += [(placed, _NEVER) for placed in roots if placed not in left]
        *others, main = sorted(left, key=lambda placed: (placed.attempt.order, _rank(placed)))
        if len({self._contents.readable(placed) for placed in left if placed not in troubled}) + len(troubled) > 1:
            self._doubt("which of these is the submission", left, main)
        for placed in others:
            if self._same(placed, main):
                self._drop(placed, "the same bytes as", main)
            else:
                earlier = placed.attempt.order < main.attempt.order
                self._drop(
                    placed, "handed in before" if earlier else "one of several that could be graded, beside", main
                )
        return main

    def _list_deeper(self, main: Placed, files: list[Placed], depth: int) -> None:
        """List what lies deeper than the submission and is no part of it: another submission is for a person to see."""
        used = _imported_by(main, files, self._contents.text)
        never: list[Placed] = []
        for placed in files:
            if len(placed.local) == depth or id(placed) in used or self._contents.readable(placed) is None:
                continue
            if self._same(placed, main):
                self._drop(placed, "the same bytes as", main)
            elif _has_exercise(self._contents.text(placed)):
                self._drop(placed, "deeper in the folders than", main)
                self.review.append(f"another file deeper: {_called(placed)}; graded: {_called(main)}")
            else:
                never.append(placed)
        self.dropped += [(placed, _NEVER) for placed in never[:_MOST_LISTED]]
        if len(never) > _MOST_LISTED:  # a whole library, say
            self.dropped.append((never[_MOST_LISTED], f"{_NEVER}, nor in {len(never) - _MOST_LISTED - 1} more"))

    def _same(self, one: Placed, other: Placed) -> bool:
        content = self._contents.readable(one)
        return content is not None and content == self._contents.readable(other)

    def _drop(self, placed: Placed, reason: str, kept: Placed) -> None:
        when = str(kept.attempt)
        self.dropped.append((placed, f"{reason} {_called(kept)}{f' ({when})' if when else ''}, which is graded"))

    def _doubt(self, what: str, files: list[Placed], kept: Placed) -> None:
        names = ", ".join(sorted({_called(placed) for placed in files}))
        self.review.append(f"it is not certain {what}: {names}; graded: {_called(kept)}")


def _beside(main: Placed, files: list[Placed]) -> Iterator[tuple[tuple[str, ...], Placed]]:
    folder = base_of(main)[:-1]
    for placed in files:
        path = base_of(placed)
        if placed is not main and path[: len(folder)] == folder and is_module(path[len(folder) :]):
            yield path[len(folder) :], placed


def _dated(placed: Placed) -> bool:
    """Whether its order says when it was handed in: the times in Moodle's zip are those of the download."""
    return not isinstance(placed.at.ids, MoodleIds)


def _called(placed: Placed) -> str:
    return shown_name("/".join(placed.local))


def _rank(placed: Placed) -> tuple[bool, tuple[str, ...]]:
    """Where nothing else decides: a notebook, then the last by name."""
    return ".ipynb" in placed.local[-1].lower(), placed.local


def _has_exercise(text: str) -> bool:
    return _DEFINES.search(text) is not None or ("Wxs" in text and "Wrec" in text)


def _not_imported(files: list[Placed], text: Callable[[Placed], str]) -> list[Placed]:
    """Return the files that no other of them seems to import; names in comments count, which costs nothing here."""
    imported: set[int] = set()
    for placed in files:
        modules = {f"{word}.py" for word in _imports(text(placed))}
        imported |= {id(other) for other in files if other is not placed and base_of(other)[-1] in modules}
    return [placed for placed in files if id(placed) not in imported]


def _imported_by(main: Placed, files: list[Placed], text: Callable[[Placed], str]) -> set[int]:
    """The ids of the files that `main` seems to import, itself or through one that it imports."""
    used, left = {id(main)}, [main]
    while left:
        placed = left.pop()
        said, words = text(placed), _imports(text(placed))
        for other in files:
            *folders, name = base_of(other)
            if id(other) in used or not _means(name, folders, words):
                continue
            if tuple(folders) == base_of(placed)[:-1] or not folders or folders[-1] in said:
                used.add(id(other))
                left.append(other)
    return used


def _means(name: str, folders: list[str], imported: set[str]) -> bool:
    """Whether one of the names imported is that of the file, or of the package that it makes of its folder."""
    stem = folders[-1] if name == "__init__.py" and folders else name.removesuffix(".py")
    return stem in imported


def _imports(text: str) -> set[str]:
    return {word for found in _IMPORTS.findall(text) for word in re.findall(r"\w+", found)}
