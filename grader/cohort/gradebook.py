"""The rows of `grades.csv`, one for each student, and of `needs_review.csv`, one for each thing to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from grader.cohort.notes import Note
from grader.contract import FUNCTIONS
from grader.report.marks import hundredths, points_text, shown_machine_total, shown_points, shown_total
from grader.result import Report

__all__ = ["GRADES", "REVIEW", "Entry", "grades_row", "review_rows"]

GRADES = (
    "student",
    "name",
    "outcome",
    "score",
    "machine_score",
    "max_score",
    "passed",
    *FUNCTIONS,
    "late",
    "path",
    "source",
    "lms_student",
    "lms_submission",
    "overrides",
)
REVIEW = ("student", "name", "path", "what", "why")

_UNTOLD = {
    "choice": "it is not certain what to grade: grade without --anonymous to see why",
    "left out": "a file was left out for another one",
    "problem": "a file could not be read",
}


@dataclass(frozen=True, eq=False)
class Entry:
    """All that the outputs say of one student.

    `called` is their name in tables; `machine` the report without, `report` the one with a person's hand; `waiting`
    what a person decided although there is no mark yet; `seconds` how long the grading took.
    """

    student: str
    called: str
    page: str
    note: Note
    machine: Report
    report: Report
    seconds: float | None
    waiting: tuple[str, ...]
    anonymous: bool

    @property
    def outcome(self) -> Literal["graded", "unreadable", "ungraded", "missing"]:
        """What the tables call it: a submission that is not there is told from one that cannot be read."""
        return "missing" if self.note.missing else self.report.outcome

    @property
    def look(self) -> tuple[tuple[str, str, str], ...]:
        """What a person should look at before the mark is final: what it is, why, and where if not in the submission.

        The gravest first. That a file was left out for a better one is no such thing.
        """
        return tuple(_to_look_at(self))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why a person should look at the mark."""
        return (*self.machine.review, *(self.tell("choice", why) for why in self.note.review))

    def tell(self, what: str, why: str) -> str:
        """The reason, or where names must not stand a sentence without any: files are called what students like."""
        return _UNTOLD[what] if self.anonymous else why


def grades_row(entry: Entry) -> Sequence[str]:
    """The cells of `GRADES`."""
    report = entry.report
    points = dict(zip((check.verdict.name for check in report.checks), shown_points(report), strict=True))
    graded = report.outcome == "graded"
    return (
        entry.called,
        entry.note.name,
        entry.outcome,
        _number(shown_total(report)),
        _number(shown_machine_total(report)),
        _number(report.max_score),
        {True: "yes", False: "no", None: ""}[report.passed],
        *(_number(points.get(name)) if graded else "" for name in FUNCTIONS),
        "yes" if entry.note.late else "no",
        report.submission.path,
        entry.note.source,
        entry.note.lms_student,
        entry.note.lms_submission,
        "; ".join(
            f"{item.check}: {_number(item.points)} for {_number(item.machine)} ({item.who}: {item.reason})"
            for item in report.overrides
        ),
    )


def _number(points: Fraction | None) -> str:
    return "" if points is None else points_text(hundredths(points))


def review_rows(entry: Entry) -> Iterator[Sequence[str]]:
    """The cells of `REVIEW`, the gravest first, and last what was left out."""
    path = entry.report.submission.path
    for what, why, where in (*entry.look, *_left_out(entry)):
        yield entry.called, entry.note.name, where or path, what, why


def _to_look_at(entry: Entry) -> Iterator[tuple[str, str, str]]:
    note, told = entry.note, entry.tell
    if entry.outcome != "graded":
        yield entry.outcome, entry.report.reason, ""
    for why in entry.waiting:
        yield "override", f"not applied, there is no mark: {why}", ""
    for why in entry.machine.review:
        yield "check", why, ""
    for why in note.review:
        yield "choice", told("choice", why), ""
    for shown, why in note.problems:
        yield "problem", told("problem", why), "" if entry.anonymous else shown


def _left_out(entry: Entry) -> Iterator[tuple[str, str, str]]:
    for shown, why in entry.note.dropped:
        yield "left out", entry.tell("left out", why), "" if entry.anonymous else shown
