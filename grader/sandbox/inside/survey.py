"""What a submission turned out to define, once its statements have run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any

from .inert import Inert
from .wording import one_line

__all__ = ["CONTRACT", "code_place", "is_flat", "own_functions", "resolve"]

CONTRACT = ("relu", "relu_derivative", "count_targets", "forward", "bptt_gradients", "train", "predict_counts")
"""The functions asked for: the contract's, restated here because the grader's own code does not come along."""

_TRAINING = frozenset({"forward", "bptt_gradients", "train"})
_WEIGHTS = frozenset({"Wxs", "Wrec"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MAX_OTHERS = 50


def resolve(namespace: Mapping[str, Any], name: str) -> Any:
    """Return the callable that `name` (dotted: an attribute) is bound to; None if there is none, or it is a class.

    An attribute may be a property, so this may run student code, raise and take long.
    """
    first, *rest = name.split(".")
    value = namespace.get(first)
    for attribute in rest:
        value = getattr(value, attribute, None)
    # type(), not isinstance: an object may lie about its class
    kind = type(value)
    return value if callable(value) and not issubclass(kind, (type, Inert)) else None


def code_place(value: Any) -> tuple[str, int] | None:
    """File name and line of a Python function or bound method; None for anything else callable."""
    function = getattr(value, "__func__", value)
    if type(function) is not FunctionType:
        return None
    return function.__code__.co_filename, function.__code__.co_firstlineno


def own_functions(namespace: Mapping[str, Any], filenames: frozenset[str], known: frozenset[str]) -> list[str]:
    """Names of functions that the submission defines itself, besides `known`: at most 50, in order of definition."""
    found: list[str] = []
    for name, value in list(namespace.items()):
        if type(name) is not str or not name.isidentifier() or name in known or type(value) is not FunctionType:
            continue
        if value.__code__.co_filename in filenames and len(found) < _MAX_OTHERS:
            found.append(one_line(name, 80))
    return found


def _names(target: ast.AST) -> Iterator[str]:
    """Names that an assignment to `target` changes: `w`, or `w` in `w[0]` and `w.data`."""
    match target:
        case ast.Name():
            yield target.id
        case ast.Attribute() | ast.Subscript() | ast.Starred():
            yield from _names(target.value)
        case ast.Tuple() | ast.List():
            for part in target.elts:
                yield from _names(part)
        case _:
            return


def _changed(node: ast.AST) -> set[str]:
    """Names assigned anywhere in `node`."""
    targets: list[ast.expr] = []
    for part in ast.walk(node):
        match part:
            case ast.Assign():
                targets.extend(part.targets)
            case ast.AugAssign() | ast.AnnAssign():
                targets.append(part.target)
            case _:
                pass
    return {name for target in targets for name in _names(target)}


def _loops(statement: ast.stmt) -> Iterator[ast.For | ast.While]:
    """Outermost loops of a top-level statement that run with it: in `if`, `with` and `try`, not in functions."""
    match statement:
        case ast.For() | ast.While():
            yield statement
        case ast.If() | ast.With() | ast.Try():
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.stmt):
                    yield from _loops(child)
        case _:
            return


def is_flat(statements: Sequence[ast.stmt], defined: Mapping[str, object]) -> bool:
    """Whether a program that defines no function of the training trains at top level, as the exercise was handed out.

    Roughly: it binds the exercise's names of both weights, or some loop changes two names that it also reads and that
    held something before it. `statements` are the straightened ones (see `flat.straighten`).
    """
    if _TRAINING & defined.keys():
        return False
    before: set[str] = set()
    for statement in statements:
        for loop in _loops(statement):
            read = {n.id for n in ast.walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            read |= {name for n in ast.walk(loop) if isinstance(n, ast.AugAssign) for name in _names(n.target)}
            if len(_changed(loop) & read & before) >= 2:
                return True
        if not isinstance(statement, _SCOPES):
            before |= _changed(statement)
    return before >= _WEIGHTS
