"""Near names for a misspelt one: "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]


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
