"""What the outputs say of a student that no verdict knows: names, ids, what was left out. Kept in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import assert_never

from grader.cohort.engine import Work
from grader.cohort.handins import CanvasIds, Handed, HandIn, Ids, Missing, MoodleIds, NbgraderIds, Unreadable
from grader.cohort.plain import from_data, to_data
from grader.cohort.store import Store
from grader.result import Feedback

if TYPE_CHECKING:
    from grader.cohort.gather import Cohort

__all__ = ["ClassNote", "Note", "keep_notes", "notes_of", "read_notes", "works_of"]


@dataclass(frozen=True)
class Note:
    """One student: `lms_student` and `lms_submission` are what `source` calls them; `dropped` files with the reason."""

    name: str
    source: Literal["folder", "canvas", "moodle", "nbgrader"]
    lms_student: str = ""
    lms_submission: str = ""
    late: bool = False
    missing: bool = False
    review: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ClassNote:
    """The whole class: how its outputs are to be written, and what could be given to nobody."""

    anonymous: bool
    feedback: Feedback
    problems: tuple[tuple[str, str], ...] = ()


def works_of(cohort: Cohort) -> list[Work]:
    """What there is to grade, a piece for each student; one who handed in nothing gets one as well."""
    return [_work(hand_in) for hand_in in cohort.submissions]


def _work(hand_in: HandIn) -> Work:
    match hand_in.outcome:
        case Handed(path, shown, _, exclude):
            return Work(hand_in.student, path, shown, exclude)
        case Unreadable(shown, reason) | Missing(shown, reason):
            missing = isinstance(hand_in.outcome, Missing)
            return Work(hand_in.student, Path(), shown, fault=reason, missing=missing)
        case _ as other:
            assert_never(other)


def notes_of(cohort: Cohort) -> dict[str, Note]:
    """What is to be told of each student."""
    dropped: dict[str, list[tuple[str, str]]] = {}
    problems: dict[str, list[tuple[str, str]]] = {}
    for item in cohort.dropped:
        dropped.setdefault(item.student, []).append((item.shown, item.reason))
    for problem in cohort.problems:
        if problem.student is not None:
            problems.setdefault(problem.student, []).append((problem.shown, problem.reason))
    return {
        hand_in.student: _note(
            hand_in, tuple(dropped.get(hand_in.student, ())), tuple(problems.get(hand_in.student, ()))
        )
        for hand_in in cohort.submissions
    }


def _note(hand_in: HandIn, dropped: tuple[tuple[str, str], ...], problems: tuple[tuple[str, str], ...]) -> Note:
    student, submission = _ids(hand_in.ids)
    return Note(
        name=hand_in.name,
        source=hand_in.source,
        lms_student=student,
        lms_submission=submission,
        late=hand_in.late,
        missing=isinstance(hand_in.outcome, Missing),
        review=hand_in.review,
        dropped=dropped,
        problems=problems,
    )


def _ids(ids: Ids) -> tuple[str, str]:
    match ids:
        case None:
            return "", ""
        case CanvasIds(user, attachment):
            return user, attachment or ""
        case MoodleIds(participant, folder):
            return participant or "", folder
        case NbgraderIds(student, assignment):
            return student, assignment
        case _ as other:
            assert_never(other)


# ---------------------------------------------------------------------------- in the store
def keep_notes(store: Store, run: int, told: ClassNote, notes: Mapping[str, Note]) -> None:
    """Put them beside the run's gradings."""
    store.note(run, to_data(told), {student: to_data(note) for student, note in notes.items()})


def read_notes(store: Store, run: int) -> tuple[ClassNote, dict[str, Note]] | None:
    """What `keep_notes` put there. Raises WireError if another version did."""
    found = store.notes(run)
    if found is None:
        return None
    told, notes = found
    return from_data(ClassNote, told), {student: _read(note) for student, note in notes.items()}


def _read(data: Any) -> Note:
    return from_data(Note, data)
