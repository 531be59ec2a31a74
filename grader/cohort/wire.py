"""What travels to whoever judges, and back, as plain data; and the keys under which the store keeps it."""

from __future__ import annotations

import dataclasses
from typing import Any

from grader.cases import CaseBank
from grader.cases.bank import decode_bank, encode_bank
from grader.cohort.plain import expect, from_data, key_of, to_data
from grader.model import Program
from grader.pipeline import Settings
from grader.result import Judged

__all__ = [
    "FORMAT",
    "content_key",
    "decode_judged",
    "decode_program",
    "decode_settings",
    "encode_judged",
    "encode_program",
    "encode_settings",
    "judging_facts",
]

FORMAT = 1
"""Raised whenever stored verdicts must not be reused although no version and no field changed."""

# what of a rubric only scores, shows, or is told apart below
_NOT_JUDGING = ("points", "pass_mark", "feedback_before_due", "feedback_after_due", "seed", "limits", "mapping")


# ---------------------------------------------------------------------------- what travels
def encode_program(program: Program) -> dict[str, Any]:
    """A submission as read, without its path: whoever judges it need not know whose it is."""
    data: dict[str, Any] = to_data(dataclasses.replace(program, path=""))
    return data


def decode_program(data: Any) -> Program:
    """The submission that `encode_program` wrote. Raises WireError."""
    return from_data(Program, data)


def encode_judged(judged: Judged) -> dict[str, Any]:
    """What was found, without path and timings: the same for the same submission, wherever it was judged."""
    nameless = dataclasses.replace(judged.submission, path="")
    data: dict[str, Any] = to_data(dataclasses.replace(judged, submission=nameless, timings={}))
    return data


def decode_judged(data: Any, path: str) -> Judged:
    """What `encode_judged` wrote, under the name of a submission. Raises WireError."""
    judged = from_data(Judged, data)
    return dataclasses.replace(judged, submission=dataclasses.replace(judged.submission, path=path))


def encode_settings(settings: Settings, bank: CaseBank) -> dict[str, Any]:
    """How to grade, and the cases to grade with: all that a worker needs, on this machine or another."""
    return {"settings": to_data(dataclasses.replace(settings, bank=None)), "bank": encode_bank(bank).decode("ascii")}


def decode_settings(data: Any) -> tuple[Settings, CaseBank]:
    """What `encode_settings` wrote. Raises WireError or BankError."""
    expect(isinstance(data, dict) and data.keys() == {"settings", "bank"}, dict, data)
    return from_data(Settings, data["settings"]), decode_bank(data["bank"].encode("ascii"))


# ---------------------------------------------------------------------------- keys
def content_key(program: Program) -> str:
    """Names all that is handed in: the file's bytes, how they were read, and what it imports from beside it."""
    return key_of(encode_program(program))


def judging_facts(settings: Settings, bank_sha256: str) -> dict[str, Any]:
    """What of the settings decides on verdicts: all but points, pass mark, feedback and the least isolation.

    A rubric's seed is in the bank. Weights are among it: they say which of two readings of a submission is the better.
    """
    rubric = {name: value for name, value in to_data(settings.rubric).items() if name not in _NOT_JUDGING}
    return {
        **rubric,
        "format": FORMAT,
        "bank_sha256": bank_sha256,
        "device": settings.device,
        "mapping": {**settings.rubric.mapping, **settings.mapping},
        "limits": to_data(settings.limits),
        "legacy_torch": settings.legacy_torch,
        "walk": settings.walk,
    }
