"""Which name of a script plays which role: by the exercise's names first, else by what its values are made of.

A wrong guess is worse than none: an unfound role blocks only the checks that need it, a wrong one accuses falsely.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..parsing import Statement
from .dataflow import follow
from .evidence import Evidence
from .names import OWN, bound_at_top, by_variant, callables
from .trace import Trace
from .training import Rate, find_loop, find_rate, updates_of
from .weights import find_weights

__all__ = ["Roles", "find_roles"]

_FUNCTIONS = ("relu", "relu_derivative")
_WEIGHTS = ("Wxs", "Wrec")
_ORDER = ("Y", "S", "T_train", "X_train", "X_test", "T_test", "predictions", "SeqL", "NbSeq")
_SHARED = frozenset({"predictions"})


@dataclass(frozen=True)
class Roles:
    """Which name of the script plays which role; a role that was not found is not there.

    `names`: role -> name. Roles: SeqL NbSeq X_train X_test T_train T_test Wxs Wrec l_r S Y relu relu_derivative
    predictions. `how`: role -> "name" (the exercise's own, or a usual spelling), "data flow" or "map". `loop` is the
    training loop's node (identity), `loop_at` the index of the top-level statement that holds it. `updates`: for "Wxs"
    and "Wrec" the statements in the loop that change that weight (identity). `rate_literal`: where no learning
    rate with a name scales the updates of "Wxs" or "Wrec", the number that does; `rate_inverse`: the one that divides
    them. Where the rates of both weights have names of their own, that of "Wrec" plays "l_r of Wrec". `states`: the
    training loop changes what plays Y. `rows`: the statements that give a row of predictions each, where the name that
    plays these holds one at a time.
    """

    names: Mapping[str, str]
    how: Mapping[str, str]
    loop: ast.For | ast.While | None
    loop_at: int | None
    updates: Mapping[str, tuple[ast.stmt, ...]]
    rate_literal: Mapping[str, ast.expr]
    rate_inverse: Mapping[str, ast.expr] = field(default_factory=dict)
    states: bool = False
    rows: tuple[ast.stmt, ...] = ()


class _Finder:
    """Collects names for roles; a name plays one role."""

    def __init__(self, nodes: Sequence[ast.stmt], mapping: Mapping[str, str]) -> None:
        self.names: dict[str, str] = {role: name for role, name in mapping.items() if role in (*OWN, *_SHARED)}
        self.how = dict.fromkeys(self.names, "map")
        self.bound = list(dict.fromkeys(bound_at_top(nodes)))
        self.callables = callables(nodes)

    def free(self, role: str, name: str) -> bool:
        return role in _SHARED or name not in {n for r, n in self.names.items() if r not in _SHARED}

    def take(self, role: str, name: str | None, how: str) -> None:
        if name is not None and role not in self.names and self.free(role, name):
            self.names[role], self.how[role] = name, how

    def own(self, role: str) -> str | None:
        """The exercise's own name of a role, if the script binds it."""
        name = OWN.get(role)
        known = self.callables if role in _FUNCTIONS else self.bound
        return name if name in known else None

    def by_name(self, role: str, allowed: Sequence[str] | None = None) -> None:
        """Take the exercise's own name; else a usual spelling, where it is among `allowed` (None: any)."""
        self.take(role, self.own(role), "name")
        known = list(self.callables) if role in _FUNCTIONS else self.bound
        for name in by_variant(role, known):
            if allowed is None or name in allowed:
                self.take(role, name, "name")


def _take_weights(finder: _Finder, trace: Trace) -> None:
    """Name the weights: the exercise's names, unless a forward pass has others and these are never updated."""
    found = find_weights(trace, finder.names)
    updated = {event.name for event in trace.stored if event.how != "fresh"}
    for role in ("Wxs", "Wrec"):
        own = finder.own(role)
        if own is not None and (not found or own in found.values() or own in updated):
            finder.take(role, own, "name")
    found = find_weights(trace, finder.names)
    for role in ("Wxs", "Wrec"):
        name = found.get(role)
        finder.take(role, name, "name" if name in by_variant(role, finder.bound) else "data flow")
        if not found:
            finder.by_name(role)


def _take_rate(finder: _Finder, rate: Rate) -> None:
    """Name the learning rate, or that of each weight."""
    kept = any(isinstance(node, (ast.Subscript, ast.Attribute)) for node in rate.literals.values())
    if len(rate.own) == len(_WEIGHTS):
        finder.take("l_r", rate.own["Wxs"], "data flow")
        finder.take("l_r of Wrec", rate.own["Wrec"], "data flow")
    elif (rate.name is None and not kept and not rate.inverse) or "l_r" in rate.names:
        finder.take("l_r", finder.own("l_r"), "name")
    finder.take("l_r", next((name for name in by_variant("l_r", finder.bound) if name in rate.names), None), "name")
    finder.take("l_r", rate.name, "data flow")


def find_roles(statements: Sequence[Statement], mapping: Mapping[str, str]) -> Roles:
    """Find the roles in straightened statements; `mapping` (role -> name) is believed. Raises nothing."""
    try:
        return _find([statement.node for statement in statements], mapping)
    except RecursionError:  # branches thousands deep
        return Roles(dict(mapping), dict.fromkeys(mapping, "map"), None, None, {"Wxs": (), "Wrec": ()}, {})


def _find(nodes: Sequence[ast.stmt], mapping: Mapping[str, str]) -> Roles:
    finder = _Finder(nodes, mapping)
    trace = follow(nodes)
    _take_weights(finder, trace)
    weights: dict[str, str] = {role: finder.names[role] for role in ("Wxs", "Wrec") if role in finder.names}
    if not weights:
        return Roles(finder.names, finder.how, None, None, {"Wxs": (), "Wrec": ()}, {})
    trace = follow(nodes, frozenset(weights.values()))
    loop, loop_at = find_loop(trace, weights)
    updates = {role: updates_of(trace, weights.get(role), loop) for role in ("Wxs", "Wrec")}
    evidence = Evidence(trace, loop, weights)
    rate = find_rate(trace, weights, loop)
    _take_rate(finder, rate)
    for role in _FUNCTIONS:
        finder.by_name(role)
    for role, name in evidence.helpers().items():
        finder.take(role, name, "data flow")
    for role in _ORDER:
        candidates = evidence.candidates(role, finder.names)
        own = finder.own(role)
        if own is not None and evidence.contradicts(role, own, candidates):
            own = None
        finder.take(role, own, "name")
        for name in by_variant(role, candidates):
            finder.take(role, name, "name")
        finder.take(role, candidates[0] if len(candidates) == 1 else None, "data flow")
    rates = {finder.names.get("l_r"), finder.names.get("l_r of Wrec")}
    literal = {role: node for role, node in rate.literals.items() if not rates & rate.named[role]}
    inverse = {role: node for role, node in rate.inverse.items() if role not in literal}
    rows: tuple[ast.stmt, ...] = ()
    if "predictions" not in finder.names and "X_test" in finder.names:
        name, rows = evidence.rows(finder.names["X_test"])
        finder.take("predictions", name or None, "data flow")
    states = evidence.is_changed(finder.names.get("Y", ""))
    return Roles(finder.names, finder.how, loop, loop_at, updates, literal, inverse, states, rows)
