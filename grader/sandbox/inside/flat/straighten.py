"""A script as top-level code: what stands under the `__main__` guard or in a function that trains is taken out of it.

Only syntax is looked at. A function is put in place of its one call where that means the same; else it stays.
"""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..parsing import Statement
from .calls import in_statements
from .generators import as_loops
from .inline import arguments, called, expand, local_names, movable, own_nodes

__all__ = ["straighten"]

_MAX_ROUNDS = 12
_MAX_NODES = 100_000
_TRAINERS = re.compile(r"main|train|fit|learn|descen|optimi|bptt|backprop", re.IGNORECASE)
_IN_PLACE = frozenset({"sub_", "add_", "copy_", "mul_"})
_NO_ALIASES: Mapping[str, str] = {}
_FIELDS = ("body", "orelse", "finalbody")


def _is_main_guard(node: ast.stmt) -> bool:
    match node:
        case ast.If(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in (left, right))
            return named and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in (left, right))
        case _:
            return False


def _without_guards(statements: Sequence[Statement]) -> list[Statement]:
    found: list[Statement] = []
    for statement in statements:
        node = statement.node
        if isinstance(node, ast.If) and _is_main_guard(node):
            inner = [Statement(child, statement.filename, statement.cell) for child in node.body]
            found.extend(_without_guards(inner))
        else:
            found.append(statement)
    return found


def _base(target: ast.AST) -> str:
    while isinstance(target, (ast.Attribute, ast.Subscript, ast.Starred)):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def _updated(loop: ast.AST) -> set[str]:
    """Names that a loop changes starting from what they held."""
    found: set[str] = set()
    for node in own_nodes(loop):
        match node:
            case ast.AugAssign(target=target):
                found.add(_base(target))
            case ast.Assign(targets=targets, value=value):
                read = {part.id for part in ast.walk(value) if isinstance(part, ast.Name)}
                parts = [part for target in targets for part in getattr(target, "elts", [target])]
                found |= {_base(part) for part in parts} & read
            case ast.Call(func=ast.Attribute(attr=attribute, value=value)) if attribute in _IN_PLACE:
                found.add(_base(value))
            case _:
                pass
    return found - {""}


def _trains(function: ast.FunctionDef, call: ast.stmt, others: Mapping[str, ast.FunctionDef], depth: int = 0) -> bool:
    """Whether a function seems to hold the training loop, a call of one that does, or work on global names."""
    nodes = list(own_nodes(function))
    if any(isinstance(node, ast.Global) for node in nodes):
        return True
    loops = [node for node in nodes if isinstance(node, (ast.For, ast.While))]
    if loops and isinstance(call, ast.Expr) and not function.args.args:
        return True
    enough = 1 if _TRAINERS.search(function.name) else 2
    if any(len(_updated(loop)) >= enough for loop in loops):
        return True
    inner = [(node, others[name]) for node in nodes if isinstance(node, ast.stmt) and (name := _callee(node)) in others]
    return depth < _MAX_ROUNDS and any(_trains(other, node, others, depth + 1) for node, other in inner)


def _callee(node: ast.stmt) -> str:
    call = called(node)
    return call.func.id if call and isinstance(call.func, ast.Name) else ""


def _mentions(node: ast.AST, name: str, context: type[ast.expr_context]) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, context) for part in ast.walk(node)
    )


def _reads(node: ast.stmt, name: str) -> bool:
    """Whether the first that a statement does with `name` may be to read it."""
    match node:
        case ast.Assign(targets=targets, value=value):
            stores = any(_mentions(target, name, ast.Store) for target in targets)
            return _mentions(value, name, ast.Load) or not stores
        case ast.For(target=target, iter=iterable):
            return _mentions(iterable, name, ast.Load) or not _mentions(target, name, ast.Store)
        case _:
            return True


def _kept(function: ast.FunctionDef, call: ast.stmt) -> set[str]:
    """Parameters that are given the global of the same name and never bound to anything else."""
    expression = called(call)
    given = arguments(function, expression) if expression else None
    stored = {node.id for node in own_nodes(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    same = {name for name, value in (given or {}).items() if isinstance(value, ast.Name) and value.id == name}
    return same - stored


def _clashes(function: ast.FunctionDef, at: int, nodes: Sequence[ast.stmt], call: ast.stmt) -> set[str]:
    """Locals that would overwrite a global name which is read again before it is assigned."""
    bound = {name for node in nodes if node is not function for name in _bound_at_top(node)}
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef) and node is not function]
    targets = getattr(call, "targets", [])
    found: set[str] = set()
    for name in (local_names(function) & bound) - _kept(function, call):
        if any(_mentions(node, name, ast.Load) and name not in local_names(node) for node in functions):
            found.add(name)
        elif not any(_mentions(target, name, ast.Store) for target in targets):
            later = (n for n in nodes[at + 1 :] if n not in functions and _mentions(n, name, ast.expr_context))
            first = next(later, None)
            if first is not None and _reads(first, name):
                found.add(name)
    return found


def _aliases(function: ast.FunctionDef, call: ast.stmt) -> dict[str, str]:
    """Parameters that are given a global and never bound to anything else, and what they are given."""
    expression = called(call)
    given = arguments(function, expression) if expression else None
    stored = {part.id for part in own_nodes(function) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    taken = stored | {name for part in own_nodes(function) if isinstance(part, ast.Global) for name in part.names}
    named = {name: value.id for name, value in (given or {}).items() if isinstance(value, ast.Name)}
    return {name: other for name, other in named.items() if not {name, other} & taken}


def _goes_over_steps(function: ast.FunctionDef, nodes: Sequence[ast.stmt]) -> bool:
    """Whether a function has a loop or calls another of the script's: a ReLU stays what it is."""
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    parts = list(own_nodes(function))
    called_names = {part.func.id for part in parts if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)}
    return bool(called_names & own) or any(isinstance(part, (ast.For, ast.While, ast.comprehension)) for part in parts)


def _shared(function: ast.FunctionDef, nodes: Sequence[ast.stmt], call: ast.stmt) -> set[str] | None:
    """Locals that have a global's name, where a loop calls a function again and again; None if it must stay one."""
    defaults = [value for value in (*function.args.defaults, *function.args.kw_defaults) if value is not None]
    if not _goes_over_steps(function, nodes) or not all(isinstance(value, ast.Constant) for value in defaults):
        return None
    bound = {name for node in nodes if node is not function for name in _bound_at_top(node)}
    return (local_names(function) & bound) - _kept(function, call)


def _bound_at_top(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
        return
    for part in [node, *own_nodes(node)]:
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


class _Inliner:
    """Puts one function in place of its call, wherever that stands: at top level, in its `if`, `with`, `try`, loops."""

    def __init__(self, statements: Sequence[Statement], *, deep: bool) -> None:
        self._deep = deep
        self._nodes = [statement.node for statement in statements]
        names = [part for node in self._nodes for part in ast.walk(node) if isinstance(part, ast.Name)]
        self._taken = {part.id for part in names}
        self._uses = Counter(part.id for part in names)
        definitions = Counter(node.name for node in self._nodes if isinstance(node, ast.FunctionDef))
        self.functions = {
            node.name: node
            for node in self._nodes
            if isinstance(node, ast.FunctionDef)
            and definitions[node.name] == 1
            and self._uses[node.name] == 1
            and movable(node)
        }
        self.inlined: ast.FunctionDef | None = None

    def _expanded(self, node: ast.stmt, at: int, *, in_loop: bool) -> list[ast.stmt] | None:
        function = self.functions.get(_callee(node))
        if function is None:
            return None
        if in_loop and self._deep:
            clashing = _shared(function, self._nodes, node)
            return None if clashing is None else self._body(function, node, clashing, _aliases(function, node))
        shows = self._deep and isinstance(node, ast.Expr) and not function.decorator_list
        if not shows and not _trains(function, node, self.functions):
            return None
        works_on_globals = any(isinstance(part, ast.Global) for part in own_nodes(function))
        if in_loop and not (works_on_globals and isinstance(node, ast.Expr)):
            return None
        clashing = _clashes(function, at, self._nodes, node)
        if in_loop and clashing:
            return None
        return self._body(function, node, clashing)

    def _body(
        self, function: ast.FunctionDef, node: ast.stmt, clashing: set[str], aliases: Mapping[str, str] = _NO_ALIASES
    ) -> list[ast.stmt] | None:
        taken = self._taken | local_names(function)
        renamed = {**{name: _fresh(f"{name}_", taken) for name in sorted(clashing)}, **aliases}
        body = expand(function, node, renamed)
        if body is not None:
            self.inlined = function
        return body

    def block(self, nodes: Sequence[ast.stmt], at: int, *, in_loop: bool = False) -> list[ast.stmt]:
        """Return the statements of a block, the first call that can be replaced."""
        found: list[ast.stmt] = []
        for node in nodes:
            if self.inlined is not None:
                found.append(node)
                continue
            body = self._expanded(node, at, in_loop=in_loop)
            found.extend(self._inside(node, at, in_loop=in_loop) if body is None else body)
        return found

    def _inside(self, node: ast.stmt, at: int, *, in_loop: bool) -> list[ast.stmt]:
        if not isinstance(node, (ast.If, ast.With, ast.Try, ast.For, ast.While)):
            return [node]
        changed = copy.copy(node)
        in_loop = in_loop or isinstance(node, (ast.For, ast.While))
        for field in _FIELDS:
            inner = getattr(node, field, None)
            if inner:
                setattr(changed, field, self.block(inner, at, in_loop=in_loop))
        return [node] if self.inlined is None else [changed]


def _with_one_inlined(statements: Sequence[Statement], *, deep: bool) -> list[Statement] | None:
    inliner = _Inliner(statements, deep=deep)
    if not inliner.functions:
        return None
    found: list[Statement] = []
    for at, statement in enumerate(statements):
        if inliner.inlined is not None:
            found.append(statement)
            continue
        for node in inliner.block([statement.node], at):
            same = node is statement.node
            found.append(statement if same else Statement(node, statement.filename, statement.cell))
    if inliner.inlined is None:
        return None
    return [statement for statement in found if statement.node is not inliner.inlined]


def straighten(statements: Sequence[Statement], *, deep: bool = False) -> list[Statement]:
    """Return the script as top-level code: guards and functions that train are taken apart; the rest is as it was.

    A function goes when it is called once, as a statement or as all of an assigned value, and returns at its end at
    most. A local that would overwrite a global still needed gets `_` appended. Nodes given are not changed. `deep`:
    functions that a loop calls go, too.
    """
    found = _without_guards(statements)
    if sum(1 for statement in found for _ in ast.walk(statement.node)) > _MAX_NODES:
        return found
    try:
        found = as_loops(found)
        if deep:
            nodes = [statement.node for statement in found]
            movable_ones = _Inliner(found, deep=True).functions
            found = in_statements(found, {n for n, node in movable_ones.items() if _goes_over_steps(node, nodes)})
        for _ in range(_MAX_ROUNDS):
            further = _with_one_inlined(found, deep=deep)
            if further is None:
                break
            found = _without_guards(further)
    except RecursionError:  # an expression thousands of operators deep: what was done so far stands
        return found
    return found
