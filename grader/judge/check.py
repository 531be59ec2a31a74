"""The verdict on one check: screening, then what each property, and the check as a whole, comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from grader.cases import Case, CheckCases
from grader.contract import CheckSpec, PropertySpec
from grader.judge.findings import ENDED, MAX_INLINE, Finding, counterexample, error_of, sentence, size_key
from grader.judge.general import general_diagnoses, mutates
from grader.judge.policy import DEFAULT_POLICY, Policy, evidence_of
from grader.judge.screen import Screening, screen
from grader.judge.twins import Twins, differing_twins, nondeterministic
from grader.judge.way import right_trace
from grader.messages import say
from grader.model import (
    CheckStatus,
    CheckVerdict,
    Diagnosis,
    Malformed,
    Notice,
    Observation,
    OutOfMemory,
    PropertyStatus,
    PropertyVerdict,
    Raised,
    Subject,
    TimedOut,
)
from grader.suggest import near_function

__all__ = ["Diagnoser", "Insight", "Shrinker", "judge_check"]


class Shrinker(Protocol):
    """Finds a smaller case that fails in the same way as `stored` does, or None."""

    def __call__(self, spec: CheckSpec, subject: Subject, stored: Finding) -> Finding | None:
        """May ask `subject` as often as its budget allows; never raises for what a submission does."""
        ...


class Insight(Protocol):
    """Known mistakes that explain every answer of a check."""

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """A diagnosis for each code."""
        ...

    def trace(self, case: Case, right: Mapping[str, object]) -> Mapping[str, object]:
        """`right`, what a right solution computes on the way, with what the mistaken one does beside it."""
        ...


class Diagnoser(Protocol):
    """Finds the known mistakes that explain all findings of a failed check, or None."""

    def __call__(self, spec: CheckSpec, cases: CheckCases, findings: Sequence[Finding]) -> Insight | None:
        """Look at the answers in the order asked; asks nothing."""
        ...


_EXPLAINED = frozenset({"general.nan", "general.nondeterministic", "general.shape"})
"""What needs no telling once a known mistake gives all answers."""

_STATUS_OF_KIND: dict[str, PropertyStatus] = {
    "right": "passed",
    "excused": "passed",
    "wrong": "failed",
    "form": "error",
    "malformed": "error",
    "raised": "error",
    "memory": "error",
    "died": "error",
    "timeout": "timeout",
    "missing": "error",  # for some inputs only: it raised there
    "blocked": "blocked",
}

_WORST_FIRST: tuple[PropertyStatus, ...] = ("failed", "error", "timeout", "missing", "blocked", "passed")


def judge_check(  # noqa: PLR0913 - the stages it composes, each by name
    spec: CheckSpec,
    cases: CheckCases,
    subject: Subject,
    *,
    limit_s: float,
    policy: Policy = DEFAULT_POLICY,
    shrinker: Shrinker | None = None,
    diagnoser: Diagnoser | None = None,
) -> CheckVerdict:
    """What `subject` makes of `cases`: one status for each property of `spec`, and what to tell the student.

    Without a `shrinker` the smallest stored case that fails is the counterexample; without a `diagnoser` only mistakes
    of a general kind are named. Where the policy fails a finding, every property of the check is failed with it.
    Raises SandboxError for a fault of ours.
    """
    screening = screen(spec, cases, subject, limit_s=limit_s, policy=policy)
    kinds = {finding.kind for _, finding in screening.findings}
    if kinds == {"missing"}:
        return _missing(spec, subject, screening)
    verdict = _as_screened(spec, screening)
    if verdict.status != "passed":
        insight = diagnoser(spec, cases, [finding for _, finding in screening.findings]) if diagnoser else None
        verdict = _with_example(spec, _told(verdict, insight), screening, subject, shrinker, insight)
    if _ended_while_watched(screening):
        verdict = replace(verdict, review=say("watch.unseen", function=spec.name))
    return _under_policy(spec, verdict, evidence_of([finding.observation for finding in screening.watched]), policy)


# ---------------------------------------------------------------------------- properties
def _as_screened(spec: CheckSpec, screening: Screening) -> CheckVerdict:
    twins = differing_twins(screening)
    properties = tuple(_property(spec, prop, screening, twins) for prop in spec.properties)
    status = _worst([prop.status for prop in properties])
    message = say("check.passed", examples=len(screening.findings)) if status == "passed" else ""
    if status == "blocked":
        message = say("check.blocked", function=spec.name, cause=_cause(spec, screening.ended_by))
    diagnoses = general_diagnoses(spec, screening, twins)
    return CheckVerdict(spec.name, status, properties, message, diagnoses, notices=_notices(spec, screening))


def _worst(statuses: Sequence[PropertyStatus]) -> CheckStatus:
    return min(statuses, key=_WORST_FIRST.index)


def _property(spec: CheckSpec, prop: PropertySpec, screening: Screening, twins: Twins | None) -> PropertyVerdict:
    match prop.name:
        case "inputs_untouched":
            return _untouched(spec, prop, screening)
        case "repeatable":
            return _repeatable(spec, prop, screening, twins)
    findings = screening.watched if prop.name == "hand_written" else screening.of(prop.name)
    status = _status(findings) if findings or prop.name != "hand_written" else "passed"  # allowed: nothing was watched
    return PropertyVerdict(prop.name, status, len(findings), _why(spec, findings, status, screening))


def _status(findings: Sequence[Finding]) -> PropertyStatus:
    return _worst([_STATUS_OF_KIND[finding.kind] for finding in findings]) if findings else "blocked"


def _why(spec: CheckSpec, findings: Sequence[Finding], status: PropertyStatus, screening: Screening) -> str:
    """The sentence on the smallest case that gave a property its status; nothing for a pass."""
    if status == "passed":
        return ""
    if status == "blocked":
        return say("case.blocked", cause=_cause(spec, screening.ended_by))
    guilty = [finding for finding in findings if _STATUS_OF_KIND[finding.kind] == status]
    return sentence(spec, min(guilty, key=lambda f: size_key(f.case)))


def _cause(spec: CheckSpec, ended_by: Observation | None) -> str:
    match ended_by:
        case TimedOut():
            return say("cause.timeout", function=spec.name)
        case OutOfMemory():
            return say("cause.memory", function=spec.name)
        case Malformed():
            return say("cause.malformed", function=spec.name)
        case _:
            return say("cause.died", function=spec.name)


def _untouched(spec: CheckSpec, prop: PropertySpec, screening: Screening) -> PropertyVerdict:
    answered = sum(bool(f.answer) or f.kind in {"form", "wrong"} for _, f in screening.findings)
    changed = mutates(spec, screening)
    if changed:
        return PropertyVerdict(prop.name, "failed", answered, changed)
    if not answered:
        return PropertyVerdict(prop.name, "blocked", 0, say("case.no_answers"))
    return PropertyVerdict(prop.name, "passed", answered)


def _repeatable(spec: CheckSpec, prop: PropertySpec, screening: Screening, twins: Twins | None) -> PropertyVerdict:
    """The same answer twice passes, right or wrong: wrong answers fail the properties they belong to."""
    findings = screening.of(prop.name)
    if twins is not None:
        return PropertyVerdict(prop.name, "failed", len(findings), nondeterministic(spec, twins))
    unread = [finding for finding in findings if finding.kind != "wrong"]
    status = _status(unread) if unread else "passed"
    return PropertyVerdict(prop.name, status, len(findings), _why(spec, unread, status, screening))


# ---------------------------------------------------------------------------- the check
def _missing(spec: CheckSpec, subject: Subject, screening: Screening) -> CheckVerdict:
    seen = screening.findings[0][1].observation
    near = near_function(spec.name, subject.loaded.others)
    if isinstance(seen, Raised) and seen.kind == "NotImplementedError":
        message = say("general.missing.stub", function=spec.name)
    elif near:
        message = say("general.missing.near", function=spec.name, near=near)
    else:
        message = say("general.missing", function=spec.name)
    counts = Counter(name for name, _ in screening.findings)
    properties = tuple(PropertyVerdict(prop.name, "missing", counts[prop.name], message) for prop in spec.properties)
    return CheckVerdict(spec.name, "missing", properties, message, (Diagnosis("general.missing", message),))


def _with_example(
    spec: CheckSpec,
    verdict: CheckVerdict,
    screening: Screening,
    subject: Subject,
    shrinker: Shrinker | None,
    insight: Insight | None,
) -> CheckVerdict:
    """Add the smallest failing case and its sentence; where no case fails, the first failed property's message."""
    stored = _smallest(screening, verdict.status)
    if stored is None:
        message = verdict.message or next(p.message for p in verdict.properties if p.status == verdict.status)
        return replace(verdict, message=message)
    ended = stored.kind in {"timeout", "memory", "died"}
    twins = differing_twins(screening)  # then a small case would fail for what was asked before it
    smaller = shrinker(spec, subject, stored) if shrinker and twins is None and not ended else None
    shown = stored if smaller is None else min(smaller, stored, key=lambda finding: size_key(finding.case))
    message = sentence(spec, shown) if twins is None else nondeterministic(spec, twins)
    example = replace(counterexample(spec, shown), trace=_trace(spec, shown.case, insight))
    return replace(verdict, message=message, counterexample=example)


def _told(verdict: CheckVerdict, insight: Insight | None) -> CheckVerdict:
    """Put the known mistakes in the place of their symptoms."""
    if insight is None:
        return verdict
    rest = tuple(diagnosis for diagnosis in verdict.diagnoses if diagnosis.code not in _EXPLAINED)
    return replace(verdict, diagnoses=(*insight.diagnoses, *rest))


def _trace(spec: CheckSpec, case: Case, insight: Insight | None) -> Mapping[str, object] | None:
    """What a right solution computes on the way, and what a known mistake does, for a case that a person can follow."""
    if max(np.size(arg) for arg in case.args) > MAX_INLINE:
        return None
    right = right_trace(spec.name, case.args)
    return insight.trace(case, right) if insight and right else right


def _smallest(screening: Screening, status: CheckStatus) -> Finding | None:
    failing = [f for _, f in screening.findings if f.kind != "blocked" and _STATUS_OF_KIND[f.kind] == status]
    return min(failing, key=lambda finding: size_key(finding.case), default=None)


def _notices(spec: CheckSpec, screening: Screening) -> tuple[Notice, ...]:
    for _, finding in screening.findings:
        if finding.kind == "excused" and isinstance(finding.observation, Raised):
            code = "train.zero_iterations_raises"
            message = say(code, function=spec.name, error=error_of(finding.observation))
            return (Notice(code, message, finding.observation.location),)
    return ()


# ---------------------------------------------------------------------------- policy
def _ended_while_watched(screening: Screening) -> bool:
    """Whether the child came through every case, and not through the calls that are watched."""
    asked = {finding.kind for _, finding in screening.findings}
    return asked.isdisjoint(ENDED) and not ENDED.isdisjoint(finding.kind for finding in screening.watched)


def _under_policy(spec: CheckSpec, verdict: CheckVerdict, evidence: tuple[str, ...], policy: Policy) -> CheckVerdict:
    """Apply what the course decided: `fail` fails every property, `warn` gives a notice."""
    notices = list(verdict.notices)
    failed: list[Diagnosis] = []
    for kind in evidence:
        message = say(f"policy.{kind}", function=spec.name)
        if policy[kind] == "fail":
            failed.append(Diagnosis(f"policy.{kind}", message))
        elif policy[kind] == "warn":
            notices.append(Notice(f"policy.{kind}", message))
    if not failed:
        return replace(verdict, notices=tuple(notices))
    message = failed[0].message
    properties = tuple(replace(prop, status="failed", message=message) for prop in verdict.properties)
    return replace(
        verdict,
        status="failed",
        properties=properties,
        message=message,
        diagnoses=(*failed, *verdict.diagnoses),
        notices=tuple(notices),
    )
