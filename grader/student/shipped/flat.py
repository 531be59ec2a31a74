"""Scripts without functions, which the self-check cannot ask anything: they are recognised, and not run."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

__all__ = ["facts", "load_flat", "looks_flat"]

_TRAINING = ("forward", "bptt_gradients", "train")


class _Statement(Protocol):
    @property
    def node(self) -> ast.stmt: ...


class _Unasked:
    """A script of which nothing has run."""

    def run(self, *_given: object) -> None:
        """Never called."""

    helper = run


def looks_flat(statements: Sequence[_Statement], theirs: Mapping[str, str], companions: Sequence[str]) -> bool:
    """Whether none of the training's functions is there, and something trains at top level or in what stands for it."""
    nodes = [statement.node for statement in statements]
    names = {theirs[function].partition(".")[0] for function in _TRAINING}
    if companions or any(names & set(_bound(node)) for node in nodes):
        return False
    survey = importlib.import_module("..survey", __package__)  # beside this one where it stands in
    # def main(): … is top level by another name
    mains = (node.body for node in nodes if isinstance(node, ast.FunctionDef) and not ast.unparse(node.args))
    return any(survey.is_flat(body, {}) for body in (nodes, *mains))


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that a statement binds at top level."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            return
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.alias():
            yield (node.asname or node.name).partition(".")[0]
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def load_flat(*_program: object, **_how: object) -> tuple[_Unasked, list[Any]]:
    """Nothing: it is not run."""
    return _Unasked(), []


def facts(*_script: object) -> dict[str, Any]:
    """Nothing is known of it."""
    return {}
