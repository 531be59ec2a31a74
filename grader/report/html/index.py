"""The index of a class: how the marks lie, what goes wrong most often, and a table to sort and to search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal
from urllib.parse import quote

from grader.contract import FUNCTIONS
from grader.model import CheckStatus
from grader.report.html.axes import Frame
from grader.report.html.render import render
from grader.report.html.titles import TITLES
from grader.report.marks import hundredths, points_text, shown_machine_total, shown_total
from grader.report.phrases import MARKS, OUTCOMES
from grader.result import Outcome, Override, Report

__all__ = ["Row", "row_of", "to_index"]

_MOST_NAMED = 200
_SLOWEST = 10
_BINS = 10


@dataclass(frozen=True)
class Row:
    """One student in the index: small, so that a class need not fit into memory as reports.

    `score` is the mark that counts, `machine` the grader's own where `changes` made it another; `page` is a file beside
    the index; `mistakes` are codes of diagnoses with their message.
    """

    student: str
    page: str | None
    outcome: Outcome | Literal["missing"]
    score: Fraction | None
    machine: Fraction | None
    max_score: Fraction
    pass_points: Fraction
    passed: bool | None
    checks: tuple[tuple[str, CheckStatus], ...] = ()
    mistakes: tuple[tuple[str, str], ...] = ()
    seconds: float | None = None
    reason: str = ""
    review: tuple[str, ...] = ()
    changes: tuple[Override, ...] = ()

    @property
    def link(self) -> str:
        """The page's address: a file beside the index, whatever its name."""
        return f"./{quote(self.page)}" if self.page else ""

    @property
    def word(self) -> str:
        """What became of it."""
        if self.outcome == "missing":
            return "missing"
        return OUTCOMES["passed" if self.passed else "below"] if self.outcome == "graded" else OUTCOMES[self.outcome]

    @property
    def look(self) -> bool:
        """Whether a person should look at it."""
        return self.outcome != "graded" or bool(self.review)

    @property
    def points(self) -> str:
        """The mark as people read it; empty where there is none."""
        return "" if self.score is None else points_text(self.score)

    @property
    def machine_points(self) -> str:
        """The grader's own mark, where a person changed it."""
        return "" if self.machine is None else points_text(self.machine)


@dataclass(frozen=True)
class _Bar:
    """A bar of the distribution: marks from `low` to `high` percent, and where it stands."""

    low: int
    high: int
    count: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True)
class _Rate:
    """A check over the class: how many were judged, passed, and ended otherwise."""

    name: str
    judged: int
    counts: tuple[tuple[CheckStatus, int], ...]

    @property
    def passed(self) -> int:
        return dict(self.counts).get("passed", 0)

    @property
    def percent(self) -> float:
        return 100 * self.passed / self.judged if self.judged else 0.0


@dataclass(frozen=True)
class _Mistake:
    code: str
    message: str
    students: int
    who: tuple[Row, ...]


def row_of(student: str, report: Report, *, page: str | None = None) -> Row:
    """Draw from a report what the index needs."""
    total, machine = shown_total(report), shown_machine_total(report)
    mistakes = {item.code: item.message for check in report.checks for item in check.verdict.diagnoses}
    return Row(
        student=student,
        page=page,
        outcome=report.outcome,
        score=total,
        machine=None if machine == total else machine,
        max_score=report.max_score,
        pass_points=report.pass_points,
        passed=report.passed,
        checks=tuple((check.verdict.name, check.verdict.status) for check in report.checks),
        mistakes=tuple(mistakes.items()),
        seconds=report.timings.get("total_s"),
        reason=report.reason,
        review=report.review,
        changes=report.overrides,
    )


def to_index(rows: Iterable[Row], *, title: str = "Marks", public: bool = False) -> str:
    """The index of a class, whole in one page; the rows may come in any order. `public`: the cases are known to all."""
    known = sorted(rows, key=lambda row: (row.student.casefold(), row.student, row.page or ""))
    graded = [row for row in known if row.outcome == "graded"]
    return render(
        "index.html.j2",
        script="index.js",
        title=title,
        rows=known,
        graded=graded,
        passed=sum(row.passed is True for row in graded),
        median=_median(graded),
        unreadable=[row for row in known if row.outcome == "unreadable"],
        ungraded=[row for row in known if row.outcome == "ungraded"],
        missing=[row for row in known if row.outcome == "missing"],
        look=sum(row.look for row in known),
        public=public,
        review=[row for row in known if row.review],
        changes=[(row, item, *map(_text, (item.machine, item.points))) for row in known for item in row.changes],
        frame=_frame(graded),
        bars=_bars(graded),
        pass_mark=_pass_mark(graded),
        checks=[_rate(name, graded) for name in FUNCTIONS],
        functions=FUNCTIONS,
        mistakes=_mistakes(graded),
        slowest=_slowest(known),
        most_named=_MOST_NAMED,
    )


def _text(points: Fraction) -> str:
    return points_text(hundredths(points))


def _median(graded: Sequence[Row]) -> str:
    scores = sorted(row.score for row in graded if row.score is not None)
    if not scores:
        return ""
    middle = (scores[(len(scores) - 1) // 2] + scores[len(scores) // 2]) / 2
    return _text(middle)


# ---------------------------------------------------------------------------- distribution
def _counts(graded: Sequence[Row]) -> list[int]:
    shares = [row.score / row.max_score for row in graded if row.score is not None and row.max_score]
    found = Counter(min(max(int(share * _BINS), 0), _BINS - 1) for share in shares)
    return [found[n] for n in range(_BINS)]


def _frame(graded: Sequence[Row]) -> Frame:
    most = max(*_counts(graded), 4)
    return Frame.around((0.0, 100.0), (0.0, most * 1.12), size=(640.0, 240.0))


def _bars(graded: Sequence[Row]) -> list[_Bar]:
    frame = _frame(graded)
    bars = []
    for n, count in enumerate(_counts(graded)):
        low, high = n * 100 // _BINS, (n + 1) * 100 // _BINS
        left, right, top, bottom = frame.x.at(low), frame.x.at(high), frame.y.at(count), frame.y.at(0)
        bars.append(_Bar(low, high, count, left + 2, right - left - 4, top, bottom - top))
    return bars


def _pass_mark(graded: Sequence[Row]) -> float | None:
    """Where the pass mark stands in percent; None where the rows do not share one."""
    marks = {row.pass_points / row.max_score for row in graded if row.max_score}
    return float(marks.pop() * 100) if len(marks) == 1 else None


# ---------------------------------------------------------------------------- checks and mistakes
def _rate(name: str, graded: Sequence[Row]) -> _Rate:
    found = Counter(status for row in graded for check, status in row.checks if check == name)
    return _Rate(name, found.total(), tuple((status, found[status]) for status in MARKS))


def _mistakes(graded: Sequence[Row]) -> list[_Mistake]:
    """Each mistake with who made it, the most common first. What one student was told is not said of the others."""
    who: dict[str, list[Row]] = {}
    messages: dict[str, set[str]] = {}
    for row in graded:
        for code, message in row.mistakes:
            who.setdefault(code, []).append(row)
            messages.setdefault(code, set()).add(message)
    found = [
        _Mistake(code, _title(code, messages[code]), len(rows), tuple(rows[:_MOST_NAMED])) for code, rows in who.items()
    ]
    return sorted(found, key=lambda mistake: (-mistake.students, mistake.code))


def _title(code: str, messages: Collection[str]) -> str:
    """What the mistake is called, or the message where everybody got the same."""
    if code in TITLES:
        return TITLES[code]
    area, _, rest = code.partition(".")
    return next(iter(messages)) if len(messages) == 1 else f"{area}: {rest.replace('_', ' ')}"


def _slowest(rows: Sequence[Row]) -> list[Row]:
    timed = [row for row in rows if row.seconds is not None]
    return sorted(timed, key=lambda row: -(row.seconds or 0.0))[:_SLOWEST]
