"""How much of the derived error bounds correct methods use up, each in float32 and float64.

    python tests/benchmarks/fairness.py [--cases N] [--seed N]

Forward passes, gradients and losses computed in every way that a student might, on N cases of 1 to 12 steps and 1 to
4 sequences: weights of eighths and of all 24 bits, terms up to 2^100, and kinks, where any slope in [0, 1] is right
and methods take 0 and 1 in turn. Prints the worst fraction of `reference.bounds` for each method, and the violations:
answers outside of the bound. (Banks allow twice the bound.) The truth is float64's, whose own error is 2^-29 of the
bounds. Exit status 1 if there is a violation.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from reference import exact

SHAPES = tuple(product(range(1, 13), range(1, 5)))
STRATA = {"eighths": 0.4, "24 bits": 0.3, "large": 0.15, "kinks": 0.15}
LARGEST = 2.0**100
KINKED_STEPS = 6


# ---------------------------------------------------------------------------- cases, (k, j, r): step, sequence, case
@dataclass(frozen=True)
class Batch:
    """Cases of one shape: X and T (k, j, r), weights (r,)."""

    X: np.ndarray
    T: np.ndarray
    Wxs: np.ndarray
    Wrec: np.ndarray

    def of(self, dtype: type) -> Batch:
        return Batch(*(part.astype(dtype) for part in (self.X, self.T, self.Wxs, self.Wrec)))

    def taken(self, which: list[int]) -> Batch:
        return Batch(self.X[:, :, which], self.T[:, :, which], self.Wxs[which], self.Wrec[which])

    def lists(self, r: int) -> tuple[list, list, float, float]:
        return self.X[:, :, r].tolist(), self.T[:, :, r].tolist(), float(self.Wxs[r]), float(self.Wrec[r])


def drawn(rng: np.random.Generator, shape: tuple[int, int], count: int, stratum: str) -> Batch:
    """Cases whose every number is float32's."""
    X = rng.integers(0, 2, (*shape, count)).astype(np.float64)
    T = rng.integers(-64, 65, (*shape, count)) / 8
    weights = rng.integers(-16, 17, (2, count)) / 8
    if stratum == "24 bits":
        weights, T = rng.uniform(-2, 2, (2, count)), rng.uniform(-8, 8, (*shape, count))
    if stratum == "large":
        weights = rng.choice((-1, 1), (2, count)) * 2 ** rng.uniform(-3, 100 / (shape[0] + 1), (2, count))
        T = T * 2 ** rng.uniform(0, 20, count)
    if stratum == "kinks":
        kind = rng.integers(0, 3, count)
        weights[0][kind == 0] = 0
        weights[1][kind == 1] = 0
        weights[1][kind == 2] = -1
    return Batch(*(part.astype(np.float32).astype(np.float64) for part in (X, T, *weights)))


# ---------------------------------------------------------------------------- methods
Slopes = Callable[[np.ndarray], np.ndarray]
Gradients = tuple[np.ndarray, np.ndarray]


def recursion(b: Batch) -> tuple[np.ndarray, np.ndarray]:
    S, Y, y = np.zeros_like(b.X), np.zeros_like(b.X), np.zeros_like(b.X[0])
    for k, x in enumerate(b.X):
        S[k] = b.Wxs * x + b.Wrec * y
        Y[k] = y = np.maximum(S[k], 0)
    return S, Y


def sums_of_powers(b: Batch) -> tuple[np.ndarray, np.ndarray]:
    """s_k as Wxs times the powers of Wrec since the unit was last off."""
    S, alive = np.zeros_like(b.X), np.ones_like(b.X)
    for k in range(len(b.X)):
        for i in range(k, -1, -1):
            S[k] += b.Wxs * b.Wrec ** b.X.dtype.type(k - i) * b.X[i] * alive[i]
        alive[: k + 1] *= S[k] > 0
    return S, (S + np.abs(S)) / 2


def _before(Y: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(Y[:1]), Y[:-1]])


def backwards(b: Batch, slopes: Slopes) -> Gradients:
    S, Y = recursion(b)
    delta, dWxs, dWrec = np.zeros_like(Y[0]), np.zeros_like(b.Wxs), np.zeros_like(b.Wxs)
    for k in reversed(range(len(Y))):
        delta = (Y[k] - b.T[k] + b.Wrec * delta) * slopes(S[k])
        dWxs = dWxs + (delta * b.X[k]).sum(axis=0)
        dWrec = dWrec + (delta * _before(Y)[k]).sum(axis=0)
    return dWxs, dWrec


def forwards(b: Batch, slopes: Slopes) -> Gradients:
    S, Y = recursion(b)
    p, q = np.zeros_like(Y[0]), np.zeros_like(Y[0])
    dWxs, dWrec = np.zeros_like(b.Wxs), np.zeros_like(b.Wxs)
    for k in range(len(Y)):
        on = slopes(S[k])
        p, q = on * (b.X[k] + b.Wrec * p), on * (_before(Y)[k] + b.Wrec * q)
        dWxs, dWrec = dWxs + ((Y[k] - b.T[k]) * p).sum(axis=0), dWrec + ((Y[k] - b.T[k]) * q).sum(axis=0)
    return dWxs, dWrec


def _paths(b: Batch, slopes: Slopes, *, apart: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Every term of the double sum over k <= n and sequences: (terms, r). `apart`: those of y, then those of t."""
    states, on = sums_of_powers(b)[1], slopes(recursion(b)[0])
    errors = (states, -b.T) if apart else (states - b.T,)
    by_Wxs, by_Wrec = [], []
    for error in errors:
        for n in range(len(error)):
            path = error[n]
            for k in range(n, -1, -1):
                path = path * on[k] * (b.Wrec if k < n else 1)
                by_Wxs.append(path * b.X[k])
                by_Wrec.append(path * _before(states)[k])
    return np.concatenate(by_Wxs), np.concatenate(by_Wrec)


def _one_by_one(terms: np.ndarray) -> np.ndarray:
    return np.add.accumulate(terms, axis=0)[-1]


def double_sum(b: Batch, slopes: Slopes) -> Gradients:
    first, second = _paths(b, slopes)
    return _one_by_one(first), _one_by_one(second)


def backwards_sum(b: Batch, slopes: Slopes) -> Gradients:
    first, second = _paths(b, slopes)
    return _one_by_one(first[::-1]), _one_by_one(second[::-1])


def _sorted(terms: np.ndarray) -> np.ndarray:
    return np.take_along_axis(terms, np.argsort(np.abs(terms), axis=0), axis=0)


def smallest_first(b: Batch, slopes: Slopes) -> Gradients:
    first, second = _paths(b, slopes)
    return _one_by_one(_sorted(first)), _one_by_one(_sorted(second))


def largest_first(b: Batch, slopes: Slopes) -> Gradients:
    first, second = _paths(b, slopes)
    return _one_by_one(_sorted(first)[::-1]), _one_by_one(_sorted(second)[::-1])


def positive_then_negative(b: Batch, slopes: Slopes) -> Gradients:
    """The two halves are far larger than their difference."""
    parts = _paths(b, slopes, apart=True)
    first, second = (_one_by_one(np.maximum(p, 0)) + _one_by_one(np.minimum(p, 0)) for p in parts)
    return first, second


def multiplied_out(b: Batch, slopes: Slopes) -> Gradients:
    first, second = _paths(b, slopes, apart=True)
    half = len(first) // 2
    return (
        _one_by_one(first[:half]) + _one_by_one(first[half:]),
        _one_by_one(second[:half]) + _one_by_one(second[half:]),
    )


def _step_matrices(b: Batch, on: np.ndarray) -> np.ndarray:
    """A = Wrec D N, N the shift: (r, j, k, k)."""
    shift = np.eye(len(on), k=-1, dtype=on.dtype)
    steps: np.ndarray = (b.Wrec * on).transpose(2, 1, 0)[..., None] * shift
    return steps


def _with_paths(b: Batch, slopes: Slopes, paths: np.ndarray) -> Gradients:
    _, Y = recursion(b)
    on = slopes(recursion(b)[0])
    left = np.einsum("njr,rjnk->kjr", Y - b.T, paths, dtype=b.X.dtype) * on
    return (left * b.X).sum(axis=(0, 1)), (left * _before(Y)).sum(axis=(0, 1))


def squared_matrices(b: Batch, slopes: Slopes) -> Gradients:
    """(I - A)^-1 as (I + A)(I + A^2)(I + A^4)…: A is nilpotent."""
    power = _step_matrices(b, slopes(recursion(b)[0]))
    total = np.eye(len(b.X), dtype=b.X.dtype) + power
    for _ in range(len(b.X).bit_length()):
        power = power @ power
        total = total + total @ power
    return _with_paths(b, slopes, total)


def solved(b: Batch, slopes: Slopes) -> Gradients:
    """(I - A)^-1 by LU with pivoting."""
    A = _step_matrices(b, slopes(recursion(b)[0]))
    return _with_paths(b, slopes, np.linalg.inv(np.eye(len(b.X), dtype=b.X.dtype) - A))


def squares(Y: np.ndarray, T: np.ndarray) -> np.ndarray:
    loss: np.ndarray = ((T - Y) ** 2).sum(axis=(0, 1)) / 2
    return loss


def expanded(Y: np.ndarray, T: np.ndarray) -> np.ndarray:
    terms = np.stack([T * T, -2 * T * Y, Y * Y])
    return _one_by_one(terms.reshape(-1, terms.shape[-1])) / 2


FORWARD = (recursion, sums_of_powers)
LOSSES = (squares, expanded)
METHODS = (
    backwards,
    forwards,
    double_sum,
    backwards_sum,
    smallest_first,
    largest_first,
    positive_then_negative,
    multiplied_out,
    squared_matrices,
    solved,
)


def above(S: np.ndarray) -> np.ndarray:
    return (S > 0).astype(S.dtype)


def not_below(S: np.ndarray) -> np.ndarray:
    return (S >= 0).astype(S.dtype)


# ---------------------------------------------------------------------------- measuring
@dataclass
class Measured:
    """Cases tried, and for each method in each precision the worst fraction of a bound, and how many exceed it."""

    cases: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    in_doubt: int = 0
    worst: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    violations: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, name: str, error: np.ndarray, bound: np.ndarray) -> None:
        with np.errstate(divide="ignore", invalid="ignore"):
            fraction = np.where(error == 0, 0.0, error / bound)  # a bound of 0 allows nothing; NaN stays
        self.worst[name] = max(self.worst[name], float(np.nan_to_num(fraction, nan=np.inf).max(initial=0.0)))
        self.violations[name] += int((~(fraction <= 1)).sum())


def measure(cases: int, seed: int, shapes: Sequence[tuple[int, int]] = SHAPES) -> Measured:
    """At least `cases` of them, of `shapes` (SeqL, NbSeq)."""
    rng, found = np.random.default_rng(seed), Measured()
    rounds = max(1, cases // 20_000)
    while sum(found.cases.values()) < cases:
        for shape, (stratum, share) in product(shapes, STRATA.items()):
            if stratum == "kinks" and shape[0] > KINKED_STEPS:
                continue
            count = max(2, round(cases * share / len(shapes) / rounds * (2 if stratum == "kinks" else 1)))
            _measure(found, drawn(rng, shape, count, stratum), stratum)
    return found


def _measure(found: Measured, batch: Batch, stratum: str) -> None:
    kinked = stratum == "kinks"
    known = list(_known(batch, kinked=kinked))
    found.in_doubt += len(batch.Wxs) - len(known)
    found.cases[stratum] += len(known)
    if not known:
        return
    batch = batch.taken([each.r for each in known])
    low, high, bound = (np.array([getattr(each, name) for each in known]).T for name in ("low", "high", "bound"))
    bound_S, bound_Y = (np.moveaxis(np.array([each.states[i] for each in known]), 0, 2) for i in (0, 1))
    S, Y = recursion(batch)
    loss, bound_L = squares(Y, batch.T), np.array([each.loss for each in known])
    for dtype in (np.float32, np.float64):
        given, precision = batch.of(dtype), f" {np.dtype(dtype).name}"
        for way in FORWARD:
            got_S, got_Y = way(given)
            found.take("S: " + way.__name__ + precision, np.abs(got_S - S), bound_S)
            found.take("Y: " + way.__name__ + precision, np.abs(got_Y - Y), bound_Y)
            for total in LOSSES:
                found.take(f"L: {total.__name__}{precision}", np.abs(total(got_Y, given.T) - loss), bound_L)
        for method, slopes in product(METHODS, (above, not_below) if kinked else (above,)):
            for got, lo, hi, b in zip(method(given, slopes), low, high, bound, strict=True):
                found.take(method.__name__ + precision, np.maximum(lo - got, 0) + np.maximum(got - hi, 0), b)


@dataclass(frozen=True)
class Known:
    """What is true of case `r`, by the reference: gradients from `low` to `high` and the bounds."""

    r: int
    low: tuple[float, float]
    high: tuple[float, float]
    bound: tuple[float, float]
    states: tuple[list, list]
    loss: float


def _known(batch: Batch, *, kinked: bool) -> Iterator[Known]:
    """Cases whose masks float32 cannot mistake (any, at kinks) and whose terms stay below 2^100."""
    for r in range(len(batch.Wxs)):
        X, T, Wxs, Wrec = batch.lists(r)
        if not kinked and not exact.mask_is_robust(X, Wxs, Wrec):
            continue
        bound = exact.gradient_bound(X, T, Wxs, Wrec)
        if max(bound) > LARGEST * 2.0**-24:
            continue
        states = exact.forward_bound(X, Wxs, Wrec)
        loss = exact.loss_bound(exact.forward(X, Wxs, Wrec)[1], T, states[1])
        if kinked:
            ends = exact.gradient_intervals(X, T, Wxs, Wrec)
            yield Known(r, (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1]), bound, states, loss)
        else:
            gradients = exact.bptt_gradients(X, T, Wxs, Wrec)
            yield Known(r, gradients, gradients, bound, states, loss)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.perf_counter()
    found = measure(given.cases, given.seed)
    kinds = ", ".join(f"{n} {stratum}" for stratum, n in found.cases.items())
    print(f"{sum(found.cases.values())} cases in {time.perf_counter() - started:.0f} s: {kinds}")
    print(f"{found.in_doubt} more were left out: a mask in doubt, or terms beyond 2^100")
    print(f"{'method':42} worst fraction of the bound   violations")
    for name, worst in found.worst.items():
        print(f"{name:42} {worst:26.3g} {found.violations[name]:12}")
    total = sum(found.violations.values())
    print(f"violations: {total}")
    return bool(total)


if __name__ == "__main__":
    sys.exit(main())
