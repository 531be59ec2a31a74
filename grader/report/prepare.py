"""What a reader may see of a report, with every string made harmless."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from grader.model import CheckVerdict, Counterexample, Isolation, Notice
from grader.report.clean import clean
from grader.result import FEEDBACK_LEVELS, Audience, Feedback, Report, ScoredCheck

__all__ = ["all_notices", "map_text", "prepare"]

_SECRET = ("bank_sha256", "rubric_sha256", "seed")
_OUR_WORDS = ("carried.", "convention.", "policy.")
_OUR_FAULT = "the grader could not do its work; this says nothing about the submission"


def prepare(report: Report, audience: Audience, feedback: Feedback | None) -> Report:
    """Cut `report` down: a student sees no seed, hash, machine path or person's reason; nobody more than `feedback`.

    "score" leaves the marks alone, "verdict" adds each check's status and points, "example" adds properties, messages,
    diagnoses and the failing case, "trace" (or None) leaves everything. Below "example" there is nothing in which a
    submission could tell what it was asked: none of its words from then on, no times. All text that is left is clean.
    """
    depth = FEEDBACK_LEVELS.index(feedback) if feedback else len(FEEDBACK_LEVELS) - 1
    if depth < 1:
        report = replace(report, checks=(), notices=(), review=(), timings={}, path=None, overrides=())
    elif depth < 2:
        report = _only_verdicts(report)
    elif depth < 3:
        report = replace(report, checks=tuple(_without_trace(check) for check in report.checks))
    if audience == "student":
        report = _for_student(report)
    return map_text(report, clean)


def _only_verdicts(report: Report) -> Report:
    judged = [notice for check in report.checks for notice in check.verdict.notices]
    return replace(
        report,
        checks=tuple(_only_verdict(check) for check in report.checks),
        notices=tuple(notice for notice in report.notices if notice not in judged or _is_ours(notice)),
        timings={},
        path=None,
    )


def _only_verdict(check: ScoredCheck) -> ScoredCheck:
    notices = tuple(filter(_is_ours, check.verdict.notices))
    return replace(check, verdict=CheckVerdict(check.verdict.name, check.verdict.status, (), "", notices=notices))


def _is_ours(notice: Notice) -> bool:
    """Whether a notice on a check is in words of ours alone: others quote what the submission said to a question."""
    return notice.code.startswith(_OUR_WORDS)


def _without_trace(check: ScoredCheck) -> ScoredCheck:
    example = check.verdict.counterexample
    if example is None:
        return check
    return replace(check, verdict=replace(check.verdict, counterexample=replace(example, trace=None)))


def _for_student(report: Report) -> Report:
    folder, name = os.path.split(report.submission.path)

    def shorten(text: str) -> str:
        return text.replace(folder + os.sep, "") if len(folder) > 1 else text

    report = map_text(report, shorten)
    isolation = report.isolation
    return replace(
        report,
        submission=replace(report.submission, path=name, sha256=None),
        reason=_OUR_FAULT if report.outcome == "ungraded" else report.reason,
        review=(),
        overrides=tuple(replace(item, reason="", who="") for item in report.overrides),
        isolation=isolation and Isolation(isolation.level, isolation.layers),
        provenance={key: value for key, value in report.provenance.items() if key not in _SECRET},
    )


def all_notices(report: Report) -> tuple[Notice, ...]:
    """The notices on the submission and on its checks, each once."""
    found = [*report.notices, *(notice for check in report.checks for notice in check.verdict.notices)]
    return tuple(dict.fromkeys(found))


# ---------------------------------------------------------------------------- every string of a report
def map_text(report: Report, change: Callable[[str], str]) -> Report:
    """Change every text of a report that is not ours alone: what a submission, a file's name or a person says."""
    isolation = report.isolation
    return replace(
        report,
        submission=replace(report.submission, path=change(report.submission.path)),
        checks=tuple(replace(check, verdict=_map_verdict(check.verdict, change)) for check in report.checks),
        reason=change(report.reason),
        notices=tuple(_map_notice(notice, change) for notice in report.notices),
        review=tuple(change(reason) for reason in report.review),
        isolation=isolation
        and replace(isolation, missing=tuple((change(layer), change(why)) for layer, why in isolation.missing)),
        provenance={key: value and change(value) for key, value in report.provenance.items()},
        overrides=tuple(replace(item, reason=change(item.reason), who=change(item.who)) for item in report.overrides),
    )


def _map_notice(notice: Notice, change: Callable[[str], str]) -> Notice:
    return replace(notice, message=change(notice.message))


def _map_verdict(verdict: CheckVerdict, change: Callable[[str], str]) -> CheckVerdict:
    example = verdict.counterexample
    return replace(
        verdict,
        properties=tuple(replace(item, message=change(item.message)) for item in verdict.properties),
        message=change(verdict.message),
        diagnoses=tuple(replace(item, message=change(item.message)) for item in verdict.diagnoses),
        counterexample=example
        and Counterexample(
            inputs=_map_table(example.inputs, change),
            expected=_map_value(example.expected, change),
            got=_map_value(example.got, change),
            trace=None if example.trace is None else _map_table(example.trace, change),
        ),
        notices=tuple(_map_notice(notice, change) for notice in verdict.notices),
        review=verdict.review and change(verdict.review),
    )


def _map_table(table: Mapping[str, object], change: Callable[[str], str]) -> dict[str, object]:
    return {change(str(key)): _map_value(value, change) for key, value in table.items()}


def _map_value(value: object, change: Callable[[str], str]) -> object:
    """Plain data with each string changed; what is no finite number, list or table becomes a string."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else repr(value)
        case Mapping():
            return _map_table(value, change)
        case list() | tuple():
            return [_map_value(item, change) for item in value]
        case _:
            return change(str(value))
