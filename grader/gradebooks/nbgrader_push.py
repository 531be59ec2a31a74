"""Marks of a class into an nbgrader gradebook: first what would change, then the change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from grader.cohort.marks import Mark
from grader.errors import UsageError
from grader.gradebooks.nbgrader_gradebook import Book, Submission
from grader.publish.told import Told, cut, tell
from grader.report.marks import points_text, shown_points

__all__ = ["Due", "Pushed", "due", "push"]

_ROOM = 20_000
_NO_MARK = {
    "unreadable": "what was handed in cannot be read",
    "ungraded": "the grader could not do its work: grade again",
    "missing": "nothing was handed in",
}


@dataclass(frozen=True)
class Due:
    """One student's: points by check (None: no mark, and `why`), checks to look at, what they may be told."""

    student: str
    points: dict[str, Fraction] | None
    worth: dict[str, Fraction]
    total: Fraction | None
    look: frozenset[str] = frozenset()
    told: Told | None = None
    doubts: tuple[str, ...] = ()
    why: str = ""


@dataclass
class Pushed:
    """What was done, or would be: lines for people, each of which begins with a student's id."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    no_mark: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    same: int = 0

    @property
    def writes(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.new or self.changed)


def due(marks: Iterable[Mark], assignment: str) -> list[Due]:
    """What is to be pushed. Raises UsageError for marks of another assignment, or of another platform's students."""
    return [_due(mark, assignment) for mark in marks]


def _due(mark: Mark, assignment: str) -> Due:
    note = mark.note
    if note.source not in {"nbgrader", "folder"}:
        raise UsageError(
            f"{mark.called}: these marks are of a download of {note.source}'s, whose students have other ids"
        )
    if note.source == "nbgrader" and note.lms_submission != assignment:
        raise UsageError(f"{mark.called}: these marks are of the assignment {note.lms_submission!r}")
    student = note.lms_student or mark.student
    report = mark.report
    worth = {check.verdict.name: check.max_points for check in report.checks}
    if mark.outcome != "graded":
        return Due(student, None, worth, None, why=_NO_MARK[mark.outcome])
    points = dict(zip(worth, shown_points(report), strict=True))
    look = frozenset(check.verdict.name for check in report.checks if check.verdict.review)
    return Due(student, points, worth, mark.total, look, tell(report, mark.feedback), mark.doubts)


# ---------------------------------------------------------------------------- into the gradebook
def push(dues: Sequence[Due], book: Book, course: Path, *, write: bool, add_students: bool = False) -> Pushed:
    """Say what changes; with `write`, change it. Raises UsageError where the cells are worth other points."""
    pushed = Pushed()
    known = book.students()
    for each in dues:
        if each.worth:
            book.check_points(each.worth)
    for each in dues:
        pushed.doubtful += [f"{each.student}: {doubt}" for doubt in each.doubts]
        if each.student not in known and not add_students:
            pushed.unknown.append(each.student)
        elif each.points is None:
            _without_mark(each, book, pushed)
        else:
            _with_mark(each, book, pushed, course if write else None, known=each.student in known)
    if write:
        book.save()
    return pushed


def _without_mark(due: Due, book: Book, pushed: Pushed) -> None:
    """Never a zero: what is there stays, and a person is asked to look."""
    there = book.submission(due.student)
    if there is None:
        pushed.no_mark.append(f"{due.student}: {due.why}")
        return
    has = any(there.score(check).automatic is not None for check in there.grades)
    stays = "; the mark that is there stays" if has else ""
    pushed.no_mark.append(f"{due.student}: {due.why}{stays}")
    if there.ask_for_a_person():
        pushed.changed.append(f"{due.student}: to be graded by a person")


def _with_mark(due: Due, book: Book, pushed: Pushed, course: Path | None, *, known: bool) -> None:
    assert due.points is not None
    assert due.total is not None
    there = book.submission(due.student)
    total = points_text(due.total)
    if there is None:
        if book.has_submission(due.student):
            pushed.incomplete.append(due.student)
            return
        pushed.new.append(f"{due.student}: {total}")
        if course is None:
            return
        there = book.add(due.student, known=known, timestamp=_timestamp(course, due.student, book.name))
        _change(due, there, book)
        return
    before, scored = _sum(there)
    changed = _change(due, there, book)
    kept = [f"{check} {there.score(check).manual:g}" for check in there.grades if there.score(check).manual is not None]
    if kept:
        pushed.kept.append(f"{due.student}: {', '.join(kept)}")
    if not changed:
        pushed.same += 1
    elif scored and before == total:
        pushed.changed.append(f"{due.student}: {total}, other points or comments")
    else:
        pushed.changed.append(f"{due.student}: {before if scored else '-'} → {total}")


def _sum(there: Submission) -> tuple[str, bool]:
    """The automatic scores that are there, added up, and whether there are any."""
    scores = [there.score(check).automatic for check in there.grades]
    given = [Fraction(str(round(score, 6))) for score in scores if score is not None]
    return points_text(sum(given, Fraction(0))), bool(given)


def _change(due: Due, there: Submission, book: Book) -> bool:
    """Set scores and comments that are not as they should be; whether there were any. Nothing is kept before `save`."""
    assert due.points is not None
    changed = False
    for check in there.grades:
        score = there.score(check)
        points = float(due.points[check])
        if score.automatic is None or abs(score.automatic - points) > 1e-9:
            there.set_score(check, points, look=check in due.look)
            changed = True
    for cell, comment in there.comments.items():
        text = _comment(due, book.solutions[cell], first=cell == next(iter(book.solutions)))
        if comment.auto_comment != text:
            comment.auto_comment = text
            changed = True
    return changed


def _comment(due: Due, checks: tuple[str, ...], *, first: bool) -> str | None:
    """What the student may see of `checks`. nbgrader reads Markdown: an indented block is text and nothing else."""
    told = due.told
    assert told is not None
    parts = [told.verdict, told.notes] if first else []
    for item in told.items:
        if item.name in checks:
            parts += [f"{item.mark} {item.name}: {item.points_text}", item.text]
    text = cut("\n".join(filter(None, parts)), _ROOM)
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines()) or None


def _timestamp(course: Path, student: str, assignment: str) -> str | None:
    """When it was handed in, by nbgrader's own file beside the notebook."""
    try:
        text = (course / "submitted" / student / assignment / "timestamp.txt").read_text(encoding="utf-8")[:100]
    except (OSError, ValueError):
        return None
    return text.strip() if re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", text.strip()) else None
