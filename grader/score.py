"""Verdicts and a rubric become points, exactly.

A check earns its points times the weight of its passed properties over the weight of all
of them. A gated property (see `grader.contract`) counts as passed only when every ungated
one of its check did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.contract import CheckSpec
from grader.contract_flat import checks_of
from grader.messages import say
from grader.model import CheckVerdict
from grader.result import Judged, Report, ScoredCheck
from grader.rubric import Rubric

__all__ = ["Score", "earned_share", "report_of", "score", "score_check"]


@dataclass(frozen=True, eq=False)
class Score:
    """The marks of one submission; `pass_points` is the pass mark in points."""

    checks: tuple[ScoredCheck, ...]
    points: Fraction
    max_points: Fraction
    pass_points: Fraction
    passed: bool
    review: tuple[str, ...]


def score(verdicts: Sequence[CheckVerdict], rubric: Rubric, style: str | None = "functions") -> Score:
    """Compute the marks that `verdicts`, one for each check of the `style` in any order, earn under `rubric`.

    Raises ValueError, a fault of ours, if a check has no verdict or two, or a verdict names an unknown property.
    """
    by_name = {verdict.name: verdict for verdict in verdicts}
    specs = checks_of(style)
    if len(by_name) != len(verdicts) or by_name.keys() != specs.keys():
        msg = f"expected one verdict for each check, got {[verdict.name for verdict in verdicts]}"
        raise ValueError(msg)
    checks = tuple(score_check(spec, by_name[spec.name], rubric) for spec in specs.values())
    points = sum((check.points for check in checks), Fraction(0))
    max_points = sum((check.max_points for check in checks), Fraction(0))
    pass_points = max_points * rubric.pass_mark / 100
    return Score(
        checks=checks,
        points=points,
        max_points=max_points,
        pass_points=pass_points,
        passed=points >= pass_points,
        review=(*_lost(checks), *(_review(check.verdict) for check in checks if _needs_review(check.verdict))),
    )


def score_check(spec: CheckSpec, verdict: CheckVerdict, rubric: Rubric) -> ScoredCheck:
    """What one verdict earns. Raises ValueError if it names an unknown property."""
    max_points = rubric.points[spec.name]
    return ScoredCheck(verdict, max_points * earned_share(spec, verdict, rubric), max_points)


def earned_share(spec: CheckSpec, verdict: CheckVerdict, rubric: Rubric) -> Fraction:
    """The part of its check's points, 0 to 1, that a verdict earns. Raises ValueError if it names an unknown property.

    It depends on the rubric's weights alone: which of two verdicts is the better one holds whatever the points are.
    """
    given = rubric.weights[spec.name]
    weights = {prop.name: given.get(prop.name, Fraction(prop.weight)) for prop in spec.properties}
    passed = {prop.name for prop in verdict.properties if prop.status == "passed"}
    unknown = {prop.name for prop in verdict.properties} - weights.keys()
    if unknown:
        msg = f"{spec.name}: unknown properties {sorted(unknown)}"
        raise ValueError(msg)
    # a property that the rubric gives no weight does not count, so it gates nothing
    if any(not prop.gated and weights[prop.name] and prop.name not in passed for prop in spec.properties):
        passed -= {prop.name for prop in spec.properties if prop.gated}
    total = sum(weights.values(), Fraction(0))
    earned = sum((weights[name] for name in passed), Fraction(0))
    return earned / total if total else Fraction(0)  # all weights 0 is allowed only where the points are, too


def report_of(judged: Judged, rubric: Rubric) -> Report:
    """The report on a submission that was judged, now or before. Raises ValueError as `score` does."""
    provenance = _with_rubric(judged.provenance, rubric)
    if judged.outcome != "graded":
        most = sum(rubric.points.values(), Fraction(0))
        return Report(
            outcome=judged.outcome,
            submission=judged.submission,
            max_score=most,
            pass_points=most * rubric.pass_mark / 100,
            reason=judged.reason,
            notices=judged.notices,
            isolation=judged.isolation,
            provenance=provenance,
        )
    marks = score(judged.verdicts, rubric, judged.submission.style)
    return Report(
        outcome=judged.outcome,
        submission=judged.submission,
        checks=marks.checks,
        score=marks.points,
        max_score=marks.max_points,
        pass_points=marks.pass_points,
        passed=marks.passed,
        notices=(*judged.notices, *(notice for verdict in judged.verdicts for notice in verdict.notices)),
        review=marks.review,
        isolation=judged.isolation,
        provenance=provenance,
        timings=judged.timings,
        path=judged.path,
    )


def _with_rubric(provenance: Mapping[str, str | None], rubric: Rubric) -> dict[str, str | None]:
    """Put the rubric's hash beside the bank's; nothing where nothing is known of how it was judged."""
    named: dict[str, str | None] = {}
    for name, value in provenance.items():
        named[name] = value
        if name == "bank_sha256":
            named["rubric_sha256"] = rubric.sha256
    return named


def _lost(checks: Sequence[ScoredCheck]) -> Iterator[str]:
    """Why a person should look if most functions, or what is worth most of the points, were lost to a few lines."""
    lost = [check for check in checks if _is_lost(check.verdict)]
    points, most = (sum((check.max_points for check in some), Fraction(0)) for some in (lost, checks))
    if 2 * len(lost) > len(checks) or 2 * points > most:
        yield say("general.missing.most", count=len(lost), of=len(checks), first=lost[0].verdict.message.rstrip("."))


def _is_lost(verdict: CheckVerdict) -> bool:
    """Whether a function is missing since the statement that defines it cannot be read or fails."""
    return verdict.status == "missing" and any(item.code != "general.missing" for item in verdict.diagnoses)


def _needs_review(verdict: CheckVerdict) -> bool:
    return verdict.status == "blocked" or bool(verdict.review)


def _review(verdict: CheckVerdict) -> str:
    return f"{verdict.name}: {verdict.review or verdict.message or 'could not be judged'}"
