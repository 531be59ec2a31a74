"""Which cases each property is asked with: a few picked by hand, small ones first, then drawn.

The numbers follow measurements: gradients asked with Wxs > 0, Wrec of both signs without
{0, -1}, 5 to 8 steps, 2 to 4 sequences and arbitrary targets, plus single steps, single
sequences and dead units, tell all known single mistakes apart. Positive weights alone cannot
see a missing mask; at Wxs = Wrec = 1 with counts as targets nothing can be seen at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from grader.cases.oracle import expected, in_domain
from grader.cases.strategies import (
    elementwise,
    kinked_weights,
    learning_rates,
    sequences,
    smooth_weights,
    targets,
    weights,
)
from grader.model import Arg

__all__ = ["RECIPES", "REPEATED", "Args", "Recipe"]

Args: TypeAlias = tuple[Arg, ...]


@dataclass(frozen=True, eq=False)
class Recipe:
    """How one property gets its cases.

    `count` of `drawn` follow those `picked`. `expand` makes several cases of each drawn one.
    `checked` says which parts of the answer count (all, when empty). `kinks`: masks are allowed to be
    in doubt, and of gradients whole intervals are right. `telling`: no answer drawn is all zeros,
    both gradients where there are some, and training moves both weights.
    """

    picked: tuple[Args, ...]
    drawn: st.SearchStrategy[Args]
    count: int
    expand: Callable[[Args], tuple[Args, ...]] | None = None
    checked: tuple[bool, ...] = ()
    kinks: bool = False
    telling: bool = True


def _f(values: object) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


def _column(*entries: float) -> np.ndarray:
    """One sequence, (SeqL, 1)."""
    return _f(entries).reshape(-1, 1)


def _with_targets(X: np.ndarray, *rest: st.SearchStrategy[np.ndarray]) -> st.SearchStrategy[Args]:
    return st.tuples(st.just(X), targets(X.shape), *rest)


def _each_sequence(args: Args) -> tuple[Args, ...]:
    """The batch, then each of its sequences alone: X (and T) cut to (SeqL, 1)."""
    X = args[0]
    assert isinstance(X, np.ndarray)
    columns = range(X.shape[1])
    cut = tuple(
        tuple(a[:, j : j + 1] if isinstance(a, np.ndarray) and a.ndim == 2 else a for a in args) for j in columns
    )
    return (args, *cut)


def _and_shuffled(args: Args) -> tuple[Args, ...]:
    """The batch, then its sequences in reverse order."""
    X, *rest = args
    assert isinstance(X, np.ndarray)
    return (args, (np.ascontiguousarray(X[:, ::-1]), *rest))


# ---------------------------------------------------------------------------- elementwise
def _elementwise() -> dict[str, Recipe]:
    one = st.tuples
    return {
        "above_zero": Recipe(((_f(2.0),), (_f([0.5, 3.0]),)), one(elementwise(sign=1)), 5),
        "below_zero": Recipe(((_f(-2.0),), (_f([-0.5, -3.0]),)), one(elementwise(sign=-1)), 5, telling=False),
        "at_zero": Recipe(
            ((_f(0.0),), (_f(-0.0),), (_f([0.0, -0.0, 1.0]),)),
            one(elementwise((1, 2)).map(lambda S: S * 0)),
            2,
            telling=False,
        ),
        "shapes": Recipe(
            ((_f(1.5),), (_f([1.0, -1.0]),), (_f([[1.0, -1.0], [-0.5, 0.25]]),), (_f([[-1.0], [2.0], [3.0]]),)),
            one(elementwise()),
            6,
            telling=False,
        ),
        "extremes": Recipe(
            ((_f(1e30),), (_f(-1e30),), (_f(2.0**-126),), (_f(-(2.0**-126)),)),
            one(elementwise(extremes=True)),
            4,
            telling=False,
        ),
    }


# ---------------------------------------------------------------------------- sequences
def _count_targets() -> dict[str, Recipe]:
    one = st.tuples
    return {
        "running_count": Recipe(((_column(1, 1),), (_column(1, 0, 1),)), one(sequences((2, 8), (2, 4))), 8),
        "single_step": Recipe(((_f([[1.0]]),), (_f([[0.0]]),)), one(sequences((1, 1), (1, 5))), 4, telling=False),
        "single_sequence": Recipe(((_column(1, 1),),), one(sequences((2, 10), (1, 1))), 6),
        "long_sequences": Recipe((), one(sequences((16, 30), (1, 4))), 6),
    }


def _forward() -> dict[str, Recipe]:
    positive, signed = weights(1, 16), smooth_weights()
    shape = ((3, 8), (2, 4))
    return {
        "positive_weights": Recipe(
            ((_column(1, 1), _f(1.0), _f(0.5)), (_column(1, 0), _f(0.5), _f(2.0))),
            st.tuples(sequences(*shape), positive, positive),
            7,
        ),
        "negative_weights": Recipe(
            (
                (_column(1, 1), _f(1.0), _f(-0.5)),
                (_column(1, 0), _f(1.0), _f(-2.0)),
                (_column(1, 1), _f(-1.0), _f(0.5)),
            ),
            st.one_of(
                st.tuples(sequences(*shape), positive, smooth_weights(-16, -1)),
                st.tuples(sequences(*shape), positive, smooth_weights(-16, -1)),
                st.tuples(sequences(*shape), weights(-16, -1), signed),
            ),
            8,
        ),
        "zero_weights": Recipe(
            ((_column(1, 1), _f(1.0), _f(0.0)), (_column(1, 1), _f(0.0), _f(1.0)), (_column(1, 1), _f(0.0), _f(0.0))),
            st.one_of(
                st.tuples(sequences(*shape), weights(), weights(0, 0)),
                st.tuples(sequences(*shape), weights(0, 0), weights()),
            ),
            4,
            kinks=True,
            telling=False,
        ),
        "single_step": Recipe(
            ((_f([[1.0]]), _f(1.0), _f(1.0)), (_f([[1.0, 0.0]]), _f(0.5), _f(2.0))),
            st.tuples(sequences((1, 1), (1, 5)), signed, signed),
            4,
            telling=False,
        ),
        "single_sequence": Recipe(
            ((_column(1, 1), _f(0.5), _f(2.0)),), st.tuples(sequences((2, 8), (1, 1)), positive, signed), 6
        ),
        "long_sequences": Recipe((), st.tuples(sequences((9, 12), (1, 4)), positive, smooth_weights(-12, 12)), 6),
        "leading_zeros": Recipe(
            ((_column(0, 1), _f(0.5), _f(2.0)), (_column(0, 0, 1, 1), _f(1.0), _f(0.5))),
            st.tuples(sequences((4, 8), (1, 3), leading_zeros=2), positive, signed),
            4,
        ),
        "independent_sequences": Recipe(
            ((_f([[1, 0], [1, 1]]), _f(1.0), _f(0.5)),),
            st.tuples(sequences((2, 5), (2, 4)), positive, signed),
            4,
            expand=_and_shuffled,
        ),
        "all_zero_inputs": Recipe(
            ((_column(0), _f(1.0), _f(1.0)),),
            st.tuples(sequences((2, 8), (1, 4), leading_zeros=8), signed, signed),
            3,
            telling=False,
        ),
    }


# ---------------------------------------------------------------------------- gradients
def _gradients() -> dict[str, Recipe]:
    positive, negative, signed = weights(1, 16), smooth_weights(-16, -1), smooth_weights()

    def asked(
        steps: tuple[int, int], batch: tuple[int, int], *rest: st.SearchStrategy[np.ndarray]
    ) -> st.SearchStrategy[Args]:
        return sequences(steps, batch).flatmap(lambda X: _with_targets(X, *rest))

    dead = st.one_of(
        asked((2, 6), (1, 3), weights(-16, -1), signed),
        sequences((2, 6), (1, 3), leading_zeros=6).flatmap(lambda X: _with_targets(X, positive, signed)),
    )
    kinked = st.tuples(sequences((2, 5), (1, 2)), kinked_weights()).flatmap(
        lambda xw: st.tuples(st.just(xw[0]), targets(xw[0].shape), st.just(xw[1][0]), st.just(xw[1][1]))
    )
    return {
        "single_step": Recipe(
            ((_column(1), _column(0.5), _f(1.0), _f(1.0)), (_column(1), _column(2), _f(0.5), _f(1.0))),
            asked((1, 1), (1, 5), positive, signed),
            6,
            telling=False,
        ),
        "positive_weights": Recipe(
            ((_column(1, 1), _column(0, 0), _f(1.0), _f(0.5)), (_column(1, 1, 1), _column(0, 0, 1), _f(0.5), _f(2.0))),
            asked((5, 8), (2, 4), positive, positive),
            10,
        ),
        "negative_weights": Recipe(
            (
                (_column(1, 1), _column(0, 0), _f(1.0), _f(-0.5)),
                (_column(1, 0), _column(0.5, 0.5), _f(1.0), _f(-0.5)),
                (_column(1, 1, 1), _column(0, 1, 0), _f(1.0), _f(-2.0)),
            ),
            asked((5, 8), (2, 4), positive, negative),
            12,
        ),
        "single_sequence": Recipe(
            ((_column(1, 1), _column(1, 1), _f(0.5), _f(2.0)),), asked((2, 8), (1, 1), positive, signed), 8
        ),
        "long_sequences": Recipe((), asked((9, 12), (1, 3), positive, smooth_weights(-12, 12)), 7),
        "additive": Recipe(
            ((_f([[1, 0], [1, 1]]), _f([[0, 0], [0, 2]]), _f(1.0), _f(0.5)),),
            asked((2, 5), (2, 3), positive, signed),
            3,
            expand=_each_sequence,
        ),
        "dead_units": Recipe(
            ((_column(1), _column(1), _f(-1.0), _f(0.5)), (_column(0, 0), _column(1, 2), _f(1.0), _f(0.5))),
            dead,
            5,
            telling=False,
        ),
        "kinks": Recipe(
            (
                (_column(1), _column(1), _f(0.0), _f(1.0)),
                (_column(1, 0), _column(0, 1), _f(1.0), _f(0.0)),
                (_column(1, 1), _column(0, 1), _f(1.0), _f(-1.0)),
            ),
            kinked,
            7,
            kinks=True,
            telling=False,
        ),
    }


# ---------------------------------------------------------------------------- training
def _start() -> st.SearchStrategy[np.ndarray]:
    return weights(3, 12)


def _signed_start() -> st.SearchStrategy[np.ndarray]:
    """A recurrent weight that now and then turns units off: only there do S and Y, and a missing mask, differ."""
    return st.one_of(_start(), smooth_weights(-12, -2))


def _training(
    steps: tuple[int, int],
    iterations: tuple[int, int],
    rates: tuple[int, int],
    recurrent: st.SearchStrategy[np.ndarray] | None = None,
) -> st.SearchStrategy[Args]:
    """Arbitrary targets around the counts, so that no start is already right; Wrec from `recurrent`, if given."""
    start = _start() if recurrent is None else recurrent
    return sequences(steps, (1, 4)).flatmap(
        lambda X: st.tuples(
            st.just(X),
            targets(X.shape, low=0, high=12),
            _start(),
            start,
            learning_rates(rates[1], rates[0]),
            st.integers(*iterations),
        )
    )


@st.composite
def _taught(draw: st.DrawFn) -> Args:
    """Targets that a teacher with weights other than (1, 1) made; the largest stable rate, 24 to 28 updates."""
    X = draw(sequences((3, 4), (2, 4)))
    X[0] = 1  # every sequence tells something of both weights
    teacher = draw(st.sampled_from([(0.75, 1.25), (1.25, 0.5), (0.5, 0.75), (1.5, 0.5), (0.625, 1.125)]))
    T = np.zeros_like(X)
    y = np.zeros_like(X[0])
    for k, x in enumerate(X):
        y = np.float32(teacher[0]) * x + np.float32(teacher[1]) * y
        T[k] = y
    start, n_iter = (draw(_start()), draw(_start())), draw(st.integers(24, 28))
    tries = ((X, T, *start, 2.0**-k, n_iter) for k in range(2, 10))
    args = next((args for args in tries if in_domain("train", args)), None)
    assume(args is not None and _comes_near(args))
    assert args is not None
    return args


def _comes_near(args: tuple[Any, ...]) -> bool:
    """Whether training ends with less than a tenth of the loss that it starts with."""
    losses = expected("train", (*args[:5], args[5] + 1))[2].low
    return bool(losses[-1] < 0.1 * losses[0])


def _train() -> dict[str, Recipe]:
    weights_only, losses_only = (True, True, False), (False, False, True)
    small = (_column(1, 1), _column(1, 2), _f(0.5), _f(0.75))
    turned_off = (_column(1, 1, 0), _column(0.5, 1, 1), _f(1.0), _f(-0.5))  # the last unit: s = -1/4, y = 0
    return {
        "one_step": Recipe(
            ((_column(1), _column(1), _f(0.5), _f(0.5), 0.25, 1), (*small, 0.125, 1), (*turned_off, 0.125, 1)),
            _training((2, 6), (1, 1), (4, 8), _signed_start()),
            7,
            checked=weights_only,
        ),
        "trajectory": Recipe(((*small, 0.0625, 3),), _training((3, 5), (10, 12), (5, 9)), 2, checked=weights_only),
        "losses": Recipe(
            ((_column(1), _column(1), _f(0.5), _f(0.5), 0.25, 1), (*small, 0.0625, 3), (*turned_off, 0.125, 2)),
            _training((2, 5), (2, 8), (5, 9), _signed_start()),
            5,
            checked=losses_only,
        ),
        "recovers_teacher": Recipe(
            ((_column(1, 1), _column(0.75, 1.6875), _f(0.5), _f(0.5), 0.25, 24),), _taught(), 2, checked=weights_only
        ),
        "zero_iterations": Recipe(((*small, 0.125, 0),), _training((2, 4), (0, 0), (4, 8)), 2),
        "zero_learning_rate": Recipe(
            ((*small, 0.0, 2),), _training((2, 4), (1, 3), (4, 8)).map(lambda args: (*args[:4], 0.0, args[5])), 2
        ),
    }


# ---------------------------------------------------------------------------- counts
def _predict_counts() -> dict[str, Recipe]:
    trained = st.integers(-3, 3).map(lambda k: _f(1 + k / 1024))
    return {
        "after_training": Recipe(
            ((_column(1, 1, 1), _f(0.9982), _f(1.0)),), st.tuples(sequences((8, 12), (2, 4)), trained, trained), 6
        ),
        "rounding": Recipe(
            ((_column(1), _f(0.75), _f(1.0)), (_column(1), _f(1.25), _f(1.0)), (_column(1, 1), _f(0.875), _f(1.0))),
            st.tuples(sequences((2, 6), (1, 4)), weights(5, 15), weights(4, 11)),
            6,
        ),
        "other_weights": Recipe(
            ((_column(1, 1), _f(-1.0), _f(-2.0)), (_column(1, 1), _f(2.0), _f(-0.875))),
            st.tuples(sequences((2, 6), (1, 4)), weights(), smooth_weights()),
            6,
        ),
        "single_step": Recipe(
            ((_f([[1.0]]), _f(1.0), _f(1.0)),),
            st.tuples(sequences((1, 1), (1, 5)), weights(1, 16), weights()),
            4,
            telling=False,
        ),
    }


RECIPES: Mapping[str, Mapping[str, Recipe]] = {
    "relu": _elementwise(),
    "relu_derivative": _elementwise(),
    "count_targets": _count_targets(),
    "forward": _forward(),
    "bptt_gradients": _gradients(),
    "train": _train(),
    "predict_counts": _predict_counts(),
}

REPEATED: Mapping[str, tuple[str, ...]] = {
    "count_targets": ("running_count", "single_step", "single_sequence"),
    "forward": ("positive_weights", "negative_weights", "single_step", "single_sequence"),
    "bptt_gradients": ("single_step", "positive_weights", "negative_weights", "single_sequence"),
    "train": ("one_step", "losses"),
}
"""Of which properties the last case is asked again at the end of its check: `repeatable`."""
