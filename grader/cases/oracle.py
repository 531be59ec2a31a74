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
from grader.contract import ContractError, as_array
from grader.model import Arg, Value
from reference import exact

__all__ = ["answer", "expected", "in_domain", "trace", "trained"]

_SAFETY = 2.0
_HALF_MARGIN = 0.02
_UNIT_ROUNDOFF = 2.0**-24
_COUNT_SLACK = 2.0**-12
"""Counts are whole numbers: what lies this near to one was rounded (a Fourier transform, say), not miscounted."""


def expected(check: str, args: tuple[Arg, ...], *, intervals: bool = False) -> tuple[Part, ...]:
    """What is right for `check` asked with `args`, part by part as the contract lists them.

    `intervals`: of a gradient at a kink, the whole interval of subgradients. Raises KeyError if
    there is no such check.
    """
    if check == "bptt_gradients":
        return _gradients(*args, intervals=intervals)
    return _PARTS[check](*args)


def trace(check: str, args: tuple[Any, ...]) -> dict[str, Any] | None:
    """What a right solution computes on the way, by name, each `(SeqL, NbSeq)`; None where there is nothing.

    S and Y of a forward pass; for gradients also error = Y - T, delta = dL/dS, and what each step adds to dWxs
    (delta_k x_k) and dWrec (delta_k y_{k-1}); for training all that of its first update, and `updates`: Wxs, Wrec and
    L before each update and after the last, each `(n_iter + 1, 1)`.
    """
    if check in {"forward", "predict_counts"}:
        S, Y = exact.forward(*_exactly(*args))
        return {"S": _rounded(S).tolist(), "Y": _rounded(Y).tolist()}
    if check not in {"bptt_gradients", "train"}:
        return None
    X, T, Wxs, Wrec = _exactly(*args[:4])
    S, Y = exact.forward(X, Wxs, Wrec)
    error = [[y - t for y, t in zip(ys, ts, strict=True)] for ys, ts in zip(Y, T, strict=True)]
    delta = [[Fraction(0)] * len(S[0]) for _ in [*S, None]]  # one step beyond the last: nothing comes back
    for k in reversed(range(len(S))):
        for j, s in enumerate(S[k]):
            delta[k][j] = (error[k][j] + Wrec * delta[k + 1][j]) * int(s > 0)
    before = [[Fraction(0)] * len(S[0]), *Y[:-1]]
    table = {"S": S, "Y": Y, "error": error, "delta": delta[:-1]}
    table |= {"dWxs": _products(delta[:-1], X), "dWrec": _products(delta[:-1], before)}
    rounded = {name: _rounded(matrix).tolist() for name, matrix in table.items()}
    return rounded if check == "bptt_gradients" else {**rounded, "updates": _updates(*args)}


def _updates(X: Any, T: Any, Wxs: Any, Wrec: Any, l_r: Any, n_iter: Any) -> dict[str, list[list[float]]]:
    X, T, Wxs, Wrec, l_r = (_floats(arg) for arg in (X, T, Wxs, Wrec, l_r))
    runs = [exact.train(X, T, Wxs, Wrec, l_r, n) for n in range(n_iter + 1)]
    _, _, losses = exact.train(X, T, Wxs, Wrec, l_r, n_iter + 1)
    return {"Wxs": [[run[0]] for run in runs], "Wrec": [[run[1]] for run in runs], "L": [[loss] for loss in losses]}


def trained(
    X: np.ndarray, T: np.ndarray, Wxs: float, Wrec: float, l_r: float, n_iter: int
) -> tuple[float, float, list[float]]:
    """(Wxs, Wrec, losses) of a right training in float64, of X and T (SeqL, NbSeq)."""
    Wxs, Wrec, losses = exact.train(X.tolist(), T.tolist(), Wxs, Wrec, l_r, n_iter)
    return float(Wxs), float(Wrec), [float(loss) for loss in losses]


def _products(a: Any, b: Any) -> list[list[Any]]:
    return [[p * q for p, q in zip(row, other, strict=True)] for row, other in zip(a, b, strict=True)]


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
    return (_part(exact.count_targets(*_exactly(X)), _COUNT_SLACK),)


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


# ---------------------------------------------------------------------------- help
_HELP_LIMIT = 10_000


def answer(function: str, args: tuple[Value, ...]) -> Value:
    """Right answer of a lower function, in float64, for whatever arguments a submission calls it with.

    None where they are no question of the contract's: other shapes, NaN or infinities, too large.
    """
    try:
        arrays = [as_array(arg) for arg in args]
    except ContractError:
        return None
    sound = all(a.size <= _HELP_LIMIT and np.isfinite(a).all() for a in arrays)
    return _answer(function, arrays) if sound else None


def _answer(function: str, arrays: list[np.ndarray]) -> Value:
    match function, arrays:
        case "relu", [S]:
            return np.where(S > 0, S, 0.0)
        case "relu_derivative", [S]:
            return (S > 0).astype(np.float64)
        case "forward", [X, Wxs, Wrec] if _sequences(X) and Wxs.size == Wrec.size == 1:
            return _arrays(exact.forward(X.tolist(), Wxs.item(), Wrec.item()))
        case "bptt_gradients", [X, T, Wxs, Wrec] if _sequences(X, T) and Wxs.size == Wrec.size == 1:
            return _arrays(exact.bptt_gradients(X.tolist(), T.tolist(), Wxs.item(), Wrec.item()))
        case _:
            return None


def _sequences(X: np.ndarray, T: np.ndarray | None = None) -> bool:
    return X.ndim == 2 and X.size > 0 and (T is None or T.shape == X.shape)


def _arrays(parts: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.asarray(part, dtype=np.float64) for part in parts)
    return first, second
