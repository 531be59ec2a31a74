"""Whether a program is in the exercise's flat style, before anything of it has run."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from ..parsing import Statement
from ..survey import is_flat
from .inline import binds, own_nodes
from .straighten import straighten

__all__ = ["looks_flat"]

_TRAINING = ("forward", "bptt_gradients", "train")


def looks_flat(statements: Sequence[Statement], theirs: Mapping[str, str], companions: Sequence[str]) -> bool:
    """Whether none of the training's functions (under the names `theirs`) is defined and something trains at top level.

    A function may also come from a companion, whose text `companions` holds.
    """
    names = {theirs[function].partition(".")[0] for function in _TRAINING}
    nodes = [statement.node for statement in statements]
    if any(names & binds(part) for node in nodes for part in (node, *own_nodes(node))):
        return False
    pattern = re.compile(rf"^\s*(?:def\s+|import\s.*|)(?:{'|'.join(map(re.escape, names))})\b\s*[(=]", re.MULTILINE)
    if any(pattern.search(text) for text in companions) and any(_takes_all(node) for node in nodes):
        return False
    return is_flat([statement.node for statement in straighten(statements)], {})


def _takes_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
