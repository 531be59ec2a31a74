"""The case bank: questions with their expected values, as frozen values and as bytes.

A bank is written as one header line, `bptt-grader-bank/1 SHA256`, and one line of canonical
JSON (keys sorted, no spaces, floats in Python's shortest exact form) of which the header
holds the hash: the bank's identity. Reading verifies the hash, then every form and number;
a file is never trusted. Importing this module needs neither Hypothesis nor torch.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from grader.contract import CHECK_BY_NAME, CHECKS, CheckSpec
from grader.errors import BankError
from grader.model import Arg

__all__ = [
    "FORMAT",
    "MAX_BYTES",
    "PUBLIC_SEED",
    "WITHOUT_CASES",
    "Case",
    "CaseBank",
    "CheckCases",
    "Part",
    "PropertyCases",
    "decode_bank",
    "encode_bank",
    "with_identity",
]

FORMAT = 1
"""Raised whenever the bytes of a bank, or what they mean, change."""

PUBLIC_SEED = "public"

WITHOUT_CASES = frozenset({"inputs_untouched", "hand_written"})
"""Properties that are seen in the answers to other cases, or in calls that are watched."""

_MAGIC = f"bptt-grader-bank/{FORMAT}"
MAX_BYTES = 64 << 20
_MAX_ELEMENTS = 10_000
_MAX_INTEGER = 1_000_000


@dataclass(frozen=True, eq=False)
class Part:
    """What one part of an answer may be: float64 arrays of one shape, low ≤ high, tolerance ≥ 0.

    Right is every value from `low - tolerance` to `high + tolerance`; `low` and `high` differ
    only where a kink makes a whole interval of subgradients right.
    """

    low: np.ndarray
    high: np.ndarray
    tolerance: np.ndarray

    @cached_property
    def floor(self) -> np.ndarray:
        """The least right value, elementwise."""
        floor: np.ndarray = self.low - self.tolerance
        return floor

    @cached_property
    def ceiling(self) -> np.ndarray:
        """The greatest right value, elementwise."""
        ceiling: np.ndarray = self.high + self.tolerance
        return ceiling


@dataclass(frozen=True, eq=False)
class Case:
    """One question's arguments, and for each part of the answer what is right (None: not checked)."""

    args: tuple[Arg, ...]
    parts: tuple[Part | None, ...]

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...] | None, ...]:
        """Of the parts of the answer."""
        return tuple(None if part is None else part.low.shape for part in self.parts)

    @cached_property
    def asks(self) -> tuple[object, ...]:
        """What is asked, and which parts of the answer count: the same for two cases that differ in nothing else."""
        args = ((np.shape(arg), np.asarray(arg).tobytes()) for arg in self.args)
        return (*args, *(part is None for part in self.parts))


@dataclass(frozen=True, eq=False)
class PropertyCases:
    """The cases of one property, the smallest first."""

    name: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, eq=False)
class CheckCases:
    """The properties of one check that have cases, in the contract's order."""

    name: str
    properties: tuple[PropertyCases, ...]

    def __iter__(self) -> Iterator[tuple[str, Case]]:
        """(property name, case) in the order they are asked."""
        return ((group.name, case) for group in self.properties for case in group.cases)


@dataclass(frozen=True, eq=False)
class CaseBank:
    """All cases for a seed. `public`: anyone can build the same; `sha256` is its identity."""

    seed: str
    public: bool
    checks: tuple[CheckCases, ...]
    sha256: str
    hypothesis_version: str

    def __getitem__(self, check: str) -> CheckCases:
        """The cases of a check. Raises KeyError if there is no such check."""
        return self._by_name[check]

    @cached_property
    def _by_name(self) -> Mapping[str, CheckCases]:
        return {cases.name: cases for cases in self.checks}


# ---------------------------------------------------------------------------- writing
def encode_bank(bank: CaseBank) -> bytes:
    """The bytes of a bank, the same for the same bank."""
    body = _body(bank)
    return f"{_MAGIC} {hashlib.sha256(body).hexdigest()}\n".encode() + body + b"\n"


def with_identity(seed: str, checks: tuple[CheckCases, ...], hypothesis_version: str) -> CaseBank:
    """A bank of `checks` under its own hash."""
    nameless = CaseBank(seed, seed == PUBLIC_SEED, checks, "", hypothesis_version)
    return CaseBank(seed, nameless.public, checks, hashlib.sha256(_body(nameless)).hexdigest(), hypothesis_version)


def _body(bank: CaseBank) -> bytes:
    checks = {
        check.name: {group.name: [_write_case(case) for case in group.cases] for group in check.properties}
        for check in bank.checks
    }
    content = {"seed": bank.seed, "hypothesis": bank.hypothesis_version, "checks": checks}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _write_case(case: Case) -> list[Any]:
    return [
        [_write_array(arg) if isinstance(arg, np.ndarray) else arg for arg in case.args],
        [None if part is None else _write_part(part) for part in case.parts],
    ]


def _write_array(array: np.ndarray) -> list[Any]:
    return [list(array.shape), [float(x) for x in array.ravel()]]


def _write_part(part: Part) -> list[Any]:
    """[shape, low, tolerance] or, for an interval, [shape, low, tolerance, high]."""
    fields = [part.low, part.tolerance]
    if not np.array_equal(part.low, part.high):
        fields.append(part.high)
    return [list(part.low.shape), *([float(x) for x in field.ravel()] for field in fields)]


# ---------------------------------------------------------------------------- reading
def decode_bank(data: bytes) -> CaseBank:
    """The bank that `data` holds. Raises BankError unless its hash is right, and each check and number in order."""
    if len(data) > MAX_BYTES:
        raise BankError(f"a bank of {len(data)} bytes, expected at most {MAX_BYTES}")
    header, _, body = data.partition(b"\n")
    magic, _, sha256 = header.decode("ascii", "replace").partition(" ")
    if magic != _MAGIC:
        raise BankError(f"expected a file that starts with {_MAGIC!r}, got {magic[:40]!r}")
    body = body.removesuffix(b"\n")
    if hashlib.sha256(body).hexdigest() != sha256:
        raise BankError("the contents do not match the hash in the first line: the file was cut short or changed")
    try:
        content = json.loads(body, parse_constant=_refuse_constant)
        return _read_content(content, sha256)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BankError(f"not a case bank: {error}") from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _expect(condition: object, what: str, got: object) -> None:
    if not condition:
        raise ValueError(f"expected {what}, got {str(got)[:80]}")


def _read_content(content: Any, sha256: str) -> CaseBank:
    _expect(type(content) is dict and set(content) == {"seed", "hypothesis", "checks"}, "seed, hypothesis, checks", "")
    seed, version, checks = content["seed"], content["hypothesis"], content["checks"]
    _expect(type(seed) is str and type(version) is str, "a seed and a version", (seed, version))
    _expect(type(checks) is dict and set(checks) == set(CHECK_BY_NAME), f"the checks {', '.join(CHECK_BY_NAME)}", "")
    read = tuple(_read_check(spec, checks[spec.name]) for spec in CHECKS)
    return CaseBank(seed, seed == PUBLIC_SEED, read, sha256, version)


def _read_check(spec: CheckSpec, content: Any) -> CheckCases:
    asked = [prop.name for prop in spec.properties if prop.name not in WITHOUT_CASES]
    _expect(type(content) is dict and set(content) == set(asked), f"the properties of {spec.name}", content)
    groups = []
    for name in asked:
        cases = content[name]
        _expect(type(cases) is list and cases, f"cases of {spec.name}, {name}", cases)
        groups.append(PropertyCases(name, tuple(_read_case(spec, case) for case in cases)))
    return CheckCases(spec.name, tuple(groups))


def _read_case(spec: CheckSpec, content: Any) -> Case:
    args, parts = content
    _expect(type(args) is list and len(args) == len(spec.parameters), f"{len(spec.parameters)} arguments", args)
    _expect(type(parts) is list and len(parts) == len(spec.returns), f"{len(spec.returns)} parts", parts)
    return Case(tuple(map(_read_arg, args)), tuple(map(_read_part, parts)))


def _read_arg(content: Any) -> Arg:
    if (type(content) is int and abs(content) <= _MAX_INTEGER) or (type(content) is float and math.isfinite(content)):
        return content
    _expect(type(content) is list and len(content) == 2, "a number or [shape, entries]", content)
    array = _read_array(content[0], content[1])
    with np.errstate(over="ignore"):  # what is beyond float32 becomes infinite, and is refused
        single = array.astype(np.float32)
    _expect(np.array_equal(single, array), "float32 numbers", array)
    return single


def _read_part(content: Any) -> Part | None:
    if content is None:
        return None
    _expect(type(content) is list and len(content) in (3, 4), "[shape, low, tolerance, high?]", content)
    low, tolerance = _read_array(content[0], content[1]), _read_array(content[0], content[2])
    high = _read_array(content[0], content[3]) if len(content) == 4 else low
    _expect((low <= high).all() and (tolerance >= 0).all(), "low ≤ high and tolerance ≥ 0", content)
    return Part(low, high, tolerance)


def _read_array(shape: Any, entries: Any) -> np.ndarray:
    _expect(type(shape) is list and len(shape) <= 2 and all(type(n) is int and n >= 0 for n in shape), "a shape", shape)
    size = math.prod(shape)
    _expect(type(entries) is list and len(entries) == size <= _MAX_ELEMENTS, f"{size} entries", entries)
    _expect(set(map(type, entries)) <= {float}, "floats", entries)
    array = np.array(entries, dtype=np.float64).reshape(shape)
    _expect(np.isfinite(array).all(), "finite numbers", entries)
    return array
