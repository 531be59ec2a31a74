"""Judging: what a subject's answers are worth, check by check.

`shrink_live` is the shrinker for a live subject; it imports the oracle when a check has failed, and
Hypothesis when the ladder of smallest cases does not show why, not before.
"""

from __future__ import annotations

from collections.abc import Callable

from grader.cases import Case
from grader.contract import CheckSpec
from grader.judge.carried import helpers_to_answer, kept, lower_failed, with_help
from grader.judge.check import Shrinker, judge_check
from grader.judge.conventions import CONVENTIONS, Convention, InConvention, helper_in, readings
from grader.judge.findings import Finding
from grader.judge.flat import FlatJudge, FlatResult, judge_flat
from grader.judge.policy import DEFAULT_POLICY, Policy, Treatment
from grader.model import Subject, Value

__all__ = [
    "CONVENTIONS",
    "DEFAULT_POLICY",
    "Convention",
    "Finding",
    "FlatJudge",
    "FlatResult",
    "InConvention",
    "Policy",
    "Shrinker",
    "Treatment",
    "helper_in",
    "helpers_to_answer",
    "judge_check",
    "judge_flat",
    "kept",
    "lower_failed",
    "readings",
    "right_answer",
    "shrink_live",
    "with_help",
]


def shrink_live(
    spec: CheckSpec,
    subject: Subject,
    stored: Finding,
    *,
    fixed: tuple[int | None, int | None] = (None, None),
    adapt: Callable[[Case], Case] | None = None,
) -> Finding | None:
    """The smallest failing case that is found with the subject at hand; None where `stored` must do.

    `fixed` and `adapt`: see `search.smallest`.
    """
    from grader.judge.search import smallest  # noqa: PLC0415 - a correct submission never needs it

    return smallest(spec, subject, stored, fixed=fixed, adapt=adapt)


def right_answer(function: str, args: tuple[Value, ...]) -> Value:
    """The right answer of a lower function, None for arguments that are no question of the contract's."""
    from grader.cases.oracle import answer  # noqa: PLC0415 - a correct submission never needs it

    return answer(function, args)
