"""What one case showed: the answer read, compared, and put in words."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from grader.cases import Case, Part
from grader.contract import CheckSpec, ContractError, read_answer
from grader.messages import say
from grader.model import (
    Answered,
    Counterexample,
    Died,
    Location,
    Malformed,
    Observation,
    OutOfMemory,
    Raised,
    TimedOut,
    Value,
)

__all__ = [
    "ENDED",
    "MAX_INLINE",
    "Finding",
    "Kind",
    "counterexample",
    "error_of",
    "find",
    "place_of",
    "sentence",
    "shown_inputs",
    "size_key",
]

Kind: TypeAlias = Literal[
    "right", "excused", "wrong", "form", "malformed", "raised", "missing", "timeout", "memory", "died", "blocked"
]

ENDED: frozenset[Kind] = frozenset({"blocked", "timeout", "memory", "died"})
"""Nothing more came back, from this call or from one before it."""

MAX_INLINE = 16  # entries of an array that a sentence still shows


@dataclass(frozen=True, eq=False)
class Finding:
    """One case and what came of it. `answer` holds the parts read, where the answer could be read."""

    case: Case
    kind: Kind
    observation: Observation | None = None
    answer: tuple[np.ndarray | None, ...] = ()
    problem: str = ""


# ---------------------------------------------------------------------------- comparing
def find(spec: CheckSpec, case: Case, seen: Observation) -> Finding:
    """Compare an observation with what is right, part by part; NaN is never right."""
    match seen:
        case Answered(value):
            return _compare(spec, case, seen, value)
        case Raised(missing=missing):
            return Finding(case, "missing" if missing else "raised", seen)
        case TimedOut():
            return Finding(case, "timeout", seen)
        case OutOfMemory():
            return Finding(case, "memory", seen)
        case Died():
            return Finding(case, "died", seen)
        case Malformed(reason):
            return Finding(case, "malformed", seen, problem=reason)


def _compare(spec: CheckSpec, case: Case, seen: Answered, value: Value) -> Finding:
    kept = Answered(None, seen.mutated, seen.evidence)  # without the value, which may be as large as a frame
    try:
        answer = read_answer(value, spec.returns, case.shapes)
    except ContractError as error:
        return Finding(case, "form", kept, problem=str(error))
    own = tuple(None if part is None else part.copy() for part in answer)  # views would keep the whole frame
    right = all(
        part is None or got is None or _within(part, got).all() for part, got in zip(case.parts, own, strict=True)
    )
    return Finding(case, "right" if right else "wrong", kept, own)


def _within(part: Part, got: np.ndarray) -> Any:
    return (got >= part.floor) & (got <= part.ceiling)


# ---------------------------------------------------------------------------- ordering
def size_key(case: Case) -> tuple[bool, int, int, str]:
    """Sorts the cases that a person can trace by hand first: one answer right, fewest numbers, shortest to write."""
    written = json.dumps([_plain(arg) for arg in case.args])
    interval = any(part is not None and bool((part.low < part.high).any()) for part in case.parts)
    return interval, sum(np.size(arg) for arg in case.args), len(written), written


# ---------------------------------------------------------------------------- words
def counterexample(spec: CheckSpec, finding: Finding) -> Counterexample:
    """The finding as plain data: inputs by name; expected and got by part where there are several."""
    case = finding.case
    inputs = {name: _plain(arg) for name, arg in zip(spec.parameters, case.args, strict=True)}
    expected = {
        name: _plain_part(part) for name, part in zip(spec.returns, case.parts, strict=True) if part is not None
    }
    if finding.answer:
        answer = zip(spec.returns, finding.answer, strict=True)
        got: object = _alone({name: _plain(value) for name, value in answer if value is not None}, spec)
    else:
        got = _reaction(finding)
    return Counterexample(inputs, _alone(expected, spec), got)


def _alone(parts: dict[str, object], spec: CheckSpec) -> object:
    return parts if len(spec.returns) > 1 else next(iter(parts.values()), None)


def _plain_part(part: Part) -> object:
    low, high = _plain(part.low), _plain(part.high)
    return low if low == high else {"low": low, "high": high}


def _plain(value: Any) -> Any:
    """Nested lists of finite floats; "nan", "inf" and "-inf" for what JSON cannot hold."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _reaction(finding: Finding) -> str:
    match finding.observation:
        case Raised() as raised:
            return f"raises {error_of(raised)}"
        case TimedOut(limit_s):
            return f"does not finish within {limit_s:g} s"
        case OutOfMemory():
            return "runs out of memory"
        case Died(reason):
            return f"ends the process: {reason}"
        case _:
            return finding.problem


def error_of(raised: Raised) -> str:
    """`IndexError: list index out of range`; the bare name where there is no message."""
    return f"{raised.kind}: {raised.message}" if raised.message else raised.kind


def place_of(location: Location | None) -> str:
    """` (cell 3, line 7)`, or nothing."""
    return f" ({location})" if location is not None and str(location) else ""


def sentence(spec: CheckSpec, finding: Finding) -> str:  # noqa: PLR0911 - one for each kind
    """What the finding shows, in one sentence."""
    facts = {"inputs": shown_inputs(spec, finding.case), "function": spec.name}
    match finding.observation:
        case Raised() as raised:
            return say("case.raised", **facts, error=error_of(raised), place=place_of(raised.location))
        case TimedOut(limit_s):
            return say("case.timeout", **facts, limit=f"{limit_s:g}")
        case OutOfMemory(limit_bytes, location):
            return say("case.memory", **facts, limit=limit_bytes >> 20, place=place_of(location))
        case Died(reason):
            return say("case.died", **facts, reason=reason)
        case Malformed(reason):
            return say("case.malformed", **facts, problem=reason)
        case _ if finding.kind == "form":
            return say("case.form", **facts, problem=finding.problem)
        case _:
            return _wrong(spec, finding, facts)


def _wrong(spec: CheckSpec, finding: Finding, facts: dict[str, str]) -> str:
    """Name the first wrong part: whole if it is small, else its first wrong entry."""
    for name, part, got in zip(spec.returns, finding.case.parts, finding.answer, strict=True):
        if part is None or got is None or _within(part, got).all():
            continue
        low, high = part.low, part.high
        if got.size > MAX_INLINE:
            index = tuple(int(i) for i in np.argwhere(~_within(part, got))[0])
            name, got, low, high = f"{name}[{', '.join(map(str, index))}]", got[index], low[index], high[index]  # noqa: PLW2901 - the entry stands for the part
        if np.array_equal(low, high):
            shown_got, expected = _told_apart(got, low)
            return say("case.wrong", **facts, part=name, got=shown_got, expected=expected)
        return say("case.interval", **facts, part=name, got=_shown(got), low=_shown(low), high=_shown(high))
    raise AssertionError(f"no part of {spec.name} is wrong")


def shown_inputs(spec: CheckSpec, case: Case) -> str:
    """`X = [[1], [0]], Wxs = 1, Wrec = 0.5`; a large array by its shape."""
    pairs = zip(spec.parameters, case.args, strict=True)
    return ", ".join(
        f"{name} of shape {np.shape(arg)}" if np.size(arg) > MAX_INLINE else f"{name} = {_shown(arg)}"
        for name, arg in pairs
    )


def _told_apart(got: Any, expected: Any) -> tuple[str, str]:
    """Both written with 6 digits, or with as many as it takes to see the difference."""
    for digits in (6, 9, 17):
        pair = _shown(got, digits), _shown(expected, digits)
        if pair[0] != pair[1]:
            break
    return pair


def _shown(value: Any, digits: int = 6) -> str:
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, list):
        return f"[{', '.join(_shown(item, digits) for item in value)}]"
    if value == 0:
        return "0"
    return f"{value:.{digits}g}"
