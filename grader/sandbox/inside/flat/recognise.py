"""Whether a program is in the exercise's flat style, before anything of it has run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from ..parsing import Statement
from ..survey import is_flat
from .straighten import straighten

__all__ = ["looks_flat"]

_TRAINING = ("forward", "bptt_gradients", "train")


def looks_flat(statements: Sequence[Statement], theirs: Mapping[str, str], companions: Sequence[str]) -> bool:
    """Whether none of the training's functions (under the names `theirs`) is defined and something trains at top level.

    A function may also come from a companion, whose text `companions` holds.
    """
    names = {theirs[function].partition(".")[0] for function in _TRAINING}
    nodes = [statement.node for statement in statements]
    if names & set(_bound(nodes)):
        return False
    pattern = re.compile(rf"^\s*(?:def\s+|import\s.*|)(?:{'|'.join(map(re.escape, names))})\b\s*[(=]", re.MULTILINE)
    if any(pattern.search(text) for text in companions) and any(_takes_all(node) for node in nodes):
        return False
    return is_flat([statement.node for statement in straighten(statements)], {})


def _takes_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _bound(nodes: Sequence[ast.stmt]) -> Iterator[str]:
    """Names that top-level code binds: assigned, defined or imported, not inside functions."""
    for node in nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
                continue
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
                continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from _bound([child])
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                yield from _bound(child.body)
            else:
                yield from (
                    part.id
                    for part in ast.walk(child)
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
                )
