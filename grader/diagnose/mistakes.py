"""What a diagnosis is made of: known mistakes, and explanations that put several together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from grader.cases import Case

__all__ = ["UNNAMED", "Answer", "Explanation", "Mistake", "cheapest", "told"]

Answer: TypeAlias = tuple["np.ndarray | None", ...]
"""The parts of one answer; None where a case does not ask for the part."""

_SAME = 1e-9


@dataclass(frozen=True)
class Mistake:
    """One thing changed in the right recurrence: the contract's code, facts for its message, how far-fetched it is."""

    code: str
    facts: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)
    cost: float = 1.0


UNNAMED = Mistake("")
"""One that the contract has no code for. It is known lest several others, which come to the same, be named for it."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Mistakes that together give all of a submission's answers.

    `trace` gives what the mistaken recurrence computes on the way, for a case of the explained check.
    """

    mistakes: tuple[Mistake, ...]
    cost: float
    trace: Callable[[Case], Mapping[str, object] | None] | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """Each code once, in the order of the mistakes."""
        return tuple(dict.fromkeys(mistake.code for mistake in self.mistakes))


def cheapest(explanations: Sequence[Explanation]) -> tuple[Explanation, ...]:
    """Those of least cost, one for each set of codes; none that names another's and more."""
    least = min((explanation.cost for explanation in explanations), default=0.0)
    found: dict[frozenset[str], Explanation] = {}
    for explanation in explanations:
        if explanation.cost <= least + _SAME:
            found.setdefault(frozenset(explanation.codes), explanation)
    return tuple(each for codes, each in found.items() if not any(other < codes for other in found))


def told(mistakes: Sequence[Mistake]) -> dict[str, Mistake]:
    """The first mistake of each code."""
    found: dict[str, Mistake] = {}
    for mistake in mistakes:
        found.setdefault(mistake.code, mistake)
    return found
