"""Ctrl-C while a cohort is graded: the first asks to stop, the second insists."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["until_interrupted"]


@contextmanager
def until_interrupted() -> Iterator[Callable[[], bool]]:
    """Give what `grade_cohort` takes as `stop`: true once Ctrl-C was pressed; pressed again, KeyboardInterrupt.

    For the main thread; what was there before is restored.
    """
    pressed = False

    def note(_number: int, _frame: Any) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
