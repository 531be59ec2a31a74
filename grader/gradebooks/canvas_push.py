"""Marks and comments to Canvas through its interface: what is to be sent, sent in batches, read back.

What Canvas has decides what is sent: a mark that is there, or a comment that is there by its tag, is not sent again.
That alone would not do, for Canvas works off a batch when it likes, and a batch under way cannot be seen. So the
journal tells of each batch before it goes; one found open is first waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from grader.errors import GraderError, UsageError
from grader.gradebooks.canvas_comment import comment, tag_of
from grader.gradebooks.canvas_course import Course, Progress, State, in_batches, poll
from grader.gradebooks.canvas_journal import Batch, Journal
from grader.gradebooks.canvas_link import UnknownFateError
from grader.gradebooks.canvas_points import Due, same, written
from grader.report.clean import clean
from grader.report.marks import points_text

__all__ = ["Pace", "Plan", "Pushed", "Sending", "plan", "push", "settle_open"]

_MOST = 50
_MOST_CHARACTERS = 400_000  # Canvas takes 4 MiB, and a character may be nine bytes on the way
_READ_BACK_S = 15.0  # a job that has ended is seen at once, but for a lagging copy of the database


@dataclass(frozen=True, eq=False)
class Sending:
    """One student's: `before` is the score that is there; a mark or comment that is there already is not sent."""

    due: Due
    name: str
    before: Fraction | None
    points: Fraction | None
    comment: str

    @property
    def tag(self) -> str:
        """The comment's; empty without one."""
        return tag_of(self.comment) or ""

    @property
    def data(self) -> Mapping[str, str]:
        """What Canvas is sent of it."""
        data = {} if self.points is None else {"posted_grade": written(self.points)}
        return data | ({"text_comment": self.comment} if self.comment else {})

    def arrived(self, state: State | None) -> bool:
        """Whether Canvas has it all."""
        if state is None:
            return False
        marked = self.points is None or (state.score is not None and same(state.score, self.points))
        return marked and (not self.comment or self.tag in state.tags)


@dataclass
class Plan:
    """What there is to send, and lines for people on what is not."""

    sendings: list[Sending] = field(default_factory=list)
    same: int = 0
    left: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    def check(self, label: str, *, overwrite: bool, ignore_absent: bool) -> None:
        """Raise UsageError where something is in the way that nobody said may be."""
        if self.absent and not ignore_absent:
            raise UsageError(
                f"{label} is not for {len(self.absent)} of the students with marks, listed above: enrol them, or leave "
                "them out with --ignore-absent"
            )
        if self.replaced and not overwrite:
            raise UsageError(
                f"{label} has other marks already for {len(self.replaced)}, listed above: put these in their place "
                "with --overwrite"
            )


def plan(dues: Sequence[Due], states: Mapping[str, State], known: set[tuple[str, str]], *, comments: bool) -> Plan:
    """Compare what is due with what is there; `known`: students and tags of comments that arrived before."""
    made = Plan()
    for due in dues:
        state = states.get(due.key)
        if due.points is None:
            made.left.append(f"{due.label}: no mark, {due.outcome}")
        elif state is None:
            made.absent.append(f"{due.label}: {points_text(due.points)}")
        elif state.excused:
            made.left.append(f"{due.label}: excused, not {points_text(due.points)}")
        else:
            text = comment(due.told) if comments else ""
            tag = tag_of(text)
            text = "" if tag in state.tags or (due.student, tag) in known else text
            _add(made, due, state, due.points, text)
    return made


def _add(made: Plan, due: Due, state: State, points: Fraction, text: str) -> None:
    name = f"{state.name or due.name} ({clean(due.key, limit=40)})"
    there = state.score is not None and same(state.score, points)
    if there and not text:
        made.same += 1
        return
    if state.score is not None and not there:
        made.replaced.append(f"{name}: {points_text(points)} for {written(round(state.score, 2))}")
    if due.doubts:
        made.doubtful.append(f"{name}: {clean(due.doubts[0], limit=200)}")
    made.sendings.append(Sending(due, name, state.score, None if there else points, text))


# ---------------------------------------------------------------------------- sending
@dataclass
class Pushed:
    """What was read back: how many students, and a line for each who is not as they should be."""

    arrived: int = 0
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pace:
    """How long to wait for one batch, and how to wait."""

    limit_s: float
    sleep: Callable[[float], None] = time.sleep


def push(
    course: Course, journal: Journal, sendings: Sequence[Sending], pace: Pace, tell: Callable[[int], None]
) -> Pushed:
    """Send everything, batch by batch, and read it back; `tell` is told how many are done.

    Raises GraderError where it cannot go on; the same command goes on from there.
    """
    pushed = Pushed()
    sizes = [len(each.comment) + 100 for each in sendings]
    for stretch in in_batches(sizes, most=_MOST, most_size=_MOST_CHARACTERS):
        batch = [sendings[at] for at in stretch]
        failed = _push_batch(course, journal, batch, pace)
        pushed.arrived += len(batch) - len(failed)
        pushed.failed += failed
        tell(pushed.arrived)
        if len(failed) == len(batch):
            break
    return pushed


def _push_batch(course: Course, journal: Journal, batch: Sequence[Sending], pace: Pace) -> list[str]:
    """Lines on those who are not as they should be afterwards."""
    noted = journal.begin({each.due.student: each.tag for each in batch})
    try:
        number = course.update({each.due.key: each.data for each in batch})
    except UnknownFateError as error:
        raise GraderError(f"{error}: {len(batch)} students may have been sent theirs: {_AGAIN}") from None
    except GraderError:
        journal.withdraw(noted)
        raise
    journal.took(noted, number)
    ended = _ended(course, number, pace)
    states: dict[str, State] = {}

    def all_there() -> bool:
        states.update(course.states())
        return all(each.arrived(states.get(each.due.key)) for each in batch)

    poll(all_there, limit_s=0 if ended.failed else min(_READ_BACK_S, pace.limit_s), sleep=pace.sleep)
    arrived = {each.due.student: each.arrived(states.get(each.due.key)) for each in batch}
    journal.close_batch(noted, arrived)
    why = f": Canvas says: {ended.message}" if ended.message and ended.failed else ""
    return [
        f"{each.name}: {_lacks(each, states.get(each.due.key))}{why}" for each in batch if not arrived[each.due.student]
    ]


_AGAIN = "give the same command again, which first looks what became of them"


def _lacks(each: Sending, state: State | None) -> str:
    """What is not as it should be."""
    score = None if state is None else state.score
    if each.points is None or (score is not None and same(score, each.points)):
        return "the comment did not arrive"
    return f"{'no mark' if score is None else written(round(score, 2))} there, not {points_text(each.points)}"


def _ended(course: Course, number: str, pace: Pace) -> Progress:
    """Wait for a job. Raises GraderError where it has not ended in time."""
    latest = [Progress(ended=False, failed=False, message="")]

    def ended() -> bool:
        latest[0] = course.progress(number)
        return latest[0].ended

    if not poll(ended, limit_s=pace.limit_s, sleep=pace.sleep):
        raise GraderError(f"Canvas is still at the last batch after {pace.limit_s:.0f} s: {_AGAIN}")
    return latest[0]


# ---------------------------------------------------------------------------- after a stop
def settle_open(course: Course, journal: Journal, keys: Mapping[str, str], pace: Pace, *, resend: bool) -> int:
    """Wait for what was under way when an earlier push was stopped; how many students that were.

    `keys` maps students to Canvas's ids. Raises GraderError where nobody knows what became of it; `resend` says that
    whatever has not arrived by now never will.
    """
    students = 0
    for batch in journal.open_batches():
        if not resend:
            _wait_for(course, batch, keys, pace)
        states = course.states()
        journal.close_batch(batch, {student: _there(states, keys, student, tag) for student, tag in batch.tags.items()})
        students += len(batch.tags)
    return students


def _wait_for(course: Course, batch: Batch, keys: Mapping[str, str], pace: Pace) -> None:
    if batch.progress is not None:
        _ended(course, batch.progress, pace)
        return

    def arrived() -> bool:
        states = course.states()
        return all(_there(states, keys, student, tag) for student, tag in batch.tags.items() if tag)

    # marks alone may be sent twice; so nothing has to be waited for then
    if not poll(arrived, limit_s=pace.limit_s, sleep=pace.sleep):
        raise GraderError(
            f"a push was stopped at {batch.at} while {len(batch.tags)} students were sent theirs, and not all of it "
            f"has arrived: it may be on its way still, so wait and {_AGAIN}; or, if Canvas never got it, add --resend"
        )


def _there(states: Mapping[str, State], keys: Mapping[str, str], student: str, tag: str) -> bool:
    state = states.get(keys.get(student, student))
    return state is not None and bool(tag) and tag in state.tags
