"""What the self-check judges with: public cases, what is right, and what each known mistake answers to them.

A diagnosis is a comparison: the mistake whose stored answers are all the submission's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from grader.cases import Case, CaseBank, CheckCases
from grader.cases.bank import decode_bank
from grader.contract import CheckSpec
from grader.errors import BankError
from grader.judge import Finding
from grader.model import Arg, Diagnosis

__all__ = ["Stock", "StoredDiagnoser", "StoredMistake", "read_stock", "stock", "stored_trace"]

_READ = frozenset({"right", "wrong", "excused"})
_RELATIVE = 1e-4
_LOST = 1e6
_FAR = 1e3
"""Where a mistaken training runs away, by how much is chance: beyond the first, anything beyond the second is alike."""


@dataclass(frozen=True, eq=False)
class StoredMistake:
    """A known mistake's answers to all cases, number by number (NaN: no number, infinity: lost)."""

    found: tuple[tuple[str, str], ...]
    answers: np.ndarray
    at: int
    way: Mapping[str, object] | None

    def gives(self, got: np.ndarray, tolerance: np.ndarray, skipped: np.ndarray) -> bool:
        """Whether `got` are its answers."""
        known = self.answers
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.abs(got - known) <= tolerance + _RELATIVE * np.abs(known)
            lost = ~(np.abs(known) < _LOST) & ~np.isnan(known) & ~(np.abs(got) < _FAR)
        alike = near | lost | skipped | (np.isnan(known) & np.isnan(got))
        return bool(alike.all())


@dataclass(frozen=True, eq=False)
class _Insight:
    diagnoses: tuple[Diagnosis, ...]
    mistake: StoredMistake
    case: Case

    def trace(self, case: Case, right: Mapping[str, object]) -> Mapping[str, object]:
        """`right`, with the mistaken way beside it where that was stored."""
        return self.mistake.way if self.mistake.way is not None and case is self.case else right


class StoredDiagnoser:
    """Compares a failed check's answers with those that known mistakes give."""

    def __init__(self, known: Mapping[str, Sequence[StoredMistake]]) -> None:
        self._known = known

    def __call__(self, spec: CheckSpec, cases: CheckCases, findings: Sequence[Finding]) -> _Insight | None:
        """The first mistake that gives every answer; None where none does, or some call had no answer."""
        kinds = {finding.kind for finding in findings}
        allowed = _READ | {"form"} if spec.name == "train" else _READ
        if not kinds & {"wrong", "form"} or not kinds <= allowed:
            return None
        numbers = [_numbers(finding) for finding in findings]
        got, tolerance, skipped = (np.concatenate(column) for column in zip(*numbers, strict=True))
        for mistake in self._known[spec.name]:
            if mistake.gives(got, tolerance, skipped):
                of = len(findings)
                told = tuple(Diagnosis(code, message, of, of) for code, message in mistake.found)
                return _Insight(told, mistake, [case for _, case in cases][mistake.at])
        return None


def _numbers(finding: Finding) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers, tolerances, and which to leave out, of the parts that the case asks for."""
    asked = [(i, part) for i, part in enumerate(finding.case.parts) if part is not None]
    got = [finding.answer[i] if finding.answer else np.full(part.low.shape, np.nan) for i, part in asked]
    numbers = np.concatenate([np.ravel(values) for values in got if values is not None])
    tolerance = np.concatenate([np.ravel(part.tolerance) for _, part in asked])
    return numbers.astype(np.float64), tolerance, np.full(numbers.shape, finding.kind == "excused")


# ---------------------------------------------------------------------------- reading
@dataclass(frozen=True, eq=False)
class _Stored:
    bank: CaseBank
    content: Mapping[str, Any]

    @cached_property
    def known(self) -> Mapping[str, tuple[StoredMistake, ...]]:
        return {cases.name: self._of(cases) for cases in self.bank.checks}

    @cached_property
    def traces(self) -> Mapping[tuple[object, ...], Mapping[str, object]]:
        found = {}
        for cases in self.bank.checks:
            every = [case for _, case in cases]
            for at, trace in self.content[cases.name]["traces"].items():
                found[_key(cases.name, every[int(at)].args)] = trace
        return found

    def _of(self, cases: CheckCases) -> tuple[StoredMistake, ...]:
        every = [case for _, case in cases]
        mistakes = []
        for each in self.content[cases.name]["known"]:
            rows = [_row(case, parts) for case, parts in zip(every, each["answers"], strict=True)]
            found = tuple((str(code), str(message)) for code, message in each["diagnoses"])
            mistakes.append(StoredMistake(found, np.concatenate(rows), int(each["at"]), each["trace"]))
        return tuple(mistakes)


def _row(case: Case, parts: Sequence[Sequence[float | str] | None]) -> np.ndarray:
    asked = [part for part in case.parts if part is not None]
    return np.concatenate(
        [
            np.full(part.low.size, np.nan) if values is None else np.array([float(x) for x in values])
            for part, values in zip(asked, parts, strict=True)
        ]
    )


def _key(check: str, args: tuple[Arg, ...]) -> tuple[object, ...]:
    return (check, *((np.shape(arg), np.asarray(arg, dtype=np.float64).tobytes()) for arg in args))


def read_stock(cases: bytes, known: bytes) -> _Stored:
    """Read both files. Raises BankError if they are not as they were written."""
    try:
        return _Stored(decode_bank(cases), json.loads(known))
    except ValueError as error:
        raise BankError(f"the stored answers cannot be read: {error}") from None


@lru_cache(maxsize=1)
def _stored() -> _Stored:
    folder = resources.files("grader.student")
    try:
        return read_stock(*((folder / name).read_bytes() for name in ("cases.bank", "known.json")))
    except OSError as error:
        raise BankError(f"the public cases cannot be read: install the kit again ({error})") from None


class Stock(NamedTuple):
    """Public cases, and what finds the known mistakes in the answers to them."""

    bank: CaseBank
    diagnoser: StoredDiagnoser


@lru_cache(maxsize=1)
def stock() -> Stock:
    """What was stored. Raises BankError."""
    return Stock(_stored().bank, StoredDiagnoser(_stored().known))


def stored_trace(check: str, args: tuple[Arg, ...]) -> Mapping[str, object] | None:
    """What a right solution computes on the way, if it was stored with the case."""
    return _stored().traces.get(_key(check, args))
