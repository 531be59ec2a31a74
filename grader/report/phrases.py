"""The words of the text report, in one place and ready for translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from grader.model import CheckStatus

__all__ = ["HINTS", "MARKS", "NO_CASE_HINT", "OUTCOMES", "Mark"]


class Mark(NamedTuple):
    """How a status is shown: a symbol and a word (colour only repeats what they say)."""

    symbol: str
    word: str
    style: str


MARKS: Mapping[CheckStatus, Mark] = {
    "passed": Mark("✓", "PASS", "green"),
    "failed": Mark("✗", "FAIL", "red"),
    "error": Mark("!", "ERROR", "red"),
    "timeout": Mark("…", "TIME", "yellow"),
    "missing": Mark("○", "MISSING", "yellow"),
    "blocked": Mark("-", "BLOCKED", "magenta"),
}

HINTS: Mapping[CheckStatus, str] = {
    "passed": "",
    "failed": "take {name} first: trace its case above by hand, change it, and grade again.",
    "error": "take {name} first: call it yourself with the case above until it runs through, and grade again.",
    "timeout": "take {name} first: look for a loop that does not end, or do less in each step.",
    "missing": "write {name}, or name yours with --map {name}=YOURS if it is called otherwise.",
    "blocked": "take {name} first: it could not be judged for the reason above.",
}

NO_CASE_HINT = "take {name} first: check it line by line against the formula in the exercise, and grade again."

OUTCOMES = {
    "passed": "passed",
    "below": "below the pass mark",
    "unreadable": "unreadable",
    "ungraded": "not graded",
    "unconfined": "unconfined",
}
