"""What every mistaken gradient of the algebra answers: all at once for a filter, one exactly for a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from grader.cases import Case, CheckCases
from grader.diagnose.algebra import (
    ERRORS,
    INPUTS,
    MASKS,
    MEANS,
    PAIRS,
    POWERS,
    STATES,
    Factor,
    Recurrence,
    mistakes_of,
)
from grader.diagnose.batch import UNIT_ROUNDOFF, Batch, pack
from grader.diagnose.states import Pass, run

__all__ = ["AXES", "Family", "Values", "costs", "fingerprint", "telling_rows"]

_SAFETY = 2.0
_ROWS = 12
AXES = (len(MASKS), len(INPUTS) + len(STATES), len(ERRORS), len(POWERS), len(PAIRS))
"""The shape of the family, means left out: they are tried on the answers."""


@dataclass(frozen=True, eq=False)
class Values:
    """What a recurrence answers to each case, from `low` to `high` where a slope is free, and its error bound."""

    low: np.ndarray
    high: np.ndarray
    tolerance: np.ndarray


# ---------------------------------------------------------------------------- one recurrence, exactly
@dataclass(frozen=True, eq=False)
class Family:
    """The algebra over some cases, on the states of a right or a mistaken forward pass; factors are made once."""

    cases: tuple[Case, ...]
    forward: Pass = Pass()  # noqa: RUF009 - frozen

    @cached_property
    def _doubtful(self) -> tuple[int, ...]:
        """Cases with whole intervals of subgradients: asked with slopes 0 and 1."""
        return tuple(r for r, case in enumerate(self.cases) if any(p and (p.low < p.high).any() for p in case.parts))

    @cached_property
    def _batch(self) -> Batch:
        again = [self.cases[r] for r in self._doubtful]
        batch = pack([*self.cases, *again], [0.0] * len(self.cases) + [1.0] * len(again))
        return batch if self.forward == Pass() else replace(batch, given=run(self.forward, batch))

    @cached_property
    def _made(self) -> dict[tuple[int, bool], np.ndarray]:
        return {}

    def _array(self, factor: Factor, *, size: bool) -> np.ndarray:
        key = (id(factor), size)
        if key not in self._made:
            self._made[key] = factor.make(self._batch, size=size)
        return self._made[key]

    def deltas(self, chosen: Recurrence, zs: tuple[Factor, ...], *, size: bool = False) -> np.ndarray:
        """What meets z_k at step k, summed over later steps n: (r, k, j)."""
        error, power, mask, pairs, _, mean = (self._array(f, size=size) for f in chosen.factors(zs))
        delta: np.ndarray = mean[:, None, None] * np.einsum("rnj,rnk,rnkj->rkj", error, power * pairs, mask)
        return delta

    def contributions(self, chosen: Recurrence, zs: tuple[Factor, ...], *, size: bool = False) -> np.ndarray:
        """delta_k z_k: (r, k, j)."""
        each: np.ndarray = self.deltas(chosen, zs, size=size) * self._array(zs[chosen.z], size=size)
        return each

    def values(self, chosen: Recurrence, zs: tuple[Factor, ...]) -> Values:
        """The gradient for each case."""
        got = self.contributions(chosen, zs).sum(axis=(1, 2))
        size = self.contributions(chosen, zs, size=True).sum(axis=(1, 2))
        low = got[: len(self.cases)].copy()
        high = low.copy()
        for i, r in enumerate(self._doubtful):
            other = got[len(self.cases) + i]
            low[r], high[r] = min(low[r], other), max(high[r], other)
            size[r] = max(size[r], size[len(self.cases) + i])
        return Values(low, high, self._roundings * UNIT_ROUNDOFF * size[: len(self.cases)])

    def states(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """S, Y and the latter's absolute terms for the first case: (k, j)."""
        S, Y, terms = self._batch.states
        return S[0], Y[0], terms[0]

    def errors(self, chosen: Recurrence) -> np.ndarray:
        """What stands for y - t at each step of the first case: (n, j)."""
        error: np.ndarray = self._array(ERRORS[chosen.error], size=False)[0]
        return error

    def scales(self, rows: tuple[int, ...]) -> np.ndarray:
        """How a fingerprint weighs its cases."""
        return _sizes(pack([self.cases[r] for r in rows]))

    @cached_property
    def _roundings(self) -> np.ndarray:
        """How many a term can meet: `reference.bounds.gradient_bound`'s count, doubled as the oracle does."""
        steps, sequences = (a[: len(self.cases)] for a in (self._batch.steps, self._batch.sequences))
        count: np.ndarray = _SAFETY * (8 * steps + 6 + steps * (steps + 1) // 2 * sequences)
        return count


# ---------------------------------------------------------------------------- all of them, as a filter
def telling_rows(cases: CheckCases) -> tuple[int, ...]:
    """The positions of a dozen cases that tell most: of both signs, of 4 to 8 steps, different sizes first."""
    kinds = ("negative_weights", "positive_weights", "single_sequence", "additive", "long_sequences")
    found: dict[str, list[int]] = {kind: [] for kind in kinds}
    for r, (name, case) in enumerate(cases):
        if (
            name in found
            and 4 <= np.shape(case.args[0])[0] <= 8
            and all(p is not None and p.low.any() for p in case.parts)
        ):
            found[name].append(r)
    picked: list[int] = []
    while len(picked) < _ROWS and any(found.values()):
        for rows in found.values():
            if rows and len(picked) < _ROWS:
                picked.append(rows.pop())
    return tuple(sorted(picked))


def fingerprint(batch: Batch) -> np.ndarray:
    """Direction of each recurrence's answers: float32 (mask, z, error, power, pairs, r); 0 where all are 0.

    Zs are INPUTS, then STATES. Each case weighs as much as any other.
    """
    R, K, J = batch.X.shape
    zs = [factor.make(batch, size=False) for factor in (*INPUTS, *STATES)]
    z = np.stack(zs, axis=1)  # (r, z, k, j)
    errors = np.stack([factor.make(batch, size=False) for factor in ERRORS], axis=-1)  # (r, n, j, e)
    powers = np.stack([factor.make(batch, size=False) for factor in POWERS], axis=-1)  # (r, n, k, p)
    pairs = np.stack([factor.make(batch, size=False) for factor in PAIRS], axis=-1)  # (r, n, k, h)
    ways = (powers[..., :, None] * pairs[..., None, :]).reshape(R, K * K, -1)
    found = np.empty((len(MASKS), R, len(zs), len(ERRORS), ways.shape[-1]), dtype=np.float64)
    for m, factor in enumerate(MASKS):
        masked = factor.make(batch, size=False)[:, :, None] * z[:, None]  # (r, n, z, k, j)
        terms = masked.reshape(R, K, len(zs) * K, J) @ errors  # (r, n, z k, e)
        terms = terms.reshape(R, K, len(zs), K, len(ERRORS)).transpose(0, 2, 4, 1, 3)
        found[m] = (terms.reshape(R, -1, K * K) @ ways).reshape(found[m].shape)
    weigh = 1 / _sizes(batch)
    found *= weigh[None, :, None, None, None]
    length = np.sqrt((found**2).sum(axis=1, keepdims=True))
    directions = (found / np.where(length > 0, length, 1.0)).astype(np.float32)
    return np.ascontiguousarray(np.moveaxis(directions, 1, -1)).reshape(*AXES, R)


def _sizes(batch: Batch) -> np.ndarray:
    """The scale of each case: geometric mean of both right gradients' absolute terms."""
    right = Recurrence(0, 0, 0, 0, 0)
    sizes = []
    for zs in (INPUTS, STATES):
        error, power, mask, pairs, z, _ = (factor.make(batch, size=True) for factor in right.factors(zs))
        sizes.append(np.einsum("rnj,rnk,rnkj,rkj->r", error, power * pairs, mask, z))
    size: np.ndarray = np.sqrt(sizes[0] * sizes[1])
    return size


@lru_cache(maxsize=1)
def costs() -> np.ndarray:
    """What each recurrence of the family costs, means included: AXES + (mean,)."""
    zs: Sequence[Factor] = (*INPUTS, *STATES)
    axes: tuple[Sequence[Factor], ...] = (MASKS, zs, ERRORS, POWERS, PAIRS, MEANS)
    total = np.zeros([len(axis) for axis in axes])
    for at, axis in enumerate(axes):
        each = np.array([sum(mistake.cost for mistake in factor.mistakes) for factor in axis])
        total += each.reshape([-1 if i == at else 1 for i in range(len(axes))])
    split = next(m for m, factor in enumerate(MASKS) if factor.name == "k … n-1")
    masked = [e for e, factor in enumerate(ERRORS) if "masked" in factor.name]
    total[split, :, masked] -= sum(mistake.cost for mistake in MASKS[split].mistakes)
    assert mistakes_of(Recurrence(split, 0, masked[0], 0, 0), INPUTS)
    return total
