"""What every platform is told: exact marks and plain text, as a student may see them, cut to size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import PurePath

from grader.errors import UsageError
from grader.model import CheckStatus
from grader.report.as_text import Look, check_text, to_line
from grader.report.clean import clean
from grader.report.marks import hundredths, points_text, shown_points, shown_total
from grader.report.phrases import MARKS
from grader.report.prepare import all_notices, prepare
from grader.result import Feedback, Outcome, Report, ScoredCheck

__all__ = ["CUT", "Item", "Told", "cut", "fit", "tell"]

CUT = "\n… [cut: longer than may be shown here]"
"""What stands in place of text that found no room."""

_ROOMS = (50_000, 10_000, 2_000, 400, 0)


@dataclass(frozen=True)
class Item:
    """One check: hundredths of points (None where nothing was graded), and what there is to say, in lines.

    `machine` is what the grader gave where a person set other points: the status is the grader's all the same.
    """

    name: str
    status: CheckStatus
    points: Fraction | None
    max_points: Fraction
    text: str
    machine: Fraction | None = None

    @property
    def passed(self) -> bool:
        """Whether the whole check holds."""
        return self.status == "passed"

    @property
    def mark(self) -> str:
        """The status with a symbol, never by colour alone: `✗ FAIL`."""
        return f"{MARKS[self.status].symbol} {MARKS[self.status].word}"

    @property
    def points_text(self) -> str:
        """`12 / 35`, and whether a person set that; a check worth nothing is not counted."""
        if not self.max_points:
            return "not counted"
        earned = "-" if self.points is None else points_text(self.points)
        by_hand = "" if self.machine is None else f", set by a person (the grader's own: {points_text(self.machine)})"
        return f"{earned} / {points_text(self.max_points)}{by_hand}"


@dataclass(frozen=True)
class Told:
    """One submission: `total` is None unless it was graded, then the points of `items`, if any, add up to it.

    `path` is as given where it may be one below the current folder, else the file's name. `headline` says name and mark
    in one line, `verdict` is the same without the name; `notes` are lines.
    """

    outcome: Outcome
    path: str
    headline: str
    verdict: str
    total: Fraction | None
    max_total: Fraction
    passed: bool | None
    items: tuple[Item, ...]
    notes: str

    @property
    def share(self) -> Fraction | None:
        """The total as a part of 1; all of it where there was nothing to earn."""
        if self.total is None:
            return None
        return self.total / self.max_total if self.max_total else Fraction(1)


def tell(report: Report, feedback: Feedback, *, out_of: Fraction | None = None, width: int = 78) -> Told:
    """Say what a student may know up to `feedback`, in lines of `width`; marks are scaled to `out_of` points."""
    path = _below(report.submission.path)
    changed = ", points set by a person" if report.overrides else ""
    report = prepare(_scaled(report, out_of), "student", feedback)
    nameless = replace(report, submission=replace(report.submission, path=""))
    verdict = to_line(nameless, Look(audience="student", feedback=feedback)).strip().removeprefix(": ") + changed
    shown = shown_points(report) if report.outcome == "graded" else (None,) * len(report.checks)
    machine = {item.check: hundredths(item.machine) for item in report.overrides}
    items = tuple(
        _item(check, points, machine.get(check.verdict.name), width)
        for check, points in zip(report.checks, shown, strict=True)
    )
    notices = all_notices(report)
    notes = (f"{notice.location}: {notice.message}" if notice.location else notice.message for notice in notices)
    return Told(
        outcome=report.outcome,
        path=path,
        headline=f"{report.submission.path}: {verdict}",
        verdict=verdict,
        total=shown_total(report),
        max_total=report.max_score,
        passed=report.passed,
        items=items,
        notes="\n".join(notes),
    )


def _item(check: ScoredCheck, points: Fraction | None, machine: Fraction | None, width: int) -> Item:
    verdict, text = check.verdict, check_text(check, width)
    if text and machine is not None:
        text = f"What the grader found:\n{text}"
    return Item(verdict.name, verdict.status, points, check.max_points, text, machine)


def _below(path: str) -> str:
    given = PurePath(path)
    inside = not given.is_absolute() and ".." not in given.parts
    return clean(given.as_posix() if inside else given.name)


def _scaled(report: Report, out_of: Fraction | None) -> Report:
    """The same marks out of `out_of` points; rounding comes later, so that they still add up."""
    if out_of is None or not report.max_score:
        return report
    factor = out_of / report.max_score
    return replace(
        report,
        checks=tuple(
            replace(check, points=check.points * factor, max_points=check.max_points * factor)
            for check in report.checks
        ),
        score=None if report.score is None else report.score * factor,
        max_score=out_of,
        pass_points=report.pass_points * factor,
        overrides=tuple(
            replace(item, machine=item.machine * factor, points=item.points * factor) for item in report.overrides
        ),
    )


# ---------------------------------------------------------------------------- size
def cut(text: str, room: int) -> str:
    r"""Leave at most `room` characters of `text`, and say so where some are gone.

    >>> cut("as it is", 8), cut("too long", 3)
    ('as it is', 'too\n… [cut: longer than may be shown here]')
    """
    return text if len(text) <= room else text[:room] + CUT


def fit(render: Callable[[int], str], limit_bytes: int) -> str:
    """Render with as much room for each text as `limit_bytes` of UTF-8 allow: text is cut, marks never are.

    Raises UsageError where the marks of that many submissions alone take more.
    """
    for room in _ROOMS:
        rendered = render(room)
        if len(rendered.encode("utf-8", "replace")) <= limit_bytes:
            return rendered
    msg = f"the marks alone take more than the {limit_bytes} bytes allowed here: grade fewer submissions at once"
    raise UsageError(msg)
