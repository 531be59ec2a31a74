"""A script's checks of itself, made to end nothing: what it asserts of its own data need not hold for ours.

An assertion, and an `if` that raises or leaves, are asked and passed over; so is a statement that only looks at things
(`np.testing.assert_allclose(…)`, a plot) and raises. Where an error is caught by the script itself it stays.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

__all__ = ["is_onlooker", "without_guards"]

_LEAVES = frozenset({"exit", "quit", "_exit", "abort"})
_CHANGES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Delete,
    ast.Await,
)


class _Lenient(ast.NodeTransformer):
    def __init__(self) -> None:
        self._in_function = False

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.copy_location(ast.Expr(node.test), node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if not (isinstance(node.value, ast.Call) and _name(node.value.func).startswith("assert")):
            return node
        caught = ast.ExceptHandler(ast.Name("AssertionError", ast.Load()), None, [ast.Pass()])
        return ast.copy_location(ast.Try([node], [caught], [], []), node)

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._in_function:
            return node
        if _ends_it(node.body[-1]):
            node.body = [*node.body[:-1], ast.copy_location(ast.Pass(), node.body[-1])]
        if node.orelse and _ends_it(node.orelse[-1]):
            node.orelse = [*node.orelse[:-1], ast.copy_location(ast.Pass(), node.orelse[-1])]
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        around, self._in_function = self._in_function, True
        self.generic_visit(node)
        self._in_function = around
        return node


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _ends_it(node: ast.stmt) -> bool:
    match node:
        case ast.Raise(exc=ast.expr()):
            return True
        case ast.Expr(value=ast.Call(func=function)):
            return _name(function) in _LEAVES
        case _:
            return False


def without_guards(tree: ast.stmt) -> ast.stmt:
    """`tree`, changed in place; in functions only assertions are, what is under a `try` is left alone."""
    lenient = _Lenient().visit(tree)
    assert isinstance(lenient, ast.stmt)
    return lenient


def is_onlooker(node: ast.stmt, own: Collection[str]) -> bool:
    """Whether a statement binds and writes nothing, and calls none of the script's `own` functions."""
    for part in ast.walk(node):
        if isinstance(part, _CHANGES):
            return False
        if isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
            return False
        if isinstance(part, ast.Name) and part.id in own:
            return False
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and _writes(part.func.attr):
            return False
    return True


def _writes(method: str) -> bool:
    return method.endswith("_") or method in {
        "append",
        "extend",
        "insert",
        "fill",
        "update",
        "copyto",
        "backward",
        "step",
    }
