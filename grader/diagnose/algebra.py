"""Mistaken gradients as a product of independent axes.

Every right way to the gradient sums the same terms over steps k <= n and sequences j,

    dW = sum_j sum_n sum_{k <= n} e_nj · Wrec^(n-k) · (f'_kj … f'_nj) · z_kj,    e = y - t, z_k = x_k or y_{k-1},

so a mistake changes one of its factors: which errors, which power, which masks, which pairs (k, n), which z, which
sequences; or the whole: its sign, a constant, a mean. A `Factor` is one choice on one axis. Choosing on every axis
gives a recurrence; all of them together are a tensor product, so that the whole family costs a few matrix products.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from grader.diagnose.batch import Batch
from grader.diagnose.mistakes import UNNAMED, Mistake

__all__ = [
    "ERRORS",
    "INPUTS",
    "MASKS",
    "MEANS",
    "PAIRS",
    "POWERS",
    "PREFIX",
    "STATES",
    "Factor",
    "Recurrence",
    "mistakes_of",
]

PREFIX = "gradient."


class Make(Protocol):
    """Makes a factor's array for a batch; with `size` that of the absolute terms, from which error bounds come."""

    def __call__(self, batch: Batch, *, size: bool) -> np.ndarray:
        """The array, with axes as its section says."""
        ...


@dataclass(frozen=True, eq=False)
class Factor:
    """One choice on one axis: the mistakes it makes (none: the right choice), and its array."""

    name: str
    make: Make
    mistakes: tuple[Mistake, ...] = ()


def _wrong(name: str, make: Make, *codes: str, cost: float = 1.0, **facts: str) -> Factor:
    return Factor(name, make, tuple(Mistake(PREFIX + code, facts, cost) for code in codes))


# ---------------------------------------------------------------------------- errors e: (r, n, j)
def _error(batch: Batch, *, size: bool) -> np.ndarray:
    _, Y, terms = batch.states
    error: np.ndarray = (terms + np.abs(batch.T) if size else Y - batch.T) * batch.valid
    return error


def _masked_error(batch: Batch, *, size: bool) -> np.ndarray:
    error: np.ndarray = _error(batch, size=size) * batch.on
    return error


def _last_error(batch: Batch, *, size: bool) -> np.ndarray:
    last = np.arange(batch.X.shape[1]) == batch.steps[:, None] - 1
    error: np.ndarray = _error(batch, size=size) * last[:, :, None]
    return error


def _summed(make: Make, axes: tuple[int, ...]) -> Make:
    """The same sum at every step: errors that no longer know their step (nor, over axis 2, their sequence)."""

    def summed(batch: Batch, *, size: bool) -> np.ndarray:
        total: np.ndarray = make(batch, size=size).sum(axis=axes, keepdims=True) * batch.valid
        return total

    return summed


def _first(make: Make) -> Make:
    def first(batch: Batch, *, size: bool) -> np.ndarray:
        error: np.ndarray = make(batch, size=size) * (np.arange(batch.X.shape[2]) == 0)
        return error

    return first


_EVERY_ERROR: tuple[Factor, ...] = (
    Factor("each step's", _error),
    _wrong("last", _last_error, "last_step_error_only"),
    _wrong("summed", _summed(_error, (1,)), "error_decoupled"),
    _wrong("summed, masked", _summed(_masked_error, (1,)), "error_decoupled", cost=1.1),
    _wrong("summed over the batch", _summed(_error, (1, 2)), "error_decoupled", cost=1.2),
    _wrong("summed over the batch, masked", _summed(_masked_error, (1, 2)), "error_decoupled", cost=1.3),
    _wrong("last, everywhere", _summed(_last_error, (1,)), "last_step_error_only", "error_decoupled"),
)
ERRORS: tuple[Factor, ...] = _EVERY_ERROR + tuple(
    Factor(f"{each.name}, first sequence", _first(each.make), (*each.mistakes, Mistake(PREFIX + "first_sequence_only")))
    for each in _EVERY_ERROR
)


# ---------------------------------------------------------------------------- masks: (r, n, k, j)
def _masks(low: int, high: int, *, relu: bool = False) -> Make:
    """The product of f'_m over m = k + low … n + high; outside of time f' is 1. `relu`: of y_m instead of f'_m."""

    def make(batch: Batch, *, size: bool) -> np.ndarray:
        R, K, J = batch.X.shape
        slope = batch.states[2 if size else 1] if relu else batch.on
        slope = np.concatenate([np.ones((R, 1, J)), slope, np.ones((R, 1, J))], axis=1)
        slope[np.arange(R), batch.steps + 1] = 1.0
        product = np.zeros((R, K, K, J))
        for k in range(K):
            run = np.ones((R, J))
            for m in range(k + low, k + high):
                run = run * slope[:, m + 1]
            start = max(k + low, k + high)
            for n in range(k, K):
                if n + high >= start and n + high >= k + low:
                    run = run * slope[:, n + high + 1]
                product[:, n, k] = run
        return product

    return make


def _no_mask(batch: Batch, *, size: bool) -> np.ndarray:  # noqa: ARG001
    R, K, J = batch.X.shape
    return np.ones((R, K, K, J))


def _mask_at(axis: int) -> Make:
    def make(batch: Batch, *, size: bool) -> np.ndarray:  # noqa: ARG001
        R, K, J = batch.X.shape
        return np.broadcast_to(np.expand_dims(batch.on, axis), (R, K, K, J))

    return make


_NOT_A_STEP = Factor("relu for its derivative", _masks(0, 0, relu=True), (Mistake("relu.derivative_not_step"),))
_OFF = "activation_derivative_off_by_one"
MASKS: tuple[Factor, ...] = (
    Factor("k … n", _masks(0, 0)),
    _wrong("none", _no_mask, "no_activation_derivative"),
    _wrong("k … n-1", _masks(0, -1), _OFF),
    _wrong("k+1 … n", _masks(1, 0), _OFF, cost=1.1),
    _wrong("k-1 … n-1", _masks(-1, -1), _OFF, cost=1.1),
    _wrong("k+1 … n+1", _masks(1, 1), _OFF, cost=1.1),
    _wrong("k+1 … n-1", _masks(1, -1), _OFF, cost=1.2),
    _wrong("n", _mask_at(2), "no_activation_derivative", cost=1.1),
    _wrong("k", _mask_at(1), "no_activation_derivative", cost=1.1),
    _NOT_A_STEP,
)


# ---------------------------------------------------------------------------- powers: (r, n, k)
def _powers(exponent: Callable[[np.ndarray], np.ndarray], *, input_weight: bool = False) -> Make:
    """The weight to the power of `exponent` of n - k."""

    def make(batch: Batch, *, size: bool) -> np.ndarray:
        weight = batch.Wxs if input_weight else batch.Wrec
        weight = np.abs(weight) if size else weight
        steps = np.arange(batch.X.shape[1])
        distance = np.maximum(steps[:, None] - steps, 0)
        power: np.ndarray = weight[:, None, None] ** exponent(distance)
        return power

    return make


POWERS: tuple[Factor, ...] = (
    Factor("n - k", _powers(lambda d: d)),
    _wrong("none", _powers(lambda d: 0 * d), "no_recurrent_factor", shown="loses its factor Wrec"),
    _wrong("n - k + 1", _powers(lambda d: d + 1), "extra_recurrent_factor"),
    _wrong("2 (n - k)", _powers(lambda d: 2 * d), "extra_recurrent_factor", cost=1.1),
    _wrong(
        "n - k - 1",
        _powers(lambda d: np.maximum(d - 1, 0)),
        "no_recurrent_factor",
        shown="meets its factor Wrec once too seldom",
        cost=1.1,
    ),
    _wrong(
        "Wxs",
        _powers(lambda d: d, input_weight=True),
        "no_recurrent_factor",
        shown="meets Wxs where its factor Wrec belongs",
        cost=1.1,
    ),
)


# ---------------------------------------------------------------------------- pairs (k, n): (r, n, k)
def _pairs(reach: int, *, own: bool = True, window: int = 99, first: int = 0) -> Make:
    """Which k <= n count: at most `reach` steps back, k = n too or not, in the last `window` steps, from `first` on."""

    def make(batch: Batch, *, size: bool) -> np.ndarray:  # noqa: ARG001
        steps = np.arange(batch.X.shape[1])
        distance = steps[:, None] - steps
        near = (distance >= (0 if own else 1)) & (distance <= reach)
        late = (steps >= batch.steps[:, None] - window) & (steps >= first)
        pairs: np.ndarray = (near & late[:, None, :]).astype(np.float64)
        return pairs

    return make


_IMMEDIATE = Mistake(PREFIX + "immediate_step_missing")


def _truncated(reach: int) -> Mistake:
    return Mistake(PREFIX + "truncated", {"steps": str(reach)})


PAIRS: tuple[Factor, ...] = (
    Factor("k <= n", _pairs(99)),
    Factor("k < n", _pairs(99, own=False), (_IMMEDIATE,)),
    *(Factor(f"n - {h} <= k", _pairs(h), (_truncated(h),)) for h in (0, 1, 2, 3, 4, 5, 9, 10)),
    *(Factor(f"n - {h} <= k < n", _pairs(h, own=False), (_truncated(h), _IMMEDIATE)) for h in (1, 2, 3)),
    *(
        Factor(f"k >= SeqL - {h}", _pairs(99, window=h), (Mistake(PREFIX + "truncated", {"steps": str(h - 1)}, 1.1),))
        for h in (1, 2, 3)
    ),
    Factor("k >= 1", _pairs(99, first=1), (UNNAMED,)),
)


# ---------------------------------------------------------------------------- z: (r, k, j)
def _moved(source: Make, back: int, *, wrap: bool = False) -> Make:
    """What `source` was `back` steps earlier; before the first step 0 or, with `wrap`, from the end."""

    def make(batch: Batch, *, size: bool) -> np.ndarray:
        values = source(batch, size=size)
        step = np.arange(values.shape[1]) - back
        index = np.broadcast_to(step, (len(values), len(step)))
        if wrap:
            index = index % batch.steps[:, None]
        known = (index >= 0) & (index < batch.steps[:, None])
        taken = np.take_along_axis(values, np.where(known, index, 0)[:, :, None], axis=1)
        moved: np.ndarray = taken * known[:, :, None] * batch.valid
        return moved

    return make


def _inputs(batch: Batch, *, size: bool) -> np.ndarray:  # noqa: ARG001
    return batch.X


def _outputs(batch: Batch, *, size: bool) -> np.ndarray:
    return batch.states[2 if size else 1]


def _pre_activations(batch: Batch, *, size: bool) -> np.ndarray:
    if not size:
        return batch.states[0]
    weights = (np.abs(w)[:, None, None] for w in (batch.Wxs, batch.Wrec))
    sums: np.ndarray = sum(
        w * z for w, z in zip(weights, (batch.X, _moved(_outputs, 1)(batch, size=True)), strict=True)
    )
    return sums


def _from(first: int, source: Make) -> Make:
    """What `source` gives at steps from `first` on."""

    def late(batch: Batch, *, size: bool) -> np.ndarray:
        values: np.ndarray = source(batch, size=size) * (np.arange(batch.X.shape[1]) >= first)[:, None]
        return values

    return late


INPUTS: tuple[Factor, ...] = (
    Factor("x_k", _moved(_inputs, 0)),
    _wrong("x_k-1", _moved(_inputs, 1), "input_off_by_one", shown="x_{k-1}"),
    _wrong(
        "x_k-1, wrapped", _moved(_inputs, 1, wrap=True), "input_off_by_one", "wraparound", shown="x_{k-1}", cost=0.6
    ),
    _wrong("x_k+1", _moved(_inputs, -1), "input_off_by_one", shown="x_{k+1}", cost=1.1),
)
STATES: tuple[Factor, ...] = (
    Factor("y_k-1", _moved(_outputs, 1)),
    _wrong("y_k", _moved(_outputs, 0), "hidden_state_off_by_one", shown="y_k"),
    _wrong("y_k, k >= 1", _from(1, _outputs), "hidden_state_off_by_one", shown="y_k", cost=1.05),
    _wrong("y_k-1, wrapped", _moved(_outputs, 1, wrap=True), "wraparound"),
    _wrong("y_k-2", _moved(_outputs, 2), "hidden_state_off_by_one", shown="y_{k-2}", cost=1.1),
    _wrong("y_k-2, wrapped", _moved(_outputs, 2, wrap=True), "hidden_state_off_by_one", "wraparound", shown="y_{k-2}"),
    _wrong("y_k+1", _moved(_outputs, -1), "hidden_state_off_by_one", shown="y_{k+1}", cost=1.2),
    Factor("s_k-1", _moved(_pre_activations, 1), (UNNAMED,)),
    Factor("y_k-1, k >= 2", _from(2, _moved(_outputs, 1)), (UNNAMED,)),
)


# ---------------------------------------------------------------------------- means: (r,)
_TIME, _BATCH = (PREFIX + name for name in ("mean_over_time", "mean_over_sequences"))


def _mean(count: Callable[[Batch], np.ndarray]) -> Make:
    """Divided by `count`."""

    def make(batch: Batch, *, size: bool) -> np.ndarray:  # noqa: ARG001
        mean: np.ndarray = 1.0 / count(batch)
        return mean

    return make


_BY_BOTH = (Mistake(PREFIX + "mean_over_sequences", cost=0.75), Mistake(PREFIX + "mean_over_time", cost=0.75))
MEANS: tuple[Factor, ...] = (
    Factor("sum", _mean(lambda batch: np.ones(len(batch.steps)))),
    _wrong("/ NbSeq", _mean(lambda batch: batch.sequences), "mean_over_sequences"),
    _wrong("/ SeqL", _mean(lambda batch: batch.steps), "mean_over_time"),
    Factor("/ NbSeq SeqL", _mean(lambda batch: batch.steps * batch.sequences), _BY_BOTH),
    _wrong("/ SeqL^2", _mean(lambda batch: batch.steps**2), "mean_over_time", cost=1.2),
    _wrong("/ NbSeq^2", _mean(lambda batch: batch.sequences**2), "mean_over_sequences", cost=1.2),
)


# ---------------------------------------------------------------------------- choosing on every axis
class Recurrence(NamedTuple):
    """One choice on each axis, by position; `z` in INPUTS or STATES."""

    mask: int
    z: int
    error: int
    power: int
    pairs: int
    mean: int = 0

    def factors(self, zs: tuple[Factor, ...]) -> tuple[Factor, ...]:
        """The factors chosen, z among `zs`."""
        return (
            ERRORS[self.error], POWERS[self.power], MASKS[self.mask], PAIRS[self.pairs], zs[self.z], MEANS[self.mean],
        )  # fmt: skip


def mistakes_of(chosen: Recurrence, zs: tuple[Factor, ...]) -> tuple[Mistake, ...]:
    """The mistakes of a recurrence.

    Errors that already hold f'_n, summed, go with sensitivities of y_{n-1}: there masks k … n-1 are the right ones.
    """
    factors = chosen.factors(zs)
    split = "masked" in ERRORS[chosen.error].name and MASKS[chosen.mask].name == "k … n-1"
    return tuple(m for factor in factors if not (split and factor is MASKS[chosen.mask]) for m in factor.mistakes)
