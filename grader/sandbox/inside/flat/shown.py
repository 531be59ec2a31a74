"""What a script only shows, `print(run(X_test)[1])`, given names, so that it can be looked at."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

from ..parsing import Statement
from .calls import LATER

__all__ = ["told", "with_names"]

_NAME = "shown {}"  # with a space: no script has it
_TOLD = "what it prints"
_OWN = (ast.Call, ast.Subscript)


def with_names(statements: Sequence[Statement], after: int) -> list[Statement]:
    """The statements; in expressions that stand alone after the one at `after` each call and item has a name."""
    found: list[Statement] = []
    namer = _Namer()
    for index, each in enumerate(statements):
        node = each.node
        if index <= after or not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            found.append(each)
            continue
        namer.made = []
        twin = copy.deepcopy(node)
        assert isinstance(twin.value, ast.Call)
        twin.value.args = [namer.named(part) for part in twin.value.args]
        found += [Statement(made, each.filename, each.cell) for made in (*namer.made, twin)]
    return found


def told(name: str) -> str:
    """What a person may call a name."""
    return _TOLD if name.startswith(_NAME.format("")) else name


class _Namer(ast.NodeTransformer):
    """Puts names in the place of calls and items, innermost first; `made` are the assignments."""

    def __init__(self) -> None:
        self.made: list[ast.stmt] = []
        self._count = 0

    def named(self, node: ast.expr) -> ast.expr:
        """`node` with names in it."""
        changed = self.visit(node)
        assert isinstance(changed, ast.expr)
        return changed

    def visit(self, node: ast.AST) -> ast.AST:
        """What to put in the place of `node`."""
        if isinstance(node, LATER):
            return node
        if isinstance(node, ast.Call):  # what is called stays
            node.args = [self.named(part) for part in node.args]
            if isinstance(node.func, ast.Attribute):
                node.func.value = self.named(node.func.value)
        else:
            self.generic_visit(node)
        return self._bound(node) if isinstance(node, _OWN) else node

    def _bound(self, node: ast.expr) -> ast.expr:
        self._count += 1
        name = _NAME.format(self._count)
        bound = ast.Assign([ast.Name(name, ast.Store())], node)
        self.made.append(ast.fix_missing_locations(ast.copy_location(bound, node)))
        return ast.copy_location(ast.Name(name, ast.Load()), node)
