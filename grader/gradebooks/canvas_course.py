"""An assignment as Canvas tells of it through its interface, and what it is told: canvasapi's calls, read strictly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from grader.errors import UsageError
from grader.gradebooks.canvas_comment import tag_of
from grader.gradebooks.canvas_link import Link, as_canvas_answers
from grader.report.clean import clean

__all__ = ["Course", "Progress", "State", "in_batches", "poll"]

_FIRST_POLL_S, _SLOWEST_POLL_S = 0.2, 5.0


@dataclass(frozen=True)
class State:
    """What Canvas has of one student: the score that was entered, before any deduction for being late."""

    name: str
    score: Fraction | None
    excused: bool
    tags: frozenset[str]


@dataclass(frozen=True)
class Progress:
    """A job of Canvas's: `ended` is False while it may still do something; `message` is Canvas's own."""

    ended: bool
    failed: bool
    message: str


class Course:
    """One assignment. Raises GraderError for all that goes wrong on the way."""

    def __init__(self, link: Link, course: int, assignment: int) -> None:
        from canvasapi.assignment import Assignment  # noqa: PLC0415 - a second of imports, for this command alone
        from canvasapi.course import Course as CanvasCourse  # noqa: PLC0415 - the same

        self.target = f"{link.url}/courses/{course}/assignments/{assignment}"
        self._url = link.url
        self._requester = link.requester()
        with as_canvas_answers(self._url):
            found = CanvasCourse(self._requester, {"id": course}).get_assignment(assignment)
            facts: Mapping[str, Any] = dict(vars(found))
            self.title = clean(str(facts["name"]), limit=80)
            self.possible = Fraction(str(facts["points_possible"] or 0))
        self._assignment = Assignment(self._requester, {"id": assignment, "course_id": course})
        _check_kind(self.title, facts)

    @property
    def label(self) -> str:
        """The assignment, for people."""
        return f"“{self.title}”"

    # ------------------------------------------------------------------ reading
    def states(self) -> dict[str, State]:
        """Everybody whose assignment it is, by Canvas's id."""
        with as_canvas_answers(self._url):
            listed = self._assignment.get_submissions(include=["submission_comments", "user"])
            return {str(int(each.user_id)): _state(vars(each)) for each in listed}

    def progress(self, number: str) -> Progress:
        """How far a job is; one that Canvas has forgotten has ended."""
        from canvasapi.progress import Progress as CanvasProgress  # noqa: PLC0415 - the same

        try:
            with as_canvas_answers(self._url):
                found = CanvasProgress(self._requester, {"id": int(number)}).query()
                state, message = str(found.workflow_state), getattr(found, "message", None)
        except UsageError:
            return Progress(ended=True, failed=False, message="")
        ended = state in {"completed", "failed"}
        return Progress(ended, state == "failed", clean(str(message or ""), limit=500))

    # ------------------------------------------------------------------ writing
    def update(self, grades: Mapping[str, Mapping[str, str]]) -> str:
        """Hand in a batch; Canvas's name for the job. Raises UnknownFateError where nobody knows whether it has it."""
        with as_canvas_answers(self._url, sent=True):
            return str(int(self._assignment.submissions_bulk_update(grade_data=grades).id))


def _state(facts: Mapping[str, Any]) -> State:
    user, comments = facts.get("user"), facts.get("submission_comments") or ()
    # absent where the late policy took nothing
    score = facts.get("entered_score")
    score = facts.get("score") if score is None else score
    others = [each for each in comments if each.get("author_id") != facts["user_id"]]
    return State(
        name=clean(str(user["name"]), limit=80) if isinstance(user, dict) and "name" in user else "",
        score=None if score is None else Fraction(str(score)),
        excused=facts.get("excused") is True,
        tags=frozenset(tag for each in others if (tag := tag_of(str(each.get("comment", ""))))),
    )


def _check_kind(title: str, facts: Mapping[str, Any]) -> None:
    """Raise UsageError for an assignment whose students cannot be given points one by one."""
    reasons = {
        "it is graded without names, so Canvas does not say whose a submission is: show the names there first": (
            facts.get("anonymize_students") is True
        ),
        "it is for groups, and Canvas would give each mark to the whole group: use grader fill canvas": (
            facts.get("group_category_id") is not None and facts.get("grade_group_students_individually") is not True
        ),
        "it is graded without points: choose points there first": (
            facts.get("grading_type") in {"not_graded", "pass_fail"}
        ),
        "it is not published: publish it there first": facts.get("published") is False,
    }
    for reason, given in reasons.items():
        if given:
            raise UsageError(f"“{title}”: {reason}")


def poll(done: Callable[[], bool], *, limit_s: float, sleep: Callable[[float], None]) -> bool:
    """Ask until it is `done`, ever more seldom; False where it is not after `limit_s`."""
    until, pause_s = time.monotonic() + limit_s, _FIRST_POLL_S
    while not done():
        if time.monotonic() + pause_s > until:
            return False
        sleep(pause_s)
        pause_s = min(pause_s * 1.5, _SLOWEST_POLL_S)
    return True


def in_batches(sizes: Sequence[int], *, most: int, most_size: int) -> list[range]:
    """Cut a row of sizes into stretches of at most `most`, together at most `most_size` where that can be.

    >>> in_batches([1, 1, 9, 1, 1], most=2, most_size=5)
    [range(0, 2), range(2, 3), range(3, 5)]
    """
    batches, begin = [], 0
    for end in range(1, len(sizes) + 1):
        full = end - begin == most or (end < len(sizes) and sum(sizes[begin : end + 1]) > most_size)
        if end == len(sizes) or full:
            batches.append(range(begin, end))
            begin = end
    return batches
