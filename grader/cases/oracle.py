"""From a question's arguments to what is right: the one place that knows the solution.

Values are computed in `Fraction` and rounded once, to float64; training, whose Fractions grow
without end, runs in float64. Tolerances are `reference.exact`'s bounds on float32's error,
doubled: they are derived to first order, and what comes back may have been rounded to float32 once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from grader.cases.bank import Part
from grader.model import Arg
from reference import exact

__all__ = ["expected", "in_domain", "trace"]

_SAFETY = 2.0
_HALF_MARGIN = 0.02
_UNIT_ROUNDOFF = 2.0**-24


def expected(check: str, args: tuple[Arg, ...], *, intervals: bool = False) -> tuple[Part, ...]:
    """What is right for `check` asked with `args`, part by part as the contract lists them.

    `intervals`: of a gradient at a kink, the whole interval of subgradients. Raises KeyError if
    there is no such check.
    """
    if check == "bptt_gradients":
        return _gradients(*args, intervals=intervals)
    return _PARTS[check](*args)


def trace(check: str, args: tuple[Any, ...]) -> dict[str, list[list[float]]] | None:
    """What a right solution computes on the way, by name, each `(SeqL, NbSeq)`; None where there is nothing.

    S and Y of a forward pass; for gradients also delta = dL/dS, and for training that of its first update.
    """
    if check in {"forward", "predict_counts"}:
        S, Y = exact.forward(*_exactly(*args))
        return {"S": _rounded(S).tolist(), "Y": _rounded(Y).tolist()}
    if check not in {"bptt_gradients", "train"}:
        return None
    X, T, Wxs, Wrec = _exactly(*args[:4])
    S, Y = exact.forward(X, Wxs, Wrec)
    delta = [[Fraction(0)] * len(S[0]) for _ in [*S, None]]  # one step beyond the last: nothing comes back
    for k in reversed(range(len(S))):
        for j, s in enumerate(S[k]):
            delta[k][j] = (Y[k][j] - T[k][j] + Wrec * delta[k + 1][j]) * int(s > 0)
    return {"S": _rounded(S).tolist(), "Y": _rounded(Y).tolist(), "delta": _rounded(delta[:-1]).tolist()}


def in_domain(check: str, args: tuple[Any, ...]) -> bool:
    """Whether correct submissions must agree on the answer.

    No mask that float32 could flip; training that never leaves the valley it starts in; outputs
    to be rounded at least 0.02 from a half.
    """
    match check:
        case "forward":
            return exact.mask_is_robust(*_exactly(*args))
        case "bptt_gradients":
            X, _, Wxs, Wrec = _exactly(*args)
            return exact.mask_is_robust(X, Wxs, Wrec)
        case "train":
            X, T, Wxs, Wrec = (_floats(arg) for arg in args[:4])
            return exact.is_stable(X, T, Wxs, Wrec, args[4], args[5])
        case "predict_counts":
            return _far_from_halves(*_exactly(*args))
        case _:
            return True


def _far_from_halves(X: Any, Wxs: Any, Wrec: Any) -> bool:
    _, Y = exact.forward(X, Wxs, Wrec)
    _, bound = exact.forward_bound(X, Wxs, Wrec)
    margins = [
        abs(y % 1 - Fraction(1, 2)) - b for ys, bs in zip(Y, bound, strict=True) for y, b in zip(ys, bs, strict=True)
    ]
    return float(min(margins)) >= _HALF_MARGIN and bool(exact.mask_is_robust(X, Wxs, Wrec))


# ---------------------------------------------------------------------------- numbers
def _exactly(*args: Any) -> list[Any]:
    """Arrays as lists of lists of Fractions, 0-d arrays as Fractions."""
    return [_mapped(np.asarray(arg), Fraction) for arg in args]


def _floats(arg: Any) -> Any:
    return np.asarray(arg, dtype=np.float64).tolist()


def _mapped(array: np.ndarray, number: type) -> Any:
    if array.ndim == 0:
        return number(float(array))
    return [_mapped(row, number) for row in array]


def _rounded(values: Any) -> np.ndarray:
    """Float64 array, each entry the nearest to its exact value."""
    if isinstance(values, list):
        return np.array([_rounded(value) for value in values], dtype=np.float64)
    return np.array(float(values))


def _part(values: Any, bound: Any) -> Part:
    low = _rounded(values)
    tolerance = np.broadcast_to(_SAFETY * np.asarray(bound, dtype=np.float64), low.shape)
    return Part(low, low, tolerance)


# ---------------------------------------------------------------------------- checks
def _relu(S: Any) -> tuple[Part, ...]:
    right = np.where(S > 0, S, 0).astype(np.float64)
    return (_part(right.tolist(), _UNIT_ROUNDOFF * right),)  # (S + |S|) / 2 is right too


def _relu_derivative(S: Any) -> tuple[Part, ...]:
    return (_part((S > 0).astype(np.float64).tolist(), 0.0),)


def _count_targets(X: Any) -> tuple[Part, ...]:
    return (_part(exact.count_targets(*_exactly(X)), 0.0),)  # small integers: float32 sums them exactly


def _forward(X: Any, Wxs: Any, Wrec: Any) -> tuple[Part, ...]:
    x, w, r = _exactly(X, Wxs, Wrec)
    S, Y = exact.forward(x, w, r)
    bound_S, bound_Y = exact.forward_bound(x, w, r)
    return _part(S, bound_S), _part(Y, bound_Y)


def _gradients(X: Any, T: Any, Wxs: Any, Wrec: Any, *, intervals: bool) -> tuple[Part, ...]:
    args = _exactly(X, T, Wxs, Wrec)
    bounds = exact.gradient_bound(*args)
    if not intervals:
        gradients = exact.bptt_gradients(*args)
        return tuple(_part(g, bound) for g, bound in zip(gradients, bounds, strict=True))
    ends = exact.gradient_intervals(*args)
    return tuple(
        Part(_rounded(low), _rounded(high), np.array(_SAFETY * bound))
        for (low, high), bound in zip(ends, bounds, strict=True)
    )


def _train(X: Any, T: Any, Wxs: Any, Wrec: Any, l_r: Any, n_iter: Any) -> tuple[Part, ...]:
    args = (*(_floats(arg) for arg in (X, T, Wxs, Wrec)), l_r, n_iter)
    return tuple(_part(v, b) for v, b in zip(exact.train(*args), exact.train_bound(*args), strict=True))


def _predict_counts(X: Any, Wxs: Any, Wrec: Any) -> tuple[Part, ...]:
    return (_part(exact.predict_counts(*_exactly(X, Wxs, Wrec)), 0.0),)


_PARTS: Mapping[str, Callable[..., tuple[Part, ...]]] = {
    "relu": _relu,
    "relu_derivative": _relu_derivative,
    "count_targets": _count_targets,
    "forward": _forward,
    "train": _train,
    "predict_counts": _predict_counts,
}
