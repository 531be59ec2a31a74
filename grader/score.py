"""Verdicts and a rubric become points, exactly.

A check earns its points times the weight of its passed properties over the weight of all
of them. A gated property (see `grader.contract`) counts as passed only when every ungated
one of its check did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.contract import CHECKS, CheckSpec
from grader.model import CheckVerdict
from grader.result import ScoredCheck
from grader.rubric import Rubric

__all__ = ["Score", "score", "score_check"]


@dataclass(frozen=True, eq=False)
class Score:
    """The marks of one submission; `pass_points` is the pass mark in points."""

    checks: tuple[ScoredCheck, ...]
    points: Fraction
    max_points: Fraction
    pass_points: Fraction
    passed: bool
    review: tuple[str, ...]


def score(verdicts: Sequence[CheckVerdict], rubric: Rubric) -> Score:
    """Compute the marks that `verdicts`, one for each check of the contract in any order, earn under `rubric`.

    Raises ValueError, a fault of ours, if a check has no verdict or two, or a verdict names an unknown property.
    """
    by_name = {verdict.name: verdict for verdict in verdicts}
    if len(by_name) != len(verdicts) or by_name.keys() != {spec.name for spec in CHECKS}:
        msg = f"expected one verdict for each check, got {[verdict.name for verdict in verdicts]}"
        raise ValueError(msg)
    checks = tuple(score_check(spec, by_name[spec.name], rubric) for spec in CHECKS)
    points = sum((check.points for check in checks), Fraction(0))
    max_points = sum((check.max_points for check in checks), Fraction(0))
    pass_points = max_points * rubric.pass_mark / 100
    return Score(
        checks=checks,
        points=points,
        max_points=max_points,
        pass_points=pass_points,
        passed=points >= pass_points,
        review=tuple(_review(check.verdict) for check in checks if _needs_review(check.verdict)),
    )


def score_check(spec: CheckSpec, verdict: CheckVerdict, rubric: Rubric) -> ScoredCheck:
    """What one verdict earns. Raises ValueError if it names an unknown property."""
    weights = rubric.weights[spec.name]
    passed = {prop.name for prop in verdict.properties if prop.status == "passed"}
    unknown = {prop.name for prop in verdict.properties} - weights.keys()
    if unknown:
        msg = f"{spec.name}: unknown properties {sorted(unknown)}"
        raise ValueError(msg)
    # a property that the rubric gives no weight does not count, so it gates nothing
    if any(not prop.gated and weights[prop.name] and prop.name not in passed for prop in spec.properties):
        passed -= {prop.name for prop in spec.properties if prop.gated}
    max_points = rubric.points[spec.name]
    total = sum(weights.values(), Fraction(0))
    earned = sum((weights[name] for name in passed), Fraction(0))
    share = earned / total if total else Fraction(0)  # all weights 0 is allowed only where the points are, too
    return ScoredCheck(verdict, max_points * share, max_points)


def _needs_review(verdict: CheckVerdict) -> bool:
    return verdict.status == "blocked" or bool(verdict.review)


def _review(verdict: CheckVerdict) -> str:
    return f"{verdict.name}: {verdict.review or verdict.message or 'could not be judged'}"
