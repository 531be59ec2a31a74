"""Near names for a misspelt one: "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "near_function"]


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Write a clause to append to a message, empty where no name is near (case is ignored).

    >>> did_you_mean("foward", ["relu", "forward"])
    '; did you mean forward?'
    >>> did_you_mean("xyz", ["relu", "forward"])
    ''
    """
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""


def near_function(wanted: str, names: Iterable[str]) -> str | None:
    """Pick the name in `names` that most likely stands for the function `wanted`; None where none is near.

    Names are compared without case and word by word, since students add words and abbreviate them.

    >>> near_function("forward", ["helper", "forward_pass"])
    'forward_pass'
    >>> near_function("relu_derivative", ["reLU", "deriv_reLU"])
    'deriv_reLU'
    >>> near_function("train", ["plot_loss"]) is None
    True
    """
    scored = [(_nearness(wanted, name), name) for name in names]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= _NEAR else None


_NEAR = 0.5


def _nearness(wanted: str, name: str) -> float:
    """How well the words of one name are found in the other: 1 for the same name, 0 for nothing in common."""
    ours, theirs = (_words(text) for text in (wanted, name))
    if not theirs:
        return 0.0
    found = [max(_likeness(word, other) for other in theirs) for word in ours]
    back = [max(_likeness(word, other) for other in ours) for word in theirs]
    return (sum(found) / len(found) * 2 + sum(back) / len(back)) / 3


def _words(name: str) -> list[str]:
    return [word for word in name.lower().split("_") if word]


def _likeness(word: str, other: str) -> float:
    if min(len(word), len(other)) >= _ABBREVIATION and (word.startswith(other) or other.startswith(word)):
        return 1.0
    likeness = difflib.SequenceMatcher(None, word, other).ratio()
    return likeness if likeness >= _LIKE else 0.0


_ABBREVIATION = 3
_LIKE = 0.7
