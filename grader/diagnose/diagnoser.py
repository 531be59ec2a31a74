"""From what the judge found to the known mistakes that explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from grader.cases import Case, CaseBank, CheckCases
from grader.contract import CheckSpec
from grader.diagnose.mistakes import UNNAMED, Explanation, told
from grader.diagnose.trace import departure
from grader.judge import Finding
from grader.messages import say
from grader.model import Diagnosis

__all__ = ["Diagnosed", "Diagnoser"]

_READ = frozenset({"right", "wrong", "excused"})


@dataclass(frozen=True, eq=False)
class Diagnosed:
    """The mistakes that explain a check's answers, and what they compute on the way."""

    diagnoses: tuple[Diagnosis, ...]
    explanation: Explanation

    def trace(self, case: Case, right: Mapping[str, object]) -> Mapping[str, object]:
        """`right`, a right solution's trace, with `yours` and where it `departs`; as it is if nothing can be shown."""
        yours = self.explanation.trace(case) if self.explanation.trace else None
        departs = None if yours is None else departure(right, yours)
        return right if departs is None else {**right, "yours": yours, "departs": departs}


class Diagnoser:
    """Diagnoses checks judged on `bank`; keeps what no submission changes in `cache_dir` (None: the user's)."""

    def __init__(self, bank: CaseBank, cache_dir: Path | None = None) -> None:
        self._bank = bank
        self._cache_dir = cache_dir

    def __call__(self, spec: CheckSpec, cases: CheckCases, findings: Sequence[Finding]) -> Diagnosed | None:
        """What explains every answer of a failed check; None where nothing known does, or some call had no answer.

        `findings` are of `cases` in the order asked; the cases must be those of the bank.
        """
        explanations = self._explanations(spec, cases, findings)
        found = _diagnoses(explanations, len(findings)) if explanations else ()
        return Diagnosed(found, explanations[0]) if found else None

    def _explanations(self, spec: CheckSpec, cases: CheckCases, findings: Sequence[Finding]) -> tuple[Explanation, ...]:
        kinds = {finding.kind for finding in findings}
        if "wrong" not in kinds and "form" not in kinds:
            return ()
        if not kinds <= (_READ | {"form"} if spec.name == "train" else _READ):
            return ()
        from grader.diagnose.explain import explain  # noqa: PLC0415 - a correct submission never needs it

        answers = [finding.answer or None for finding in findings]
        return explain(spec.name, cases, answers, lambda: self._directions)

    @cached_property
    def _directions(self) -> np.ndarray:
        from grader.diagnose.catalogue import directions  # noqa: PLC0415 - the same

        return directions(self._bank, self._cache_dir)


def _diagnoses(explanations: Sequence[Explanation], total: int) -> tuple[Diagnosis, ...]:
    """One for each code; what only some explanations name is told as alternatives.

    Not where it may be a mistake without a name: then only what is certain.
    """
    common = set.intersection(*(set(explanation.codes) for explanation in explanations))
    found = [
        _diagnosis(m.code, say(m.code, **m.facts), total)
        for m in told(explanations[0].mistakes).values()
        if m.code in common and m != UNNAMED
    ]
    others = [[m for m in told(each.mistakes).values() if m.code not in common] for each in explanations]
    if any(others) and not any(UNNAMED in mistakes for mistakes in others):
        ways = [" ".join(say(m.code, **m.facts) for m in mistakes) for mistakes in others if mistakes]
        message = say("diagnosis.either", first=ways[0], others=" / ".join(ways[1:]))
        found += [_diagnosis(code, message, total) for code in dict.fromkeys(m.code for ms in others for m in ms)]
    return tuple(found)


def _diagnosis(code: str, message: str, total: int) -> Diagnosis:
    return Diagnosis(code, message, total, total)
