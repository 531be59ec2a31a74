"""The body of a function in place of its one call: parameters become assignments, the last `return` a value."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence

__all__ = ["SCOPES", "arguments", "binds", "called", "expand", "local_names", "movable", "own_nodes"]

_NO_GRADIENT = frozenset({"no_grad", "inference_mode", "enable_grad", "set_grad_enabled"})
_READS_FRAMES = frozenset({"locals", "vars", "exec", "eval", "globals"})
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes below `node` that run with it: not what stands inside functions and classes defined there."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, SCOPES):
            yield from own_nodes(child)


def called(node: ast.stmt) -> ast.Call | None:
    """The call of a named function that is all of a statement, or all of the value that it assigns."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name()) as call):
            return call
        case ast.Assign(value=ast.Call(func=ast.Name()) as call):
            return call
        case _:
            return None


def binds(node: ast.AST) -> set[str]:
    """Names that a node itself binds, not what is below it."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return {name}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.ExceptHandler(name=str(name)):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).split(".")[0] for alias in names}
        case _:
            return set()


def local_names(function: ast.FunctionDef) -> set[str]:
    """Parameters and names bound in the body, without those declared global."""
    spec = function.args
    found = {parameter.arg for parameter in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]}
    found |= {extra.arg for extra in (spec.vararg, spec.kwarg) if extra}
    shared: set[str] = set()
    for node in own_nodes(function):
        found |= binds(node)
        if isinstance(node, ast.Global):
            shared |= set(node.names)
    return found - shared


def movable(function: ast.FunctionDef) -> bool:
    """Whether the body may stand elsewhere: it returns at its end at most, yields nothing and looks at no frame."""
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not (isinstance(target, ast.Attribute) and target.attr in _NO_GRADIENT):
            return False
    last = function.body[-1]
    for node in ast.walk(function):
        if isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await, ast.Nonlocal)):
            return False
        if isinstance(node, ast.Name) and (node.id in _READS_FRAMES or node.id == function.name):
            return False
    return all(node is last for node in own_nodes(function) if isinstance(node, ast.Return))


def arguments(function: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr] | None:
    """What each parameter is given; None where the call does not tell."""
    spec = function.args
    positional = [parameter.arg for parameter in [*spec.posonlyargs, *spec.args]]
    names = [*positional, *(parameter.arg for parameter in spec.kwonlyargs)]
    starred = any(isinstance(value, ast.Starred) for value in call.args)
    if spec.vararg or spec.kwarg or starred or len(call.args) > len(positional):
        return None
    given = dict(zip(positional, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in names or keyword.arg in given:
            return None
        given[keyword.arg] = keyword.value
    later = positional[len(positional) - len(spec.defaults) :]
    defaults: dict[str, ast.expr] = dict(zip(later, spec.defaults, strict=True))
    defaults |= {p.arg: value for p, value in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if value}
    given = {**defaults, **given}
    return {name: given[name] for name in names} if given.keys() == set(names) else None


class _Renamer(ast.NodeTransformer):
    """Gives names of one scope others, in functions inside only where they do not bind the name themselves."""

    def __init__(self, renamed: dict[str, str]) -> None:
        self._renamed = renamed

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._renamed.get(node.id, node.id)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._renamed.get(node.name or "", node.name or "") or None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        inner = _Renamer({old: new for old, new in self._renamed.items() if old not in local_names(node)})
        node.name = self._renamed.get(node.name, node.name)
        node.body = [inner.visit(child) for child in node.body]
        return node


def _no_globals(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for node in body:
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if inner and not isinstance(node, SCOPES):
                setattr(node, field, _no_globals(inner) or ([ast.copy_location(ast.Pass(), node)] * (field == "body")))
        if not isinstance(node, ast.Global):
            kept.append(node)
    return kept


def _ending(call: ast.stmt, value: ast.expr | None) -> ast.stmt | None:
    """The statement that the call stood in, with what the function returned in the call's place."""
    match call:
        case ast.Assign(targets=targets):
            value = value or ast.copy_location(ast.Constant(None), call)
            return ast.copy_location(ast.Assign(targets=targets, value=value), call)
        case _:
            return ast.copy_location(ast.Expr(value), value) if value else None


def _heads(given: dict[str, ast.expr]) -> list[ast.stmt]:
    """Assign arguments to parameters: one by one, or all at once where one would overwrite what another reads."""
    given = {name: value for name, value in given.items() if not (isinstance(value, ast.Name) and value.id == name)}
    if not given:
        return []
    read = {part.id for value in given.values() for part in ast.walk(value) if isinstance(part, ast.Name)}
    heads: list[ast.Assign] = []
    for name, value in given.items():
        heads.append(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], copy.deepcopy(value)), value))
    if read & given.keys():
        targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in given]
        values = ast.Tuple([head.value for head in heads], ast.Load())
        heads = [ast.copy_location(ast.Assign([ast.Tuple(targets, ast.Store())], values), heads[0])]
    return [ast.fix_missing_locations(head) for head in heads]


def expand(function: ast.FunctionDef, call: ast.stmt, renamed: dict[str, str]) -> list[ast.stmt] | None:
    """Return what may stand in place of `call`: its arguments assigned, the body, its result assigned.

    `renamed` maps locals to the names that they get. None where the call cannot be taken apart. Line numbers stay.
    """
    expression = called(call)
    given = arguments(function, expression) if expression else None
    if given is None:
        return None
    body = copy.deepcopy(function.body)
    if renamed:
        body = [_Renamer(renamed).visit(node) for node in body]
    heads = _heads({renamed.get(name, name): value for name, value in given.items()})
    value = None
    if isinstance(body[-1], ast.Return):
        value = body[-1].value
        body = body[:-1]
    for decorator in reversed(function.decorator_list):
        manager = decorator if isinstance(decorator, ast.Call) else ast.Call(decorator, [], [])
        item = ast.withitem(context_expr=ast.copy_location(manager, decorator))
        body = [ast.copy_location(ast.With(items=[item], body=body or [ast.Pass()]), function)]
    ending = _ending(call, value)
    expanded = [*heads, *_no_globals(body), *([ending] if ending else [])]
    return [ast.fix_missing_locations(node) for node in expanded]
