"""What a child says of a flat script, read as the data it is: types checked, lengths bounded."""

from __future__ import annotations

import math
from typing import Any

from grader.contract_flat import ROLES
from grader.model import FlatFacts, Location

__all__ = ["read_flat", "read_location"]

_MOST = 1000
_MOST_PLACES = 40
_STEPS, _SEQUENCES = range(4, 9), range(2, 9)
"""Sizes at which a script may be judged alone: in fewer steps mistakes do not show, in more a bank takes for ever."""
_HOW = ("name", "data flow", "map")


def read_flat(report: object) -> FlatFacts | None:
    """The facts in a child's report; None where it speaks of no flat script. Never raises."""
    if not isinstance(report, dict):
        return None
    return FlatFacts(
        roles=_roles(report.get("roles")),
        loop=report.get("loop") is True,
        updates={w: _count(_of(report.get("updates"), w)) for w in ("Wxs", "Wrec")},
        rate=report.get("rate") is True,
        endless=report.get("endless") is True,
        binary=report.get("binary") is not False,
        sizes=_sizes(report.get("sizes")),
        shapes={role: _shapes(_of(report.get("shapes"), role)) for role in ("relu", "relu_derivative")},
        found=frozenset(
            name for name in ("T", "T_test", "S", "Y", "predictions") if _of(report.get("found"), name) is True
        ),
        uninitialised=_places(report.get("uninitialised")),
    )


def read_location(value: object) -> Location | None:
    """The place that a child names as [cell, line]; None where it names none. Never raises."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    cell, line = (n if type(n) is int and 0 < n < 10**7 else None for n in value)
    return Location(cell, line) if cell or line else None


def _of(mapping: object, key: str) -> Any:
    return mapping.get(key) if isinstance(mapping, dict) else None


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MOST else 0


def _roles(value: object) -> dict[str, tuple[str, str]]:
    found = {}
    for role in ROLES:
        entry = _of(value, role)
        if isinstance(entry, list) and len(entry) == 2 and all(isinstance(part, str) for part in entry):
            name, how = entry
            found[role] = (name[:80], how if how in _HOW else "")
    return found


def _shape(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list) or len(value) > 4:
        return None
    sound = all(type(n) is int and 0 < n <= _MOST for n in value) and math.prod(value) <= _MOST
    return tuple(value) if sound else None


def _sizes(value: object) -> tuple[int, int] | None:
    shape = _shape(value)
    if shape is None or len(shape) != 2 or shape[0] not in _STEPS or shape[1] not in _SEQUENCES:
        return None
    return shape[0], shape[1]


def _shapes(value: object) -> tuple[tuple[int, ...], ...]:
    found = [_shape(item) for item in value[:20]] if isinstance(value, list) else []
    return tuple(shape for shape in found if shape is not None)


def _places(value: object) -> tuple[Location, ...]:
    found = value[:_MOST_PLACES] if isinstance(value, list) else ()
    return tuple(read_location(item) or Location() for item in found)
