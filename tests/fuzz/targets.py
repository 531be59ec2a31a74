"""What is fuzzed: everything that reads bytes nobody has checked, on the trusted side and in the child's splitter.

A target makes an input from a seeded generator and reads it as the grader does. Only the exceptions that its reader's
documentation names are caught; anything else comes out, AssertionError where another promise is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from course_inputs import make_bank, make_rubric, read_bank, read_rubric
from text_inputs import make_cell, make_file, read_cell, read_file
from wire_inputs import make_frame, make_stream, read_frame, read_stream

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True)
class Target:
    """`make` draws an input, `read` reads it and says how that ended; `share` of all inputs go to it."""

    name: str
    share: float
    make: Callable[[Random], bytes]
    read: Callable[[bytes], str]


TARGETS = (
    Target("frames", 0.50, make_frame, read_frame),
    Target("line", 0.10, make_stream, read_stream),
    Target("load", 0.30, make_file, read_file),
    Target("split", 0.05, make_cell, read_cell),
    Target("bank", 0.01, make_bank, read_bank),
    Target("rubric", 0.04, make_rubric, read_rubric),
)
