"""Cases by hand that drawn ones leave out: long sequences, large batches, numbers that are not round, ends of training.

Drawn cases are small and of round numbers, which is kind to whoever reads them, and to mistakes that show nowhere
else: a sum cut off after ten steps, an array of a fixed size, weights that were rounded or went through a tensor of
half precision, a clipped gradient, a training that stops when it seems done. One case asks for several of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from grader.model import Arg

__all__ = ["ANCHORS", "RISING"]

_Args: TypeAlias = tuple[Arg, ...]


def _f(values: object) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


def _binary(seq_l: int, nb_seq: int) -> np.ndarray:
    """(SeqL, NbSeq): sequence j has a zero at every (j + 2)nd step."""
    k, j = np.ogrid[1 : seq_l + 1, 2 : nb_seq + 2]
    return _f(k % j > 0)


def _uneven_targets(seq_l: int, nb_seq: int) -> np.ndarray:
    """(SeqL, NbSeq): to 1.37 SeqL, no two alike, none a multiple of a power of two."""
    k, j = np.ogrid[1 : seq_l + 1, 0:nb_seq]
    return _f(1.3717 * k - 0.713 * j)


_POSITIVE, _NEGATIVE = (_f(0.9371462), _f(0.9713284)), (_f(0.9371462), _f(-0.8127459))
_ONE = _f([[1]])

RISING: _Args = (_ONE, _ONE, _f(0.25), _f(0.75), 2.5, 2)
"""Training whose loss rises, by a weight past 2, then below 0: plain descent goes on. Exact in float32, every step."""

# no longer than 14 steps where a state is asked for: a recursion that asks twice for the state before is right, too
ANCHORS: Mapping[tuple[str, str], tuple[_Args, ...]] = {
    ("count_targets", "long_sequences"): ((_f(np.ones((100, 1))),), (_binary(12, 9),)),
    ("forward", "long_sequences"): ((_binary(14, 1), *_POSITIVE), (_binary(14, 7), *_NEGATIVE)),
    ("bptt_gradients", "long_sequences"): (
        (_binary(14, 1), _uneven_targets(14, 1), *_POSITIVE),
        (_binary(14, 7), _uneven_targets(14, 7), *_NEGATIVE),
    ),
    ("bptt_gradients", "single_step"): ((_ONE, _f([[0.1234]]), *_POSITIVE),),
    ("train", "one_step"): (
        (_binary(12, 9), _uneven_targets(12, 9), *_POSITIVE, 2.0**-16, 1),
        (_f([[1], [0]]), _f([[3], [1]]), _f(2.625), _f(0.375), 2.0**-4, 1),
        (_ONE, _ONE, _f(0.9999), _f(0.75), 0.5, 2),  # all but done: whoever stops here is early
        RISING,
    ),
    ("train", "trajectory"): ((_ONE, _f([[2]]), _f(0.5), _f(0.75), 2.0**-7, 102),),
    ("predict_counts", "rounding"): (
        (_ONE, _f(3.46), _f(1.0)),
        (_ONE, _f(3.5225), _f(1.0)),
        (_f([[1], [1], [1]]), _f(33.3), _f(1.0)),
    ),
}
"""By check and property; they follow the cases that a recipe picks."""
