"""The words of the text report, in one place and ready for translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from grader.model import CheckStatus, CheckVerdict, Diagnosis

__all__ = ["HINTS", "MARKS", "NO_CASE_HINT", "OUTCOMES", "Mark", "causes_to_tell", "hint_of"]


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
    "missing": "take {name} first: it is not there, for the reason above.",
    "blocked": "take {name} first: it could not be judged for the reason above.",
}

NO_CASE_HINT = "take {name} first: check it line by line against the formula in the exercise, and grade again."

_MISSING = "write {name}, under this very name."
_MISSING_OR_OTHERWISE = "write {name}, or name yours with --map {name}=YOURS if it is called otherwise."
_BLOCKED_OR_OTHERWISE = (
    "take {name} first: it could not be judged for the reason above; a part of the script that it calls otherwise is "
    "named with --map PART=NAME."
)
_LOST = "mend the line that {name} is lost to, and grade again."
_MISSING_OR_LOST = "take {name} first: it is not there, or could not be read."

_SAID_BY_THE_CASE = frozenset(
    {"general.crash", "general.memory", "general.missing", "general.shape", "general.timeout"}
)
"""Causes that the sentence on the smallest case tells already, where that case is one of them."""

OUTCOMES = {
    "passed": "passed",
    "below": "below the pass mark",
    "unreadable": "unreadable",
    "ungraded": "not graded",
    "unconfined": "unconfined",
}


def hint_of(verdict: CheckVerdict, *, options: bool, flat: bool = False) -> str:
    """The next step for a check that did not pass; `options`: whoever reads it can give some on a command line.

    `flat`: it is one of a script without functions.
    """
    hint = HINTS[verdict.status]
    if verdict.status == "blocked" and flat and options:
        hint = _BLOCKED_OR_OTHERWISE
    if verdict.status == "missing":
        codes = {diagnosis.code for diagnosis in verdict.diagnoses}
        written = _MISSING_OR_OTHERWISE if options else _MISSING
        hint = written if "general.missing" in codes else _LOST if codes else _MISSING_OR_LOST
    elif verdict.status in {"failed", "error"} and not verdict.counterexample:
        hint = NO_CASE_HINT
    return hint.format(name=verdict.name)


def causes_to_tell(verdict: CheckVerdict) -> tuple[Diagnosis, ...]:
    """The diagnoses that say something besides the message, which is on the smallest case that fails.

    Where that returned a wrong answer, other cases may still have crashed.
    """
    said = frozenset() if verdict.status == "failed" else _SAID_BY_THE_CASE
    return tuple(item for item in verdict.diagnoses if item.message != verdict.message and item.code not in said)
