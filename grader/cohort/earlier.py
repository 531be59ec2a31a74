"""What the last grading in an output folder was of: nobody's mark is to be lost by a slip on the command line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.cohort.notes import read_notes
from grader.cohort.out_folder import STORE_FILE
from grader.cohort.plain import WireError
from grader.cohort.pseudonyms import read_names
from grader.cohort.store import Store
from grader.errors import UsageError
from grader.report.clean import clean

__all__ = ["Earlier", "check_nobody_is_lost", "last_grading", "students_ever"]

_MOST_NAMED = 5


@dataclass(frozen=True)
class Earlier:
    """The last grading that came to its end: everybody in it, by key, as the outputs call them, and its facts."""

    students: Mapping[str, str]
    facts: Mapping[str, Any]


def last_grading(folder: Path) -> Earlier | None:
    """Read it from the store in `folder`; None if there is none. Raises UsageError where another grader has it."""
    if not (folder / STORE_FILE).is_file():
        return None
    with Store(folder, create=False) as store:
        run = next((run for run in reversed(store.runs()) if run.finished), None)
        if run is None:
            return None
        students = {student: student for student in store.students(run.number)}
        with suppress(WireError):  # another version's notes: the keys will do
            if (noted := read_notes(store, run.number)) is not None:
                told, notes = noted
                names = read_names(folder) if told.anonymous else None
                students |= {
                    student: names.pseudonym(student) if names else note.name
                    for student, note in notes.items()
                    if student in students
                }
    return Earlier(students, run.facts)


def students_ever(folder: Path) -> tuple[str, ...]:
    """Everybody who was ever graded in `folder`, by key, and was not forgotten. Raises as `last_grading`."""
    if not (folder / STORE_FILE).is_file():
        return ()
    with Store(folder, create=False) as store:
        return store.students()


def check_nobody_is_lost(folder: Path, earlier: Earlier, students: Collection[str]) -> None:
    """Raise UsageError, before any work, where a student of the last grading is not among `students`."""
    gone = [name for student, name in sorted(earlier.students.items()) if student not in students]
    if not gone:
        return
    named = ", ".join(clean(name, limit=40) for name in gone[:_MOST_NAMED])
    more = f" and {len(gone) - _MOST_NAMED} more" if len(gone) > _MOST_NAMED else ""
    raise UsageError(
        f"-o {folder}: {len(gone)} of the {len(earlier.students)} students of the last grading there are not among "
        f"these submissions: {named}{more}; name the whole class, or another folder, or say --drop-missing to take "
        "them out of its outputs"
    )
