"""The page of one student: the mark, each check, the smallest failing case, the training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from grader.contract import CHECK_BY_NAME
from grader.contract_flat import FLAT_BY_NAME
from grader.model import CheckVerdict, Diagnosis, PropertyVerdict
from grader.report.html.charts import Losses, Ways, draw_losses, draw_ways
from grader.report.html.lanes import Case, lay_out
from grader.report.html.picture import Picture, draw
from grader.report.html.render import render
from grader.report.marks import hundredths, points_text, shown_machine_total, shown_points, shown_total
from grader.report.phrases import OUTCOMES, causes_to_tell, hint_of
from grader.report.prepare import all_notices, prepare
from grader.result import Audience, Feedback, Override, Report, ScoredCheck

__all__ = ["PageFacts", "to_html"]


@dataclass(frozen=True)
class PageFacts:
    """What a page says that no report knows: whose it is, of which course, and that nothing was handed in."""

    student: str = ""
    course: str = ""
    missing: bool = False


@dataclass(frozen=True)
class _CheckView:
    name: str
    verdict: CheckVerdict
    points: str
    max_points: str
    counted: bool
    properties: tuple[tuple[PropertyVerdict, str], ...]
    diagnoses: tuple[Diagnosis, ...]
    case: Case | None
    pictures: tuple[tuple[Picture, ...], ...]
    bar: tuple[float, float, float]
    override: Override | None

    @property
    def machine(self) -> str:
        """The grader's own points, where a person set others."""
        return "" if self.override is None else points_text(hundredths(self.override.machine))

    @property
    def worth_telling(self) -> bool:
        """Whether there is more to say than the line in the table does."""
        return self.verdict.status != "passed" and bool(self.verdict.message or self.case or self.properties)


@dataclass(frozen=True)
class _Total:
    """The mark in large: `word` says in a word what it means, `machine` is the grader's own if a person changed it."""

    points: str
    machine: str
    full: str
    pass_mark: str
    word: str
    good: bool


def to_html(
    report: Report,
    *,
    audience: Audience = "teacher",
    feedback: Feedback | None = None,
    facts: PageFacts | None = None,
) -> str:
    """One page, whole in itself, that shows the report as far as its reader may see it (`prepare`).

    A student's page is the same bytes for the same report: times are for the teacher alone.
    """
    machine = shown_machine_total(report) if report.overrides else None
    report = prepare(report, audience, feedback)
    facts = facts or PageFacts()
    checks = _checks(report)
    return render(
        "page.html.j2",
        report=report,
        facts=facts,
        teacher=audience == "teacher",
        total=_total(report, machine, missing=facts.missing),
        checks=checks,
        told=[check for check in checks if check.worth_telling],
        next_step=_next_step(report, teacher=audience == "teacher"),
        losses=_losses(report),
        ways=_ways(report),
        notices=all_notices(report),
        provenance=_provenance(report),
    )


def _losses(report: Report) -> Losses | None:
    return draw_losses(report.path) if report.path else None


def _ways(report: Report) -> Ways | None:
    return draw_ways(report.path) if report.path else None


def _total(report: Report, machine: Fraction | None, *, missing: bool) -> _Total:
    total = shown_total(report)
    full, pass_mark = points_text(report.max_score), points_text(report.pass_points)
    if total is None:
        word = "missing" if missing else OUTCOMES[report.outcome]
        return _Total("", "", full, pass_mark, word, good=False)
    word = OUTCOMES["passed" if report.passed else "below"]
    own = "" if machine is None else points_text(machine)
    return _Total(points_text(total), own, full, pass_mark, word, good=bool(report.passed))


def _checks(report: Report) -> tuple[_CheckView, ...]:
    shown = shown_points(report)
    changed = {item.check: item for item in report.overrides}
    whole = sum((check.max_points for check in report.checks), Fraction(0)) or Fraction(1)
    views = []
    left = Fraction(0)
    for check, points in zip(report.checks, shown, strict=True):
        bar = (float(left / whole * 100), float(check.points / whole * 100), float(check.max_points / whole * 100))
        views.append(_view(check, points, bar, changed.get(check.verdict.name)))
        left += check.max_points
    return tuple(views)


def _view(
    check: ScoredCheck, points: Fraction, bar: tuple[float, float, float], override: Override | None
) -> _CheckView:
    verdict = check.verdict
    titles = _titles(verdict.name)
    case = lay_out(verdict.name, verdict.counterexample) if verdict.counterexample else None
    return _CheckView(
        verdict.name,
        verdict,
        points_text(points),
        points_text(check.max_points),
        check.max_points > 0,
        tuple((item, titles.get(item.name, "")) for item in verdict.properties),
        causes_to_tell(verdict),
        case,
        tuple(draw(strip) for strip in case.strips) if case else (),
        bar,
        override,
    )


def _titles(check: str) -> Mapping[str, str]:
    asked = (*FLAT_BY_NAME[check].properties, *CHECK_BY_NAME[check].properties)
    return {spec.name: spec.title for spec in asked}


def _next_step(report: Report, *, teacher: bool) -> str:
    """Say what to do first: the first check of the chain that did not pass, since later ones build on it.

    A person has settled the checks whose points they set.
    """
    settled = {item.check for item in report.overrides}
    open_ = (check.verdict for check in report.checks if check.verdict.name not in settled)
    first = next((verdict for verdict in open_ if verdict.status != "passed"), None)
    if report.outcome != "graded" or first is None:
        return ""
    hint = hint_of(first, options=teacher).replace(" above", " below")
    return hint[:1].upper() + hint[1:]


def _provenance(report: Report) -> tuple[tuple[str, str], ...]:
    facts = [(name.replace("_", " "), value) for name, value in report.provenance.items() if value is not None]
    return (*facts, *([("sha256", report.submission.sha256)] if report.submission.sha256 else []))
