"""A failing case is made smaller piece by piece, for as long as it goes on failing.

For mistakes that no plain small case shows: those of long sequences, of many sequences, or of numbers that are not
round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np

from grader.model import Arg

__all__ = ["cut"]

Fails: TypeAlias = Callable[[tuple[Arg, ...]], bool]
_PLAIN = (1.0, 0.5)


def cut(fails: Fails, check: str, args: tuple[Arg, ...]) -> tuple[Arg, ...]:
    """The smallest that `args`, with which `check` failed, can be cut down to, one kind of thing after another."""
    if check in {"relu", "relu_derivative"}:
        return _first(fails, ((np.asarray(entry),) for entry in np.unique(args[0]))) or args
    args = _fewer_steps(fails, _fewer_sequences(fails, args))
    if check == "train" and args[5] != 0:
        args = (*args[:5], _fewest(int(args[5]), lambda n: fails((*args[:5], n))))
    return _plainer_numbers(fails, args)


def _first(fails: Fails, every: Iterator[tuple[Arg, ...]]) -> tuple[Arg, ...] | None:
    return next((args for args in every if fails(args)), None)


def _fewest(high: int, fails_with: Callable[[int], bool]) -> int:
    """The least number from 1 that fails, if all above it do up to `high`, which does."""
    low = 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fails_with(middle) else (middle + 1, high)
    return high


def _of_each(args: tuple[Arg, ...], part: Callable[[np.ndarray], np.ndarray]) -> tuple[Arg, ...]:
    """`part` of X, and of T."""
    return tuple(part(arg) if isinstance(arg, np.ndarray) and arg.ndim == 2 else arg for arg in args)


def _sequence(j: int, matrix: np.ndarray) -> np.ndarray:
    return matrix[:, j : j + 1]


def _fewer_sequences(fails: Fails, args: tuple[Arg, ...]) -> tuple[Arg, ...]:
    width = np.shape(args[0])[1]
    each = (_of_each(args, partial(_sequence, j)) for j in range(width if width > 1 else 0))
    alone = _first(fails, each)
    if alone is not None:
        return alone
    fewest = _fewest(width, lambda n: fails(_of_each(args, lambda a: a[:, :n])))
    return _of_each(args, lambda a: a[:, :fewest])


def _fewer_steps(fails: Fails, args: tuple[Arg, ...]) -> tuple[Arg, ...]:
    fewest = _fewest(np.shape(args[0])[0], lambda n: fails(_of_each(args, lambda a: a[:n])))
    return _of_each(args, lambda a: a[:fewest])


def _plainer_numbers(fails: Fails, args: tuple[Arg, ...]) -> tuple[Arg, ...]:
    for at, arg in enumerate(args):
        if not isinstance(arg, np.ndarray) or at == 0:
            continue
        plainer = (np.full_like(arg, plain) for plain in (_PLAIN if arg.ndim == 0 else (0.0, *_PLAIN)))
        args = _first(fails, ((*args[:at], each, *args[at + 1 :]) for each in plainer)) or args
    return args
