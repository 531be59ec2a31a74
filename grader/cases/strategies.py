"""Hypothesis strategies for the exercise: binary sequences, weights, targets, elementwise inputs.

Exported for others to use: each draws what `grader.model.Arg` allows (float32 arrays, the
weights as 0-d arrays), of the domain that the contract asks about and no wider.

Everything is drawn as small integers and scaled. Weights are k/8 and targets k/4, so short
recurrences are exact in float32. (Hypothesis mines local modules for constants beyond
±100 when it draws floats or large integers: a bank would then depend on who imports it.)

Arrays are time-major, `(SeqL, NbSeq)`.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from hypothesis import strategies as st

__all__ = ["elementwise", "kinked_weights", "learning_rates", "sequences", "smooth_weights", "targets", "weights"]

_EXTREMES = (1e30, -1e30, 2.0**-126, -(2.0**-126), 1e-30, -1e-30, 1e20, -1e20, 2.0**-100, 0.0)


def _float32(values: object) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


def _scaled(shape: tuple[int, ...], low: int, high: int, unit: float) -> st.SearchStrategy[np.ndarray]:
    """Float32 array of `shape` with entries k * `unit`, low ≤ k ≤ high."""
    size = int(np.prod(shape))
    entries = st.lists(st.integers(low, high), min_size=size, max_size=size)
    return entries.map(lambda ks: (_float32(ks) * np.float32(unit)).reshape(shape))


@st.composite
def sequences(
    draw: st.DrawFn, steps: tuple[int, int] = (1, 8), batch: tuple[int, int] = (1, 4), *, leading_zeros: int = 0
) -> np.ndarray:
    """Binary sequences X: float32 `(SeqL, NbSeq)` of zeros and ones, `leading_zeros` of the steps in front all 0.

    `steps` and `batch` bound SeqL (leading zeros included) and NbSeq, both ends inclusive.
    """
    seq_l, nb_seq = draw(st.integers(*steps)), draw(st.integers(*batch))
    X = draw(_scaled((seq_l, nb_seq), 0, 1, 1.0))
    X[:leading_zeros] = 0
    return X


def targets(shape: tuple[int, ...], *, low: int = -8, high: int = 24) -> st.SearchStrategy[np.ndarray]:
    """Arbitrary targets T of `shape`: float32, k/4 for low ≤ k ≤ high, not only counts."""
    return _scaled(shape, low, high, 0.25)


def weights(low: int = -16, high: int = 16, *, without: Collection[int] = ()) -> st.SearchStrategy[np.ndarray]:
    """A scalar weight k/8 as a 0-d float32 array: low ≤ k ≤ high, k not in `without`."""
    return st.sampled_from([k for k in range(low, high + 1) if k not in without]).map(lambda k: _float32(k / 8))


def smooth_weights(low: int = -16, high: int = 16) -> st.SearchStrategy[np.ndarray]:
    """A recurrent weight k/8 with which no slope at a kink matters, given Wxs ≠ 0: neither 0 nor -1.

    Over all k/8 weights and all sequences to 12 steps, some s_k = 0 matters only at
    Wxs = 0 or Wrec in {0, -1}.
    """
    return weights(low, high, without=(0, -8))


def kinked_weights() -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """(Wxs, Wrec) with which some s_k is exactly 0 and its slope may matter; exact in float32."""
    return st.one_of(
        st.tuples(weights(1, 16), weights(-8, -8)),
        st.tuples(weights(1, 16), weights(0, 0)),
        st.tuples(weights(0, 0), weights(-12, 12)),
    )


def learning_rates(finest: int = 10, coarsest: int = 4) -> st.SearchStrategy[float]:
    """A learning rate 2^-k, coarsest ≤ k ≤ finest: exact in every float type."""
    return st.integers(coarsest, finest).map(lambda k: 2.0**-k)


@st.composite
def elementwise(
    draw: st.DrawFn, axes: tuple[int, int] = (0, 2), *, sign: int = 0, extremes: bool = False
) -> np.ndarray:
    """S for the elementwise functions: float32 of 0 to 2 axes, none empty.

    `sign` 1 or -1 keeps every entry above or below 0; with 0 the entries have both signs and
    zeros. `extremes` draws tiny and huge entries, |S| ≤ 1e30, no subnormals.
    """
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=axes[0], max_size=axes[1])))
    if extremes:
        size = int(np.prod(shape))
        picked = draw(st.lists(st.sampled_from(_EXTREMES), min_size=size, max_size=size))
        return _float32(picked).reshape(shape)
    low, high = (1, 40) if sign else (-40, 40)
    return draw(_scaled(shape, low, high, 0.125 * (sign or 1)))
