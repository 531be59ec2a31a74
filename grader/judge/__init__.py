"""Judging: what a subject's answers are worth, check by check.

`shrink_live` is the shrinker for a live subject; it imports Hypothesis and the oracle when a check has
failed, not before.
"""

from grader.contract import CheckSpec
from grader.judge.check import Shrinker, judge_check
from grader.judge.findings import Finding
from grader.judge.policy import DEFAULT_POLICY, Policy, Treatment
from grader.model import Subject

__all__ = ["DEFAULT_POLICY", "Finding", "Policy", "Shrinker", "Treatment", "judge_check", "shrink_live"]


def shrink_live(spec: CheckSpec, subject: Subject, stored: Finding) -> Finding | None:
    """The smallest failing case that Hypothesis finds with the subject at hand; None where `stored` must do."""
    from grader.judge.shrink import shrink  # noqa: PLC0415 - a correct submission never needs Hypothesis

    return shrink(spec, subject, stored)
