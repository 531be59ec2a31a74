"""The training loop, the statements in it that change the weights, and what scales them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from .names import looks_like_rate
from .trace import Stored, Trace
from .values import FED, PRE, RECURRENT, Value

__all__ = ["Loop", "Rate", "find_loop", "find_rate", "updates_of"]

Loop = ast.For | ast.While
_UPDATES = frozenset({"update", "in place", "element"})
_MOST_RATE = 0.1
_LEAST_INVERSE = 20.0


def _updates(trace: Trace, weights: Mapping[str, str]) -> list[Stored]:
    return [event for event in trace.stored if event.name in weights.values() and event.how in _UPDATES]


def _begins_afresh(trace: Trace, weights: Mapping[str, str], loop: Loop, level: int) -> bool:
    """Whether a weight is initialised in the loop itself, beside an inner loop that updates it."""
    fresh = [
        event
        for event in trace.stored
        if event.name in weights.values() and event.how == "fresh" and len(event.place.loops) == level + 1
    ]
    return any(event.place.loops[level] is loop for event in fresh)


def _descend(trace: Trace, weights: Mapping[str, str], loop: Loop, level: int) -> Loop:
    while _begins_afresh(trace, weights, loop, level):
        inner = [
            event.place.loops[level + 1]
            for event in _updates(trace, weights)
            if len(event.place.loops) > level + 1 and event.place.loops[level] is loop
        ]
        if not inner:
            break
        loop, level = inner[0], level + 1
    return loop


def _same_training(trace: Trace, weights: Mapping[str, str], first: Stored, second: Stored) -> bool:
    """Whether no weight was initialised between two loops' updates: the second goes on with the first's training."""
    return not any(
        event.name in weights.values() and event.how == "fresh"
        for event in trace.stored
        if first.place.moment < event.place.moment < second.place.moment
    )


def find_loop(trace: Trace, weights: Mapping[str, str]) -> tuple[Loop | None, int | None]:
    """Return the training loop and the index of its top-level statement.

    Of several, the last that starts from weights of its own; with no update in any loop, the first that holds a forward
    pass and something else.
    """
    in_loops = [event for event in _updates(trace, weights) if event.place.loops]
    names = {event.name for event in in_loops}
    by_loop: dict[int, list[Stored]] = {}
    for event in in_loops:
        by_loop.setdefault(id(event.place.loops[0]), []).append(event)
    full = [events for events in by_loop.values() if {event.name for event in events} == names]
    if full:
        chosen = full[-1]
        for earlier in reversed(full[:-1]):
            if not _same_training(trace, weights, earlier[-1], chosen[0]):
                break
            chosen = earlier
        place = chosen[0].place
        return _descend(trace, weights, place.loops[0], 0), place.at
    return _with_forward_pass(trace)


def _with_forward_pass(trace: Trace) -> tuple[Loop | None, int | None]:
    """The first outermost loop that holds a forward pass and an error, or loops of its own."""
    kinds = {FED, PRE, RECURRENT}
    forward = [event for event in trace.sums if {event.left.kind, event.right.kind} & kinds and event.place.loops]
    wrong = {
        id(event.place.loops[0])
        for event in trace.differences
        if event.place.loops and _is_error(event.left, event.right)
    }
    for event in forward:
        loop = event.place.loops[0]
        if id(loop) in wrong or len(event.place.loops) > 1:
            return loop, event.place.at
    return None, None


def _is_error(left: Value, right: Value) -> bool:
    return "activated" in {left.kind, right.kind}


def updates_of(trace: Trace, weight: str | None, loop: Loop | None) -> tuple[ast.stmt, ...]:
    """Return the statements inside the loop that change a weight, in order, each once."""
    found: dict[int, ast.stmt] = {}
    for event in trace.stored:
        inside = loop is not None and any(each is loop for each in event.place.loops)
        if event.name == weight and inside and event.place.statement is not None:
            found.setdefault(id(event.place.statement), event.place.statement)
    return tuple(found.values())


@dataclass
class Rate:
    """What scales the updates: names that could be the learning rate, the one that is, or a number for each weight.

    `named`: the names for each weight, `own`: the one for each, where they differ. `literals` may be items or
    attributes, too. `inverse`: what the updates of a weight are divided by, where nothing else scales them.
    """

    names: frozenset[str] = frozenset()
    name: str | None = None
    named: dict[str, frozenset[str]] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    literals: dict[str, ast.expr] = field(default_factory=dict)
    inverse: dict[str, ast.expr] = field(default_factory=dict)


def _literal(event: Stored, loop: Loop | None) -> ast.expr | None:
    """The one number that scales an update: in its own statement, or a small one elsewhere in the loop."""
    statement = event.place.statement
    literals = list({id(node): node for node in event.change.literals}.values())
    if statement is None or not literals:
        return None
    last = statement.end_lineno or statement.lineno
    own = [node for node in literals if any(part is node for part in ast.walk(statement))]
    if own:
        return own[0] if len(own) == 1 else None
    small = [node for node in literals if _is_small(node)]
    reached = loop is None or any(part in small for part in ast.walk(loop))
    return small[0] if len(literals) == len(small) == 1 and last and reached else None


def _is_small(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is float and abs(node.value) <= _MOST_RATE


def _divisor(event: Stored) -> ast.expr | None:
    """What an update is divided by in its own statement, if that is a rate's inverse by its name or its size."""
    for part in ast.walk(event.place.statement or ast.Pass()):
        match part:
            case ast.BinOp(op=ast.Div(), right=ast.Name(id=name) as divisor) if looks_like_rate(name):
                return None if name.lower().startswith("step") else divisor
            case ast.BinOp(op=ast.Div(), right=ast.Constant(value=int() | float() as value) as divisor):
                if value >= _LEAST_INVERSE:
                    return divisor
    return None


def _holds_small(trace: Trace, name: str) -> bool:
    held = trace.final.get(name)
    return held is not None and bool(held.literals) and all(map(_is_small, held.literals))


def find_rate(trace: Trace, weights: Mapping[str, str], loop: Loop | None) -> Rate:
    """Return what scales the updates in the loop, and after it where there are none."""
    updates = _updates(trace, weights)
    inside = [event for event in updates if any(each is loop for each in event.place.loops)] or updates
    scales = [frozenset(event.change.scale) - set(weights.values()) for event in inside if event.change.scale]
    common = frozenset.intersection(*scales) if scales else frozenset()
    likely = [name for name in sorted(common) if looks_like_rate(name)] or sorted(common)
    rate = Rate(frozenset().union(*scales), likely[0] if len(likely) == 1 else None)
    for role, name in weights.items():
        own = [event.change.scale for event in inside if event.name == name]
        rate.named[role] = frozenset().union(*own)
        rates = [each for each in sorted(rate.named[role]) if looks_like_rate(each) or _holds_small(trace, each)]
        if not common and len(rates) == 1:
            rate.own[role] = rates[0]
        divisors = [_divisor(event) for event in inside if event.name == name]
        if not rate.named[role] and divisors and divisors[0] is not None:
            rate.inverse[role] = divisors[0]
        for event in inside:
            literal = _literal(event, loop) if event.name == name else None
            if literal is not None:
                rate.literals.setdefault(role, literal)
    return rate
