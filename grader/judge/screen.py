"""Screening: every case of a check in one go, compared while the child works on the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.cases import CheckCases
from grader.contract import CheckSpec
from grader.errors import SandboxError
from grader.judge.findings import Finding, find
from grader.judge.policy import Policy, watched_questions
from grader.model import Answered, Died, Observation, OutOfMemory, Question, Raised, Subject, TimedOut

__all__ = ["Screening", "screen"]


@dataclass(frozen=True, eq=False)
class Screening:
    """What all cases of a check showed. `ended_by` is the observation that kept later cases from being asked."""

    findings: tuple[tuple[str, Finding], ...]
    """(property, finding), in the order asked."""
    watched: tuple[Observation, ...]
    n_watched: int
    ended_by: Observation | None

    def of(self, name: str) -> tuple[Finding, ...]:
        """The findings of one property."""
        return tuple(finding for prop, finding in self.findings if prop == name)

    def mutated(self) -> frozenset[int]:
        """Positions of the arguments that some call changed."""
        answers = [finding.observation for _, finding in self.findings] + list(self.watched)
        return frozenset(i for seen in answers if isinstance(seen, Answered) for i in seen.mutated)


def screen(spec: CheckSpec, cases: CheckCases, subject: Subject, *, limit_s: float, policy: Policy) -> Screening:
    """Ask all cases, then the watched calls, in a single `ask`.

    Nothing is asked once a call ran out of time or memory or ended the child: those cases are
    blocked. Raises SandboxError if fewer answers come back than questions went out.
    """
    asked = list(cases)
    watched = watched_questions(spec, policy)
    questions = [Question(spec.name, case.args) for _, case in asked]
    answers = subject.ask([*questions, *watched], limit_s=limit_s)
    findings: list[tuple[str, Finding]] = []
    ended_by: Observation | None = None
    for name, case in asked:
        if ended_by is not None:
            findings.append((name, Finding(case, "blocked")))
            continue
        seen = _next(answers, spec)
        ended_by = seen if isinstance(seen, (TimedOut, Died, OutOfMemory)) else None
        findings.append((name, _excused(spec, find(spec, case, seen))))
    seen_watched: list[Observation] = []
    while ended_by is None and len(seen_watched) < len(watched):
        seen_watched.append(_next(answers, spec))
        ended_by = seen_watched[-1] if isinstance(seen_watched[-1], (TimedOut, Died, OutOfMemory)) else None
    return Screening(tuple(findings), tuple(seen_watched), len(watched), ended_by)


def _next(answers: Iterator[Observation], spec: CheckSpec) -> Observation:
    seen = next(answers, None)
    if seen is None:
        raise SandboxError(f"{spec.name}: the child gave fewer answers than it was asked questions")
    return seen


def _excused(spec: CheckSpec, finding: Finding) -> Finding:
    """Training for no iterations may raise: worth a notice, no mark."""
    raised = finding.kind == "raised" and isinstance(finding.observation, Raised)
    if spec.name == "train" and raised and finding.case.args[5] == 0:
        return Finding(finding.case, "excused", finding.observation)
    return finding
