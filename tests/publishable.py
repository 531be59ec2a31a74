"""What must hold of every report on every platform, at every level of feedback.

`Published.add(report)` asserts that each adapter's text is valid where it goes and within its limit, that the marks
which arrive are the report's, and that the text is a function of what a student may know at that level: a report from
which all else was taken away gives the same bytes, so nothing else can be in them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from unittest import mock

from grader.model import CheckVerdict, Isolation, Notice
from grader.publish import coderunner, github, gradescope, junit, nbgrader, prairielearn, told, vpl
from grader.report.marks import shown_points, shown_total
from grader.result import FEEDBACK_LEVELS, Feedback, Report, ScoredCheck, Submission
from platforms import OF_ONE, READERS, WRITERS

__all__ = ["Published", "agrees", "may_know"]

MODULES = {
    "gradescope": gradescope,
    "prairielearn": prairielearn,
    "coderunner": coderunner,
    "vpl": vpl,
    "junit": junit,
    "github": github,
    "nbgrader": nbgrader,
}
CELL_BY_CELL = {"nbgrader"}
"""Platforms that show each check's points whatever the level."""
OUTCOME_WORDS = {"unreadable": "unreadable: ", "ungraded": "not graded: the grader could not do its work"}
WIDTH = told.tell.__kwdefaults__["width"]
OURS = ("carried.", "convention.", "policy.")
"""Notices on a check in words of ours alone: others quote what the submission said to a question."""


# ---------------------------------------------------------------------------- the marks are ours
def agrees(platform: str, report: Report, feedback: Feedback, text: str) -> None:
    """What arrives from `text` is the report's marks: the total, and above "score" each check's points."""
    got = READERS[platform](text)
    if report.outcome != "graded":
        zero = platform == "gradescope" and report.outcome == "unreadable"
        assert got.total == (0 if zero else None)
        assert got.points == {}
        assert OUTCOME_WORDS[report.outcome] in got.shown
        return
    total = shown_total(report)
    assert total is not None
    share = total / report.max_score if platform in OF_ONE else total
    assert abs(got.total - share) < Fraction(1, 10**8), f"{got.total} in place of {share}"
    by_check = feedback != "score" or platform in CELL_BY_CELL
    assert got.points == (_points(platform, report) if by_check else {})


def _points(platform: str, report: Report) -> dict[str, Fraction]:
    return {
        check.verdict.name: points
        for check, points in zip(report.checks, shown_points(report), strict=True)
        if check.max_points or platform in {"prairielearn", "junit", "nbgrader"}
    }


# ---------------------------------------------------------------------------- and nothing else shows
def may_know(report: Report, feedback: Feedback) -> Report:
    """The report without anything that a student must not see at `feedback`, written down from the levels' meanings."""
    sure = Report(
        report.outcome,
        Submission(report.submission.path),
        score=report.score,
        max_score=report.max_score,
        pass_points=report.pass_points,
        passed=report.passed,
        reason="" if report.outcome == "ungraded" else report.reason,
        isolation=report.isolation and Isolation(report.isolation.level, ()),  # marks say `unconfined`
    )
    if feedback == "score":
        return sure
    if feedback == "verdict":
        said = {notice for check in report.checks for notice in check.verdict.notices if not _ours(notice)}
        bare = (replace(check, verdict=_bare(check.verdict)) for check in report.checks)
        left = (notice for notice in report.notices if notice not in said)
        return replace(sure, checks=tuple(bare), notices=tuple(left))
    checks = (replace(check, verdict=replace(check.verdict, review=None)) for check in report.checks)
    if feedback == "example":
        checks = (replace(check, verdict=_untraced(check.verdict)) for check in checks)
    return replace(sure, checks=tuple(checks), notices=report.notices)


def _ours(notice: Notice) -> bool:
    return notice.code.startswith(OURS)


def _bare(verdict: CheckVerdict) -> CheckVerdict:
    return CheckVerdict(verdict.name, verdict.status, (), "", notices=tuple(filter(_ours, verdict.notices)))


def _marked(verdict: CheckVerdict) -> CheckVerdict:
    return CheckVerdict(verdict.name, "blocked", (), "")  # its status is not to be told either


def _untraced(verdict: CheckVerdict) -> CheckVerdict:
    example = verdict.counterexample
    return replace(verdict, counterexample=example and replace(example, trace=None))


# ---------------------------------------------------------------------------- all of it
@dataclass
class Published:
    """What was published so far: reports, texts, and the largest text of each platform in bytes."""

    reports: int = 0
    texts: int = 0
    largest: dict[str, int] = field(default_factory=dict)

    def add(self, report: Report) -> bytes:
        """Publish `report` everywhere at every level; every byte of it. Raises AssertionError."""
        every = b""
        with _telling_once():
            for feedback in FEEDBACK_LEVELS:
                known = may_know(report, feedback)
                for platform in MODULES:
                    with _context(f"{report.submission.path}, {platform}, feedback {feedback}"):
                        every += self._publish(platform, report, known, feedback)
        self.reports += 1
        return every

    def _publish(self, platform: str, report: Report, known: Report, feedback: Feedback) -> bytes:
        text = WRITERS[platform](report, feedback)
        data = text.encode("utf-8")
        limited = data.rpartition(b"\f")[2]  # GitHub's summary; its annotations, before it, are bounded one by one
        assert len(limited) <= MODULES[platform].LIMIT_BYTES, f"{len(limited)} bytes"
        agrees(platform, report, feedback, text)
        if feedback == "score" and platform in CELL_BY_CELL:
            known = replace(
                known, checks=tuple(replace(check, verdict=_marked(check.verdict)) for check in report.checks)
            )
        assert text == WRITERS[platform](known, feedback), "tells what may not be known"
        self.texts += 1
        self.largest[platform] = max(len(data), self.largest.get(platform, 0))
        return data

    def __str__(self) -> str:
        """Totals in one line."""
        sizes = ", ".join(f"{name} {size / 1024:.0f}" for name, size in sorted(self.largest.items()))
        counted = f"{self.reports} x {len(MODULES)} platforms x {len(FEEDBACK_LEVELS)} levels = {self.texts} texts"
        return f"{counted}; largest, KiB: {sizes}"


@contextmanager
def _context(where: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{where}: {error}") from error


@contextmanager
def _telling_once() -> Iterator[None]:
    """Let the platforms share what is dear and the same for all: the text of each check, made once of what it says."""
    texts: dict[tuple[str, int], str] = {}
    check_text = told.check_text

    def text(check: ScoredCheck, width: int) -> str:
        key = repr(check), width
        if key not in texts:
            texts[key] = check_text(check, width)
        return texts[key]

    @functools.cache
    def telling(report: Report, feedback: Feedback, out_of: Fraction | None, width: int) -> told.Told:
        return told.tell(report, feedback, out_of=out_of, width=width)

    def shared(report: Report, feedback: Feedback, *, out_of: Fraction | None = None, width: int = WIDTH) -> told.Told:
        return telling(report, feedback, out_of, width)

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(told, "check_text", text))
        for module in MODULES.values():
            stack.enter_context(mock.patch.object(module, "tell", shared))
        yield
