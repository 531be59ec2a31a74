"""Small changes to a program's syntax tree, each a slip that a person could make."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

__all__ = ["Mutation", "mutants"]

Mutation = tuple[str, Callable[[], ast.AST]]
"""What is changed, and a maker of the node to put in its place."""

_SWAPS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Gt: (ast.GtE, ast.Lt, ast.NotEq),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
_RENAMES = {
    "minimum": "maximum", "maximum": "minimum", "min": "max", "max": "min", "sum": "mean", "round": "floor",
    "rint": "floor", "floor": "ceil", "tril": "triu", "zeros": "ones", "zeros_like": "ones_like", "cumsum": "cumprod",
    "relu": "abs", "abs": "neg", "double": "half", "T": "H",
}  # fmt: skip
_CONSTANTS = {0: (1,), 1: (0, 2), 2: (1, 3), 0.5: (1, 0.25)}


def mutants(source: str) -> Iterator[tuple[str, int, str, ast.Module]]:
    """(function, line, what was changed, program) for each single change within the functions of `source`."""
    tree = ast.parse(source)
    for at, node in enumerate(ast.walk(tree)):
        for number, (title, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[at]
            replacement = list(_changes(target))[number][1]()
            program = ast.fix_missing_locations(_Replace(target, replacement).visit(changed))
            line = getattr(node, "lineno", 0)
            yield _owner(tree, line), line, title, program


def _owner(tree: ast.Module, line: int) -> str:
    for statement in tree.body:
        if statement.lineno <= line <= (statement.end_lineno or 0):
            return getattr(statement, "name", "")
    return ""


class _Replace(ast.NodeTransformer):
    """Puts one node in the place of another, wherever it stands."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def _with(node: ast.AST, **fields: object) -> Callable[[], ast.AST]:
    def make() -> ast.AST:
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    return make


def _changes(node: ast.AST) -> Iterator[Mutation]:
    for kind, change in _OF_KIND:
        if isinstance(node, kind):
            yield from change(node)


# ---------------------------------------------------------------------------- expressions
def _operators(node: ast.BinOp) -> Iterator[Mutation]:
    name = type(node.op).__name__
    for other in _SWAPS.get(type(node.op), ()):
        yield f"{name} becomes {other.__name__}", _with(node, op=other())
    if not isinstance(node.op, ast.Pow):
        yield f"left of {name} dropped", lambda: node.right
    yield f"right of {name} dropped", lambda: node.left
    if isinstance(node.op, (ast.Sub, ast.Div)):
        yield f"sides of {name} swapped", _with(node, left=node.right, right=node.left)
    if isinstance(node.op, (ast.Mult, ast.MatMult)):
        yield f"sign of {name} flipped", lambda: ast.UnaryOp(ast.USub(), node)


def _unary(node: ast.UnaryOp) -> Iterator[Mutation]:
    yield f"{type(node.op).__name__} dropped", lambda: node.operand


def _augmented(node: ast.AugAssign) -> Iterator[Mutation]:
    for other in _SWAPS.get(type(node.op), ()):
        yield f"{type(node.op).__name__}= becomes {other.__name__}=", _with(node, op=other())
    yield "augmented assignment becomes plain", lambda: ast.Assign([node.target], node.value)


def _comparison(node: ast.Compare) -> Iterator[Mutation]:
    for other in _SWAPS.get(type(node.ops[0]), ()):
        name = type(node.ops[0]).__name__
        yield f"{name} becomes {other.__name__}", _with(node, ops=[other(), *node.ops[1:]])


def _constant(node: ast.Constant) -> Iterator[Mutation]:
    if isinstance(node.value, bool):
        yield f"{node.value} flipped", _with(node, value=not node.value)
    elif isinstance(node.value, (int, float)):
        for other in _CONSTANTS.get(node.value, (node.value + 1,)):
            yield f"{node.value} becomes {other}", _with(node, value=other)


def _index(node: ast.Subscript) -> Iterator[Mutation]:
    """Each place of an index or slice one earlier and one later."""
    if not isinstance(node.ctx, ast.Load):
        return
    places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for at, place in enumerate(places):
        for new, title in _moved(place):
            rest = [*places[:at], new, *places[at + 1 :]]
            whole = ast.Tuple(rest, ast.Load()) if isinstance(node.slice, ast.Tuple) else rest[0]
            yield f"index {title}", _with(node, slice=whole)


def _moved(place: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    if isinstance(place, (ast.Name, ast.BinOp)):
        yield _plus(place, ast.Sub()), "one earlier"
        yield _plus(place, ast.Add()), "one later"
    if isinstance(place, ast.Slice):
        lower, upper = place.lower, place.upper
        yield ast.Slice(_plus(lower, ast.Add()) if lower else ast.Constant(1), upper, place.step), "starts later"
        yield ast.Slice(lower, _plus(upper, ast.Sub()) if upper else ast.Constant(-1), place.step), "ends earlier"
        if upper:
            yield ast.Slice(lower, None, place.step), "runs to the end"
        if lower:
            yield ast.Slice(None, upper, place.step), "starts at the front"
        if place.step:
            yield ast.Slice(lower, upper, None), "not reversed"


def _plus(value: ast.expr, op: ast.operator) -> ast.BinOp:
    return ast.BinOp(value, op, ast.Constant(1))


def _call(node: ast.Call) -> Iterator[Mutation]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name == "range":
        for at, arg in enumerate(node.args):
            for op in (ast.Add(), ast.Sub()):
                args = [*node.args[:at], _plus(arg, op), *node.args[at + 1 :]]
                yield f"bound of range {type(op).__name__} 1", _with(node, args=args)
    for at in range(len(node.args) - 1):
        args = [*node.args]
        args[at], args[at + 1] = args[at + 1], args[at]
        yield f"arguments {at} and {at + 1} of {name} swapped", _with(node, args=args)
    if len(node.args) == 1 and name not in {"range", "len"}:
        argument = node.args[0]
        yield f"{name}() dropped", lambda: ast.Call(ast.Name("list", ast.Load()), [argument], []) \
            if name == "reversed" else argument  # fmt: skip
    if isinstance(node.func, ast.Attribute) and not node.args:
        yield f".{name}() dropped", lambda: node.func.value  # type: ignore[attr-defined]
    for at, keyword in enumerate(node.keywords):
        yield f"{keyword.arg}= dropped", _with(node, keywords=[*node.keywords[:at], *node.keywords[at + 1 :]])
        if keyword.arg in {"min", "max"}:
            other = ast.keyword({"min": "max", "max": "min"}[keyword.arg], keyword.value)
            yield f"{keyword.arg}= becomes {other.arg}=", _with(node, keywords=[other])


def _name(node: ast.Attribute) -> Iterator[Mutation]:
    if node.attr in _RENAMES:
        yield f".{node.attr} becomes .{_RENAMES[node.attr]}", _with(node, attr=_RENAMES[node.attr])


def _choice(node: ast.IfExp) -> Iterator[Mutation]:
    yield "always the first of two values", lambda: node.body
    yield "always the second of two values", lambda: node.orelse


def _tuple(node: ast.Tuple) -> Iterator[Mutation]:
    for at in range(len(node.elts) - 1):
        elements = [*node.elts]
        elements[at], elements[at + 1] = elements[at + 1], elements[at]
        yield f"parts {at} and {at + 1} of a tuple swapped", _with(node, elts=elements)


# ---------------------------------------------------------------------------- statements
def _statement(node: ast.stmt) -> Iterator[Mutation]:
    yield f"{type(node).__name__} removed", ast.Pass


def _branch(node: ast.If) -> Iterator[Mutation]:
    yield "If becomes always", _with(node, test=ast.Constant(value=True))


def _sign(node: ast.Return) -> Iterator[Mutation]:
    if node.value is not None and not isinstance(node.value, ast.Tuple):
        yield "sign of the result flipped", _with(node, value=ast.UnaryOp(ast.USub(), node.value))


_OF_KIND: tuple[tuple[type | tuple[type, ...], Callable[..., Iterator[Mutation]]], ...] = (
    (ast.BinOp, _operators),
    (ast.UnaryOp, _unary),
    (ast.AugAssign, _augmented),
    (ast.Compare, _comparison),
    (ast.Constant, _constant),
    (ast.Subscript, _index),
    (ast.Call, _call),
    (ast.Attribute, _name),
    (ast.IfExp, _choice),
    (ast.Tuple, _tuple),
    ((ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.While), _statement),
    (ast.If, _branch),
    (ast.Return, _sign),
)
