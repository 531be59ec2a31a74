"""What is known of a value without running anything: which names it is a copy of, and what went into it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = [
    "ACTIVATED",
    "FED",
    "NOTHING",
    "NUMBER",
    "PRE",
    "RECURRENT",
    "ROUNDED",
    "Value",
    "branched",
    "change_of",
    "join",
    "mixed",
]

FED = "fed"
"""The kind of a weight times inputs."""
RECURRENT = "recurrent"
"""The kind of a weight times earlier outputs."""
PRE = "pre"
"""The kind of a sum of the two: a pre-activation."""
ACTIVATED = "activated"
"""The kind of what an activation made of it."""
ROUNDED = "rounded"
"""The kind of an activated value that was rounded, a part of it where it was rounded to some digits only."""

_STRENGTH = ("", FED, RECURRENT, PRE, ROUNDED, ACTIVATED)


@dataclass(frozen=True)
class Value:
    """An abstract value. Names are top-level names of the script.

    `chain`: what it is a view or copy of, nearest first; `alias`: those of them whose memory it shares. `deps`: all
    that went into it. `operands`: of the product or sum it is. `scale`, `literals`: numbers it is a multiple
    of, by their names and as they are written: 0.1, rates[0], cfg.rate.
    `part`: a slice or item. `several`: a dictionary, list or array of more than one. `made_by`: the function that
    returned it. `sizes`: names
    that its shape is from, outermost first.
    """

    chain: tuple[str, ...] = ()
    alias: tuple[str, ...] = ()
    deps: frozenset[str] = frozenset()
    kind: str = ""
    number: bool = False
    mask: bool = False
    part: bool = False
    several: bool = False
    product: tuple[Value, Value] | None = None
    terms: tuple[Value, Value] | None = None
    scale: tuple[str, ...] = ()
    literals: tuple[ast.expr, ...] = ()
    made_by: str = ""
    sizes: tuple[str, ...] = ()
    items: tuple[Value, ...] | None = None
    function: ast.FunctionDef | ast.Lambda | None = None

    def bare(self) -> Value:
        """Itself without what it was made of, so that values do not grow."""
        if self.product is None and self.terms is None and self.items is None:
            return self
        return replace(self, product=None, terms=None, items=None)

    def view(self, *, copied: bool = False, part: bool = False) -> Value:
        """A view, or a copy, of all or a part of it."""
        return replace(self, alias=() if copied else self.alias, part=self.part or part, items=None)


NOTHING = Value()
NUMBER = Value(number=True)


def _united(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*left, *right]))


def join(left: Value, right: Value) -> Value:
    """Either of two values: what a name holds after a branch, or a matrix after a row was written."""
    if left is right or right == NOTHING:
        return left
    if left == NOTHING:
        return right
    items = None
    if left.items is not None and right.items is not None and len(left.items) == len(right.items):
        items = tuple(join(a, b) for a, b in zip(left.items, right.items, strict=True))
    return Value(
        chain=_united(left.chain, right.chain),
        alias=_united(left.alias, right.alias),
        deps=left.deps | right.deps,
        kind=max(left.kind, right.kind, key=_STRENGTH.index),
        number=left.number and right.number,
        mask=left.mask and right.mask,
        part=left.part or right.part,
        several=left.several or right.several,
        product=left.product or right.product,
        terms=left.terms or right.terms,
        scale=_united(left.scale, right.scale),
        made_by=left.made_by or right.made_by,
        sizes=left.sizes or right.sizes,
        items=items,
        function=left.function or right.function,
    )


def mixed(parts: Iterable[Value]) -> Value:
    """Something made of these that is none of them."""
    parts = list(parts)
    deps = frozenset().union(*(part.deps for part in parts))
    sizes = next((part.sizes for part in parts if part.sizes), ())
    return Value(deps=deps, number=bool(parts) and all(part.number for part in parts), sizes=sizes)


def branched(test: Value, value: Value, other: Value) -> Value:
    """What a name holds after a branch: if s > 0: y = s, else: y = 0 is an activation."""
    result = join(value, other)
    if test.mask and (value.kind in {FED, PRE}) != (other.kind in {FED, PRE}) and (value.number or other.number):
        return replace(result, kind=ACTIVATED, number=False)
    return replace(result, number=value.number and other.number)


def change_of(name: str, value: Value) -> Value:
    """The part of `name = name - part`; all of it where it is no such sum."""
    if value.terms is None:
        return value
    left, right = value.terms
    return right if name in left.chain else left if name in right.chain else value
