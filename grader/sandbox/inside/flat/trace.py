"""What following a script's values records, from which the roles are told."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from .values import Value

__all__ = ["Applied", "Difference", "Place", "Product", "Stored", "Sum", "Trace"]


@dataclass(frozen=True)
class Place:
    """Where something happens: the top-level loops around it, outermost first, whose statement it is, and when."""

    loops: tuple[ast.For | ast.While, ...]
    statement: ast.stmt | None
    at: int
    moment: int
    depth: int


@dataclass(frozen=True)
class Stored:
    """A top-level name got `value`. `how`: "fresh", "update" (from what it held), "element" or "in place"."""

    name: str
    how: str
    value: Value
    change: Value
    place: Place


@dataclass(frozen=True)
class Sum:
    """Two values were added."""

    left: Value
    right: Value
    place: Place


@dataclass(frozen=True)
class Difference:
    """One value was subtracted from another."""

    left: Value
    right: Value
    place: Place


@dataclass(frozen=True)
class Product:
    """Two values were multiplied."""

    left: Value
    right: Value
    place: Place


@dataclass(frozen=True)
class Applied:
    """A function of the script was called with these; `value` came back."""

    function: str
    arguments: tuple[Value, ...]
    value: Value
    place: Place


@dataclass
class Trace:
    """All that happened, in order, and what each top-level name held in the end."""

    stored: list[Stored] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    loop_sizes: list[tuple[str, Place]] = field(default_factory=list)
    final: dict[str, Value] = field(default_factory=dict)
