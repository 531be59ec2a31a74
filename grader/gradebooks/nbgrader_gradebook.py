"""An nbgrader course's own gradebook, through `nbgrader.api`: one assignment, where our checks are cells of it.

A grade cell has an automatic score and, if a person gave one, a manual score, which counts in its place; so has the
comment on a solution cell. What is pushed is the automatic one of each: exports and the form grader show it, and what
a person decided there stays. A later `nbgrader autograde` writes its own scores over it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.contract import FUNCTIONS
from grader.errors import GraderError, UsageError
from grader.report.marks import points_text
from grader.suggest import did_you_mean

__all__ = ["Book", "Score", "Submission", "database", "open_book"]


def database(course: Path, url: str | None) -> str:
    """The address of the gradebook: `url`, or that of gradebook.db in the course. Raises UsageError."""
    file = (course / "gradebook.db").resolve()
    if url is not None:
        if not re.match(r"[a-z0-9+]+://", url):
            raise UsageError(f"--db: expected an address as nbgrader's db_url is, got {url[:80]!r}")
        return url
    if not file.is_file():
        raise UsageError(
            f"{course}: no gradebook.db: run `nbgrader generate_assignment` there first (elsewhere? give --db)"
        )
    return f"sqlite:///{file}"


@dataclass(frozen=True)
class Score:
    """A grade cell as it stands: None where nobody scored it."""

    automatic: float | None
    manual: float | None


@dataclass(frozen=True, eq=False)
class Submission:
    """A student's submission in the gradebook: rows of nbgrader's for our checks, and comments by solution cell."""

    grades: Mapping[str, Any]
    comments: Mapping[str, Any]

    def score(self, check: str) -> Score:
        """What stands there."""
        grade = self.grades[check]
        return Score(grade.auto_score, grade.manual_score)

    def set_score(self, check: str, points: float, *, look: bool) -> None:
        """Write an automatic score; `look`: a person should, as also where one decided before it changed."""
        grade = self.grades[check]
        grade.needs_manual_grade = look or grade.manual_score is not None
        grade.auto_score = points

    def ask_for_a_person(self) -> int:
        """Have the cells that no person scored marked as to be graded by one; scores stay. How many were not yet."""
        open_ = [grade for grade in self.grades.values() if grade.manual_score is None and not grade.needs_manual_grade]
        for grade in open_:
            grade.needs_manual_grade = True
        return len(open_)


class Book:
    """One assignment of an open gradebook. Nothing is kept before `save`."""

    def __init__(self, gradebook: Any, assignment: Any) -> None:
        self._gradebook = gradebook
        self._assignment = assignment
        self.name = str(assignment.name)
        self._cells = self._grade_cells()
        self.solutions = self._solution_cells()

    # ------------------------------------------------------------------ the assignment
    def _grade_cells(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for notebook in self._assignment.notebooks:
            for cell in notebook.grade_cells:
                if cell.name in FUNCTIONS:
                    if cell.name in found:
                        raise UsageError(f"{self.name}: {cell.name} is a cell of two notebooks: nobody knows which")
                    found[cell.name] = cell
        if not found:
            raise UsageError(
                f"{self.name}: none of its cells is one of our checks: "
                "`grader pack nbgrader`, then `nbgrader generate_assignment`"
            )
        return found

    def _solution_cells(self) -> dict[str, tuple[str, ...]]:
        """The checks whose functions are written in each solution cell, by the cell's name."""
        notebooks = {cell.notebook.id: cell.notebook for cell in self._cells.values()}
        solutions: dict[tuple[str, str], list[str]] = {
            (notebook.id, cell.name): [] for notebook in notebooks.values() for cell in notebook.solution_cells
        }
        for notebook in notebooks.values():
            for cell in notebook.source_cells:
                checks = solutions.get((notebook.id, cell.name), [])
                checks += [
                    check
                    for check in self._cells
                    if re.search(rf"^def {check}\b", cell.source or "", re.MULTILINE)
                    and self._cells[check].notebook.id == notebook.id
                ]
        return {name: tuple(checks) for (_, name), checks in solutions.items() if checks}

    def check_points(self, worth: Mapping[str, Fraction]) -> None:
        """Raise UsageError unless the cells are the checks of the rubric, worth the same."""
        missing = [check for check, most in worth.items() if most and check not in self._cells]
        if missing:
            raise UsageError(f"{self.name}: no cell for {', '.join(missing)}: pack and generate the assignment again")
        for check, cell in self._cells.items():
            if abs(cell.max_score - float(worth[check])) > 1e-9:
                raise UsageError(
                    f"{self.name}: {check} is worth {cell.max_score:g} there and {points_text(worth[check])} by the "
                    "rubric: pack the assignment with the rubric, and generate it again"
                )

    # ------------------------------------------------------------------ students
    def students(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(student.id for student in self._gradebook.students)

    def submission(self, student: str) -> Submission | None:
        """Theirs; None where they have none, or one that lacks cells which the assignment was given since."""
        from nbgrader.api import MissingEntry  # noqa: PLC0415 - nbgrader is an extra

        find = self._gradebook
        try:
            grades = {
                check: find.find_grade(check, cell.notebook.name, self.name, student)
                for check, cell in self._cells.items()
            }
            notebooks = {cell.notebook.name for cell in self._cells.values()}
            comments = {
                comment.name: comment
                for notebook in notebooks
                for comment in find.find_submission_notebook(notebook, self.name, student).comments
                if comment.name in self.solutions
            }
        except MissingEntry:
            return None
        return Submission(grades, comments)

    def has_submission(self, student: str) -> bool:
        """Whether there is any, complete or not."""
        return any(each.student.id == student for each in self._assignment.submissions)

    def add(self, student: str, *, known: bool, timestamp: str | None) -> Submission:
        """Add a submission, and the student too unless `known`; both are kept at once."""
        if not known:
            self._gradebook.add_student(student)
        given = {"timestamp": timestamp} if timestamp else {}
        self._gradebook.add_submission(self.name, student, **given)
        made = self.submission(student)
        assert made is not None
        return made

    def save(self) -> None:
        """Keep what was set."""
        self._gradebook.db.commit()


# ---------------------------------------------------------------------------- opening
@contextmanager
def open_book(url: str, assignment: str) -> Iterator[Book]:
    """Open the gradebook at `url` for one assignment. Raises UsageError, or GraderError where it cannot be used."""
    with _narrowly():
        api, errors = _nbgrader()
        try:
            with api.Gradebook(url, _course(api, url, assignment)) as gradebook:
                try:
                    yield Book(gradebook, gradebook.find_assignment(assignment))
                finally:
                    gradebook.db.rollback()
        except errors as error:
            first = str(error).splitlines()[0]
            raise GraderError(
                f"nbgrader's gradebook cannot be used: {first} (made by an older nbgrader? `nbgrader db upgrade`)"
            ) from error


@contextmanager
def _narrowly() -> Iterator[None]:
    """What nbgrader and what it stands on call out of date is theirs to mend, and how they put a row together."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message="Object of type <Submitted.*not in session")
        yield


def _nbgrader() -> tuple[Any, type[Exception]]:
    try:
        from nbgrader import api  # noqa: PLC0415 - nbgrader is an extra
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - nbgrader brings it
    except ImportError as error:
        raise UsageError("grader push nbgrader needs nbgrader: install bptt-grader[nbgrader]") from error
    return api, SQLAlchemyError


def _course(api: Any, url: str, assignment: str) -> str:
    """The id of the assignment's course: to open a gradebook by another would add that one to it."""
    from sqlalchemy import create_engine, inspect, select  # noqa: PLC0415 - nbgrader brings it

    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("assignment"):
                raise UsageError(f"{url}: no gradebook of nbgrader's")
            rows = connection.execute(select(api.Assignment.name, api.Assignment.course_id))
            found = {str(name): str(course) for name, course in rows}
    finally:
        engine.dispose()
    if assignment not in found:
        there = f"there are: {', '.join(sorted(found))}" if found else "there is none"
        raise UsageError(
            f"no assignment {assignment!r} in the gradebook ({there}): "
            f"run `nbgrader generate_assignment {assignment}` first{did_you_mean(assignment, found)}"
        )
    return found[assignment]
