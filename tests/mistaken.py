"""Gradients with chosen mistakes: one choice, or two on different axes, and what they answer to cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from grader.cases import CheckCases
from grader.diagnose.algebra import ERRORS, INPUTS, MASKS, MEANS, PAIRS, POWERS, STATES, Recurrence, mistakes_of
from grader.diagnose.family import Family

AXES = {
    "mask": MASKS,
    "input": INPUTS,
    "state": STATES,
    "error": ERRORS,
    "power": POWERS,
    "pairs": PAIRS,
    "mean": MEANS,
}
WHOLE = {
    "sign": "gradient.sign",
    "scale": "gradient.scale",
    "swapped": "gradient.swapped",
    "accumulates": "gradient.accumulates_between_calls",
}


@dataclass(frozen=True)
class Chosen:
    """Wrong choices: (axis, position) on the algebra's axes, (name, 0) for those on the whole."""

    choices: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return " + ".join(f"{axis} {AXES[axis][at].name}" if axis in AXES else axis for axis, at in self.choices)

    def has(self, name: str) -> bool:
        return any(axis == name for axis, _ in self.choices)

    def recurrence(self, z: str) -> Recurrence:
        at = {**dict.fromkeys(AXES, 0), **{axis: i for axis, i in self.choices if axis in AXES}}
        return Recurrence(at["mask"], at[z], at["error"], at["power"], at["pairs"], at["mean"])

    @property
    def codes(self) -> frozenset[str]:
        mistakes = (*mistakes_of(self.recurrence("input"), INPUTS), *mistakes_of(self.recurrence("state"), STATES))
        return frozenset([m.code for m in mistakes] + [code for name, code in WHOLE.items() if self.has(name)])

    def right(self, cases: CheckCases) -> bool:
        """Whether no case can show it."""
        return all(
            abs(float(part) - float(expected.low)) <= expected.tolerance or expected.low < expected.high
            for answer, (_, case) in zip(answers(self, cases), cases, strict=True)
            for part, expected in zip(answer, case.parts, strict=True)
        )


def singles() -> Iterator[Chosen]:
    """Every wrong choice."""
    for axis, factors in AXES.items():
        yield from (Chosen(((axis, at),)) for at in range(1, len(factors)))
    yield from (Chosen(((name, 0),)) for name in WHOLE)


def pairs() -> Iterator[Chosen]:
    """Every two wrong choices on different axes."""
    for a, b in combinations(singles(), 2):
        if a.choices[0][0] != b.choices[0][0]:
            yield Chosen((*a.choices, *b.choices))


@lru_cache(maxsize=4)
def _family(cases: CheckCases) -> Family:
    return Family(tuple(case for _, case in cases))


def answers(chosen: Chosen, cases: CheckCases) -> list[tuple[np.ndarray, np.ndarray]]:
    """What float32 would answer to each case, in the order asked."""
    family = _family(cases)
    factor = (-1 if chosen.has("sign") else 1) * (2 if chosen.has("scale") else 1)
    values = [family.values(chosen.recurrence(z), zs).low * factor for z, zs in (("input", INPUTS), ("state", STATES))]
    if chosen.has("swapped"):
        values.reverse()
    if chosen.has("accumulates"):
        values = [np.cumsum(each) for each in values]
    single = np.array(values).astype(np.float32).astype(np.float64)
    return [(np.array(a), np.array(b)) for a, b in single.T]
