"""The same question asked twice: two answers further apart than right ones can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.contract import CheckSpec
from grader.judge.findings import Finding, shown_inputs
from grader.judge.screen import Screening
from grader.messages import say

__all__ = ["Twins", "differing_twins", "nondeterministic"]


@dataclass(frozen=True, eq=False)
class Twins:
    """Two answers to one question that differ in `part`."""

    first: Finding
    second: Finding
    part: int


def differing_twins(screening: Screening) -> Twins | None:
    """The first case of `repeatable` that was answered otherwise before, if any."""
    earlier: dict[tuple[object, ...], Finding] = {}
    for name, finding in screening.findings:
        first = earlier.setdefault(finding.case.asks, finding)
        if name == "repeatable" and first is not finding:
            for i, (a, b) in enumerate(zip(first.answer, finding.answer, strict=False)):
                if _differ(finding, i, a, b):
                    return Twins(first, finding, i)
    return None


def _differ(finding: Finding, index: int, a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """Whether two answers lie further apart than two right ones can."""
    part = finding.case.parts[index]
    if part is None or a is None or b is None:
        return False
    with np.errstate(invalid="ignore"):  # infinity less infinity
        close = (np.abs(a - b) <= 2 * part.tolerance) | (a == b) | (np.isnan(a) & np.isnan(b))
    return not close.all()


def nondeterministic(spec: CheckSpec, twins: Twins) -> str:
    """Both answers to the question, in one sentence."""
    first, second = twins.first.answer[twins.part], twins.second.answer[twins.part]
    assert first is not None
    assert second is not None
    same = ((first == second) | (np.isnan(first) & np.isnan(second))).ravel()
    at = int(np.argmin(same))
    index = "" if first.ndim == 0 else f"[{', '.join(str(i) for i in np.unravel_index(at, first.shape))}]"
    return say(
        "general.nondeterministic",
        function=spec.name,
        inputs=shown_inputs(spec, twins.first.case),
        part=spec.returns[twins.part] + index,
        first=f"{first.ravel()[at]:.9g}",
        second=f"{second.ravel()[at]:.9g}",
    )
