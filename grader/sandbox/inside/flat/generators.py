"""Training in a comprehension or a generator, written as the loop that it is.

`losses = [step(i) for i in range(n)]` becomes a loop that appends; of `losses = list(train(n))` and
`for loss in train(n): …`, where `train` is a generator, each `yield` becomes what is done with its value.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Sequence

from ..parsing import Statement
from .inline import SCOPES, local_names, own_nodes

__all__ = ["as_loops"]

_COLLECTS = frozenset({"list", "tuple", "array", "deque", "sum"})


def as_loops(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with comprehensions that call a function working on globals and such generators as loops."""
    functions = {each.node.name: each.node for each in statements if isinstance(each.node, ast.FunctionDef)}
    uses = Counter(part.id for each in statements for part in ast.walk(each.node) if isinstance(part, ast.Name))
    working = {name: node for name, node in functions.items() if _works_on_globals(node) and uses[name] == 1}
    changed: dict[str, ast.FunctionDef] = {}
    found: list[Statement] = []
    for each in statements:
        made = _comprehension(each.node, working) or _generator(each.node, working, changed)
        if made is None:
            found.append(each)
            continue
        found += [Statement(ast.fix_missing_locations(node), each.filename, each.cell) for node in made]
    return [
        Statement(changed[each.node.name], each.filename, each.cell)
        if isinstance(each.node, ast.FunctionDef) and each.node.name in changed
        else each
        for each in found
    ]


def _works_on_globals(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Global) for node in own_nodes(function))


def _called(value: ast.expr, working: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    match value:
        case ast.Call(func=ast.Name(id=name)):
            return working.get(name)
        case _:
            return None


def _kept(node: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name that a statement binds and what it is made of, without the `list` around that."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=function, args=[value, *_])):
            last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            return (name, value) if last in _COLLECTS else None
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case _:
            return None


def _comprehension(node: ast.stmt, working: dict[str, ast.FunctionDef]) -> list[ast.stmt] | None:
    name, made = _kept(node) or ("", None)
    if not isinstance(made, (ast.ListComp, ast.GeneratorExp)) or len(made.generators) != 1:
        return None
    function, over = _called(made.elt, working), made.generators[0]
    if function is None or over.ifs or over.is_async or _is_generator(function):
        return None
    item = f"{name}_item"
    body = [ast.Assign([ast.Name(item, ast.Store())], made.elt), *_append(name, ast.Name(item, ast.Load()))]
    loop = ast.For(over.target, over.iter, [ast.copy_location(part, made) for part in body], [])
    return [ast.copy_location(part, node) for part in (_empty(name), loop)]


def _generator(
    node: ast.stmt, working: dict[str, ast.FunctionDef], changed: dict[str, ast.FunctionDef]
) -> list[ast.stmt] | None:
    kept = _kept(node)
    each: list[ast.stmt] = []
    target: ast.Name | None = None
    match node:
        case ast.For(target=ast.Name() as target, iter=call, body=body, orelse=[]) if not _breaks(body):
            name, each = "", body
        case _ if kept is not None:
            name, call = kept
        case _:
            return None
    function = _called(call, working)
    if function is None or not _yields_only(function):
        return None
    inner = {target.id if target else name}.union(*map(_stored, each))
    if inner & local_names(function) or name in {part.id for part in ast.walk(function) if isinstance(part, ast.Name)}:
        return None
    twin = _Yields(name, target, each).visit(copy.deepcopy(function))
    twin.body.insert(0, ast.copy_location(ast.Global(sorted(inner)), function.body[0]))
    changed[function.name] = ast.fix_missing_locations(twin)
    expression = ast.copy_location(ast.Expr(call), node)
    return [ast.copy_location(_empty(name), node), expression] if name else [expression]


class _Yields(ast.NodeTransformer):
    """Puts in the place of each `yield` what is done with its value."""

    def __init__(self, name: str, target: ast.expr | None, body: Sequence[ast.stmt]) -> None:
        self._name, self._target, self._body = name, target, body

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        if not isinstance(node.value, ast.Yield):
            return node
        value = node.value.value or ast.Constant(None)
        if self._target is None:
            return [ast.copy_location(part, node) for part in _append(self._name, value)]
        bound = ast.copy_location(ast.Assign([copy.deepcopy(self._target)], value), node)
        return [bound, *copy.deepcopy(list(self._body))]


def _append(name: str, value: ast.expr) -> list[ast.stmt]:
    return [ast.Expr(ast.Call(ast.Attribute(ast.Name(name, ast.Load()), "append", ast.Load()), [value], []))]


def _empty(name: str) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load()))


def _is_generator(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own_nodes(function))


def _yields_only(function: ast.FunctionDef) -> bool:
    """Whether a function is a generator whose yields are statements, and that returns nothing."""
    nodes = list(own_nodes(function))
    yields = [node for node in nodes if isinstance(node, (ast.Yield, ast.YieldFrom))]
    alone = [node.value for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield)]
    return bool(yields) and len(yields) == len(alone) and not any(isinstance(node, ast.Return) for node in nodes)


def _stored(node: ast.stmt) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _breaks(body: Sequence[ast.stmt]) -> bool:
    """Whether a body leaves or skips its loop, or defines something."""
    parts = [part for node in body for part in ast.walk(node)]
    return any(isinstance(part, (ast.Break, ast.Continue, *SCOPES)) for part in parts)
