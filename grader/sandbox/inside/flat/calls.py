"""Calls inside other statements, `losses.append(step())`, put in statements of their own: so they can be inlined."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence

from ..parsing import Statement
from .inline import SCOPES, called

__all__ = ["LATER", "in_statements"]

_NAME = "{}_gives"
LATER = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await)
"""What is evaluated later, or not at all: nothing in it can be taken out."""


def in_statements(statements: Sequence[Statement], functions: Collection[str]) -> list[Statement]:
    """The statements, with each call of one of `functions` in loops alone or all of what is assigned."""
    found: list[Statement] = []
    for each in statements:
        loop = isinstance(each.node, (ast.For, ast.While))
        if not loop or not any(_is_call(part, functions) for part in ast.walk(each.node)):
            found.append(each)
            continue
        node = _Taken(functions).visit(copy.deepcopy(each.node))
        assert isinstance(node, ast.stmt)
        found.append(Statement(node, each.filename, each.cell))
    return found


def _is_call(node: ast.AST, functions: Collection[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions


class _Taken(ast.NodeTransformer):
    def __init__(self, functions: Collection[str]) -> None:
        self._functions = functions
        self._made: list[ast.stmt] | None = None  # None: in no statement that may have others before it

    def visit(self, node: ast.AST) -> ast.AST | list[ast.AST]:
        """What to put in the place of `node`."""
        if isinstance(node, (*LATER, *SCOPES)):
            return node
        if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign)):
            return self._apart(node)
        self.generic_visit(node)
        if self._made is None or not isinstance(node, ast.Call) or not _is_call(node, self._functions):
            return node
        self._made.append(_kept(node))
        return ast.copy_location(ast.Name(_name(node), ast.Load()), node)

    def _apart(self, node: ast.Expr | ast.Assign | ast.AugAssign) -> ast.AST | list[ast.AST]:
        if called(node) is not None:
            return node
        made: list[ast.stmt] = []
        self._made = made
        self.generic_visit(node)
        self._made = None
        return [*made, node]


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    return _NAME.format(call.func.id)


def _kept(call: ast.Call) -> ast.stmt:
    return ast.fix_missing_locations(ast.copy_location(ast.Assign([ast.Name(_name(call), ast.Store())], call), call))
