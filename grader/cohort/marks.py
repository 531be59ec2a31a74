"""The marks of a class as its output folder tells them, for whoever carries them on: one `Mark` a student.

They are read from the store, with the rubric they were given by and with `overrides.csv` as it is now; before that
the outputs are written anew, so that what is carried on is what `grades.csv` and the pages say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from grader.cohort.gradebook import Entry
from grader.cohort.notes import Note
from grader.cohort.publish_folder import entries_of, publish_again
from grader.cohort.store import Store
from grader.errors import UsageError
from grader.report.marks import shown_total
from grader.result import Feedback, Report

__all__ = ["Mark", "read_marks"]


@dataclass(frozen=True, eq=False)
class Mark:
    """One student's: `report` has a person's hand in it; `feedback` is how much of it the student may know.

    `called`: their name in `grades.csv`; `note`: their name and ids where the files came from; `total`: in hundredths
    of a point, None unless the outcome is "graded"; `page`: the HTML page a student may see.
    """

    student: str
    called: str
    note: Note
    outcome: str
    total: Fraction | None
    max_total: Fraction
    report: Report
    feedback: Feedback
    page: Path
    doubts: tuple[str, ...]


def read_marks(folder: Path) -> Iterator[Mark]:
    """Yield the marks in `folder`, which `grade -o FOLDER/` wrote, in the order in which they were graded.

    Raises UsageError where there are none, where the last grading was stopped half-way, or where it was anonymous:
    nobody could be told whose mark is whose; GraderError where the folder cannot be read or written.
    """
    with Store(folder, create=False) as store:
        runs = store.runs()
        if not runs or runs[-1].finished is None:
            raise UsageError(f"{folder}: its last grading did not come to its end: give the same `grade` command again")
        if publish_again(store) is None:
            raise UsageError(f"{folder}: nobody's marks are here: `grade SUBMISSIONS -o {folder}/` writes some")
        for entry, feedback in entries_of(store):
            if entry.anonymous:
                raise UsageError(f"{folder}: graded with --anonymous, so the ids are left out: grade without it")
            yield _mark(entry, feedback, folder)


def _mark(entry: Entry, feedback: Feedback, folder: Path) -> Mark:
    return Mark(
        student=entry.student,
        called=entry.called,
        note=entry.note,
        outcome=entry.outcome,
        total=shown_total(entry.report),
        max_total=entry.report.max_score,
        report=entry.report,
        feedback=feedback,
        page=folder / "pages" / entry.page,
        doubts=entry.doubts,
    )
