"""Calls of the hook, put into a script's syntax tree: after what binds a role, around the loop, after each update."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ..parsing import Statement
from .inline import SCOPES
from .roles import Roles

__all__ = ["instrument"]

_BEFORE = ("SeqL", "NbSeq", "X_train", "X_test", "Wxs", "Wrec", "l_r", "l_r of Wrec", "relu", "relu_derivative")
"""Roles whose names get our values wherever the script binds them before its loop."""
_AFTER = ("X_test",)
"""The same, after the loop."""
_RATES = frozenset({"rate", "inverse"})
_PLACED = (ast.stmt, ast.expr, ast.keyword)
_N = TypeVar("_N", bound=ast.AST)


def instrument(statements: Sequence[Statement], roles: Roles, hook: str) -> list[Statement]:
    """`statements`, copied, with calls of `hook` in them; places (line numbers) stay as they are."""
    maker = _Instrument(roles, hook)
    return [
        Statement(node, statement.filename, statement.cell)
        for index, statement in enumerate(statements)
        for node in maker.top(index, statement.node)
    ]


class _Instrument:
    """Rewrites one script. Nodes that roles speak of are known by identity: they are marked before the copy."""

    def __init__(self, roles: Roles, hook: str) -> None:
        self._roles, self._hook = roles, hook
        self._loop_at = roles.loop_at
        self._role_of: dict[str, list[str]] = {}
        for role in _BEFORE:
            if role in roles.names:
                self._role_of.setdefault(roles.names[role], []).append(role)

    def top(self, index: int, node: ast.stmt) -> list[ast.stmt]:
        """A top-level statement and what follows it."""
        node = _marked(node, self._roles)
        if self._loop_at is not None and index == self._loop_at:
            return [_fixed(part, node) for part in self._around_loop([node])]
        allowed = _BEFORE if self._loop_at is None or index < self._loop_at else _AFTER
        found = self._in_body(node, allowed)
        late = self._calls(_changed(node) - _bound(node), allowed, node)
        return [_fixed(part, node) for part in (*found, *late)]

    # ------------------------------------------------------------------ bindings
    def _in_body(self, node: ast.stmt, allowed: tuple[str, ...]) -> list[ast.stmt]:
        """`node`, hook calls after each binding inside it, and after itself."""
        if isinstance(node, SCOPES):
            return [node, *self._calls({node.name}, allowed, node)]
        _each_body(node, lambda inner: self._in_body(inner, allowed))
        names = _bound(node)
        row = [self._call("row", at=node)] if _mark_of(node) == "row" else []
        return [node, *self._calls(names, allowed, node), *row]

    def _calls(self, names: set[str], allowed: tuple[str, ...], at: ast.stmt) -> list[ast.stmt]:
        roles = [role for name in sorted(names) for role in self._role_of.get(name, ()) if role in allowed]
        return [self._call("bound", *roles, at=at)] if roles else []

    def _call(self, method: str, *arguments: str, at: ast.AST) -> ast.stmt:
        return _fixed(ast.Expr(self._reach(method, [ast.Constant(value) for value in arguments])), at)

    def _reach(self, method: str, arguments: list[ast.expr]) -> ast.Call:
        return ast.Call(ast.Attribute(ast.Name(self._hook, ast.Load()), method, ast.Load()), arguments, [])

    # ------------------------------------------------------------------ the loop
    def _around_loop(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """A list of statements, one of which is the training loop or holds it."""
        found: list[ast.stmt] = []
        before = True
        for node in body:
            if _mark_of(node) == "loop":
                assert isinstance(node, (ast.For, ast.While))
                found += [self._call("enter", at=node), self._loop(node), self._call("leave", at=node)]
                before = False
            elif before and any(_mark_of(part) == "loop" for part in ast.walk(node)):
                _each_list(node, self._around_loop)
                found.append(node)
                before = False
            else:
                found += self._in_body(node, _BEFORE if before else _AFTER)
        return found

    def _loop(self, loop: ast.For | ast.While) -> ast.For | ast.While:
        if isinstance(loop, ast.For):
            loop.iter = _fixed(self._reach("take", [loop.iter]), loop.iter)
        else:
            more = self._reach("more", [])
            loop.test = _fixed(ast.BoolOp(ast.And(), [more, loop.test]), loop.test)
        last = self._last_of_forward(loop.body)
        body: list[ast.stmt] = []
        for index, node in enumerate(loop.body):
            body += self._updates(node)
            if index == last:
                body.append(self._call("states", at=node))
        loop.body = body
        return loop

    def _last_of_forward(self, body: Sequence[ast.stmt]) -> int | None:
        """Index of the statement that changes the states last, if it is not the one that updates a weight."""
        states = {self._roles.names[role] for role in ("S", "Y") if role in self._roles.names}
        changing = [i for i, node in enumerate(body) if states & (_changed(node) | _bound(node))]
        if not changing or any(_mark_of(part).startswith("update") for part in ast.walk(body[changing[-1]])):
            return None
        return changing[-1]

    def _updates(self, node: ast.stmt) -> list[ast.stmt]:
        """`node`, with notes taken after each statement in it that updates a weight."""
        _each_body(node, self._updates)
        for part in list(ast.walk(node)):
            for name, value in ast.iter_fields(part):
                if isinstance(value, list):
                    value[:] = [self._rate(each) for each in value]
                else:
                    setattr(part, name, self._rate(value))
        mark = _mark_of(node)
        if not mark.startswith("update"):
            return [node]
        return [node, self._call("updated", *mark.split()[1:], at=node)]

    def _rate(self, value: object) -> object:
        """`value`, our rate (or its inverse) in its place where it is marked."""
        if not isinstance(value, ast.expr) or _mark_of(value) not in _RATES:
            return value
        return _fixed(self._reach(_mark_of(value), [value]), value)


# ---------------------------------------------------------------------------- marks
def _marked(node: ast.stmt, roles: Roles) -> ast.stmt:
    """A copy of `node` in which the loop, the updates and the literal rates carry a mark."""
    marks: dict[int, str] = {}
    if roles.loop is not None:
        marks[id(roles.loop)] = "loop"
    for w, statements in roles.updates.items():
        for statement in statements:
            marks[id(statement)] = f"{marks.get(id(statement), 'update')} {w}"
    for literal in roles.rate_literal.values():
        marks[id(literal)] = "rate"
    for statement in roles.rows:
        marks[id(statement)] = "row"
    for divisor in roles.rate_inverse.values():
        marks[id(divisor)] = "inverse"
    twin = copy.deepcopy(node)
    for old, new in zip(ast.walk(node), ast.walk(twin), strict=True):
        if id(old) in marks:
            new._grader_mark = marks[id(old)]  # type: ignore[attr-defined] # noqa: SLF001 - our own attribute
    return twin


def _mark_of(node: ast.AST) -> str:
    return getattr(node, "_grader_mark", "")


# ---------------------------------------------------------------------------- trees
def _fixed(node: _N, at: ast.AST) -> _N:
    """`node` and its new parts, placed where `at` is."""
    for part in ast.walk(node):
        if isinstance(part, _PLACED) and not hasattr(part, "lineno"):
            ast.copy_location(part, at)
    return node


def _each_list(node: ast.AST, change: Callable[[list[ast.stmt]], list[ast.stmt]]) -> None:
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            value[:] = change(value)
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, (ast.ExceptHandler, ast.match_case)):
                    _each_list(part, change)


def _each_body(node: ast.AST, change: Callable[[ast.stmt], list[ast.stmt]]) -> None:
    """Replace each statement in the bodies of `node` by what `change` makes of it; functions are left alone."""
    if isinstance(node, SCOPES):
        return
    _each_list(node, lambda body: [part for inner in body for part in change(inner)])


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Assign():
            yield from node.targets
        case ast.AugAssign() | ast.AnnAssign() | ast.For() | ast.NamedExpr():
            yield node.target
        case ast.With():
            yield from (item.optional_vars for item in node.items if item.optional_vars is not None)


def _names(target: ast.expr, *, whole: bool) -> Iterator[str]:
    match target:
        case ast.Name():
            yield target.id
        case ast.Tuple() | ast.List():
            for part in target.elts:
                yield from _names(part, whole=whole)
        case ast.Starred():
            yield from _names(target.value, whole=whole)
        case ast.Subscript() | ast.Attribute() if not whole:
            yield from _names(target.value, whole=whole)


def _bound(node: ast.stmt) -> set[str]:
    """Names that `node` itself binds, not what is inside it: assignments, imports, definitions."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    return {name for target in _targets(node) for name in _names(target, whole=True)}


def _changed(node: ast.AST) -> set[str]:
    """Names whose objects `node` changes anywhere: assigned, written into, or told to by a method ending in `_`."""
    found: set[str] = set()
    for part in ast.walk(node):
        found |= {name for target in _targets(part) for name in _names(target, whole=False)}
        match part:
            case ast.Call(func=ast.Attribute(attr=method, value=value)) if method.endswith("_") or method in _GROWS:
                found |= set(_names(value, whole=False))
            case ast.keyword(arg="out", value=value):
                found |= set(_names(value, whole=False))
    return found


_GROWS = frozenset({"append", "extend", "insert", "fill"})
