"""Grade the counting-ones recurrent-network exercise.

In a notebook: `from grader import check`, then `check(forward)` or `check.all()`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.student import check

__all__ = ["__version__", "check"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import `check` when it is asked for: it needs NumPy, which help and version do not."""
    if name == "check":
        from grader.student import check  # noqa: PLC0415 - late

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
