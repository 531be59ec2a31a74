"""The rubric: what a course may decide about the marks, as frozen values (`grader.rubric_file` reads them).

Everything has a default, taken from `grader.contract`. A tolerance is not among it: how far
an answer may be off is derived from float32 arithmetic, not chosen.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal, TypeAlias

from grader.contract import CHECKS, FUNCTIONS
from grader.contract_flat import ROLES
from grader.errors import UsageError
from grader.judge import Convention
from grader.result import Feedback
from grader.suggest import did_you_mean

__all__ = ["MAPPED", "Limits", "PolicyRule", "Rubric", "check_mapping", "check_seed", "read_mapping"]

PolicyRule: TypeAlias = Literal["fail", "warn", "allow"]

_MIB = 1 << 20
_KIB = 1 << 10

MAPPED = tuple(dict.fromkeys((*FUNCTIONS, *ROLES)))
"""What may go by another name: the functions, and the parts that names play in a flat script."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for one check's calls, bytes of memory, bytes of printed output."""

    time_limit_s: float = 10.0
    memory_bytes: int = 1024 * _MIB
    output_bytes: int = 1024 * _KIB


def _default_points() -> dict[str, Fraction]:
    return {check.name: Fraction(check.points) for check in CHECKS}


def _default_weights() -> dict[str, dict[str, Fraction]]:
    return {check.name: {prop.name: Fraction(prop.weight) for prop in check.properties} for check in CHECKS}


def _default_policy() -> dict[str, PolicyRule]:
    return {"autograd": "fail", "numerical_gradient": "fail"}


@dataclass(frozen=True)
class Rubric:
    """Points by check, weights by check and property, pass mark in percent of all points.

    `seed` None is the public one; `policy` says what becomes of a gradient by "autograd" or "numerical_gradient";
    `convention` which losses are allowed; `mapping` goes from a contract name to the submission's own name for it.
    """

    points: Mapping[str, Fraction] = field(default_factory=_default_points)
    weights: Mapping[str, Mapping[str, Fraction]] = field(default_factory=_default_weights)
    pass_mark: Fraction = Fraction(50)
    seed: str | None = None
    limits: Limits = Limits()
    feedback_before_due: Feedback = "example"
    feedback_after_due: Feedback = "trace"
    policy: Mapping[str, PolicyRule] = field(default_factory=_default_policy)
    convention: Convention = "sum"
    mapping: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> str:
        """Hash of what the rubric says, whatever its file looks like: comments and order do not count."""
        content = {
            "points": {name: str(value) for name, value in self.points.items()},
            "weights": {name: {key: str(value) for key, value in row.items()} for name, row in self.weights.items()},
            "pass_mark": str(self.pass_mark),
            "seed": self.seed,
            "limits": [self.limits.time_limit_s, self.limits.memory_bytes, self.limits.output_bytes],
            "feedback": [self.feedback_before_due, self.feedback_after_due],
            "policy": dict(self.policy),
            "convention": self.convention,
            "map": dict(self.mapping),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def check_seed(seed: str) -> str | None:
    """Return the seed as used: None for "public". Raises ValueError if it is not 1 to 128 letters, digits, - or _."""
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,128}", seed):
        msg = f"expected 1 to 128 letters, digits, '-' or '_', got {seed[:40]!r}"
        raise ValueError(msg)
    return None if seed == "public" else seed


def check_mapping(function: str, theirs: str) -> None:
    """Raise ValueError unless `function` is the contract's and `theirs` a dotted Python name."""
    if function not in MAPPED:
        msg = f"no such function {function[:40]!r}; allowed: {', '.join(MAPPED)}{did_you_mean(function, MAPPED)}"
        raise ValueError(msg)
    if not all(part.isidentifier() for part in theirs.split(".")):
        msg = f"expected the name of a function in the submission, got {theirs[:40]!r}"
        raise ValueError(msg)


def read_mapping(options: Iterable[str]) -> dict[str, str]:
    """Read the `--map CONTRACT=THEIRS` options. Raises UsageError, one name given twice included."""
    mapping: dict[str, str] = {}
    for option in options:
        function, equals, theirs = option.partition("=")
        try:
            if not equals:
                msg = f"expected CONTRACT=THEIRS, got {option[:40]!r}"
                raise ValueError(msg)  # noqa: TRY301 - one message for every way to be wrong
            check_mapping(function, theirs)
        except ValueError as error:
            msg = f"--map: {error}"
            raise UsageError(msg) from None
        if function in mapping:
            msg = f"--map: {function} is given twice"
            raise UsageError(msg)
        mapping[function] = theirs
    return mapping
