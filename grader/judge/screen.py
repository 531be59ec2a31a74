"""Screening: every case of a check in one go, compared while the child works on the next."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from grader.cases import Case, CheckCases
from grader.contract import CheckSpec
from grader.errors import SandboxError
from grader.judge.findings import Finding, find
from grader.judge.policy import Policy, watched_questions
from grader.model import (
    Answered,
    Batch,
    Died,
    Malformed,
    Observation,
    OutOfMemory,
    Question,
    Raised,
    Subject,
    TimedOut,
)

__all__ = ["Screening", "screen"]


@dataclass(frozen=True, eq=False)
class Screening:
    """What all cases of a check showed. `ended_by` is the observation that kept later cases from being asked."""

    findings: tuple[tuple[str, Finding], ...]
    """(property, finding), in the order asked."""
    watched: tuple[Finding, ...]
    """Of the calls watched for evidence; their answers are read, not compared."""
    ended_by: Observation | None

    def of(self, name: str) -> tuple[Finding, ...]:
        """The findings of one property."""
        return tuple(finding for prop, finding in self.findings if prop == name)

    def mutated(self) -> frozenset[int]:
        """Positions of the arguments that some call changed."""
        seen = [finding.observation for finding in (*(f for _, f in self.findings), *self.watched)]
        return frozenset(i for answer in seen if isinstance(answer, Answered) for i in answer.mutated)


def screen(spec: CheckSpec, cases: CheckCases, subject: Subject, *, limit_s: float, policy: Policy) -> Screening:
    """Ask all cases, then the watched calls, in a single `ask`.

    Nothing is asked once a call ran out of time or memory or ended the child: those cases are
    blocked. Raises SandboxError if fewer answers come back than questions went out.
    """
    watched = watched_questions(spec, policy)
    asked, questions = _asked(spec, cases, watched)
    answers = subject.ask(questions, limit_s=limit_s)
    findings: list[tuple[str, Finding]] = []
    ended_by: Observation | None = None
    for name, case in asked:
        if ended_by is not None:
            findings.append((name, Finding(case, "blocked")))
            continue
        seen = next(answers, None)
        if seen is None:  # the answer before could not be read, and the child went with it
            ended_by = _last_seen(findings, spec)
            findings.append((name, Finding(case, "blocked")))
            continue
        ended_by = seen if isinstance(seen, (TimedOut, Died, OutOfMemory)) else None
        findings.append((name, _excused(spec, find(spec, case, seen))))
    n = len(questions) - len(watched)
    return Screening(tuple(findings[:n]), tuple(finding for _, finding in findings[n:]), ended_by)


@functools.lru_cache(maxsize=64)  # the checks of a course, which every submission of it is asked
def _asked(
    spec: CheckSpec, cases: CheckCases, watched: tuple[Question, ...]
) -> tuple[tuple[tuple[str, Case], ...], Batch]:
    """The cases with their properties, those of the `watched` calls last, and the questions they are."""
    unchecked = (None,) * len(spec.returns)
    asked = (*cases, *(("", Case(question.args, unchecked)) for question in watched))
    plain = (Question(spec.name, case.args) for _, case in asked[: len(asked) - len(watched)])
    return asked, Batch((*plain, *watched))


def _last_seen(findings: Sequence[tuple[str, Finding]], spec: CheckSpec) -> Observation:
    seen = findings[-1][1].observation if findings else None
    if not isinstance(seen, Malformed):
        raise SandboxError(f"{spec.name}: the child gave fewer answers than it was asked questions")
    return seen


def _excused(spec: CheckSpec, finding: Finding) -> Finding:
    """Training for no iterations may raise: worth a notice, no mark."""
    raised = finding.kind == "raised" and isinstance(finding.observation, Raised)
    if spec.name == "train" and raised and finding.case.args[5] == 0:
        return Finding(finding.case, "excused", finding.observation)
    return finding
