"""Follows a script's values through its statements, its loops (two rounds each) and the functions that it calls.

Nothing is run and nothing is counted: a value is what went into it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from .expressions import VIEWS, Expressions
from .trace import Applied, Place, Stored, Trace
from .values import ACTIVATED, FED, PRE, RECURRENT, Value, branched, change_of, join, mixed

__all__ = ["follow"]

_ROUNDS = 2
_MAX_NESTED = 6
_MAX_STEPS = 25_000  # the original takes 2,500
_MAX_DEPTH = 8


class _TooLong(Exception):  # noqa: N818 -- it says how the walk ended
    """The script is too large, or calls too much, to be followed to its end."""


class _Frame:
    """A function's names; those declared global are not among them."""

    def __init__(self) -> None:
        self.names: dict[str, Value] = {}
        self.shared: set[str] = set()
        self.returned: list[Value] = []


class _Follower(Expressions):
    """Walks the statements."""

    def __init__(self, weights: frozenset[str]) -> None:
        super().__init__(Trace(), weights)
        self._globals: dict[str, Value] = {}
        self._frames: list[_Frame] = []
        self._loops: list[ast.For | ast.While] = []
        self._statement: ast.stmt | None = None
        self._at = 0
        self._steps = 0
        self._depth = 0

    def here(self) -> Place:
        """Where the walk is: what happens in a function happens where it was called from."""
        return Place(tuple(self._loops), self._statement, self._at, self._steps, self._depth)

    def step(self) -> None:
        """Count a step. Raises _TooLong when there were too many."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise _TooLong

    def run(self, statements: Sequence[ast.stmt]) -> Trace:
        """Walk the whole script, or as much of it as there are steps for."""
        with suppress(_TooLong, RecursionError):
            for self._at, node in enumerate(statements):
                self._run([node])
        self.trace.final = self._globals
        return self.trace

    def held(self, name: str) -> Value | None:
        """What a name holds here."""
        for frame in reversed(self._frames):
            if name in frame.names and name not in frame.shared:
                return frame.names[name]
        return self._globals.get(name)

    def _local(self, name: str) -> _Frame | None:
        if self._frames and name not in self._frames[-1].shared:
            return self._frames[-1]
        return None

    def bind(self, target: ast.expr, value: Value, change: Value | None = None) -> None:
        """Assign: parts to parts, a row into its matrix."""
        match target:
            case ast.Name(id=name):
                self._bind_name(name, value, change)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                items = value.items if value.items and len(value.items) == len(targets) else None
                for index, part in enumerate(targets):
                    self.bind(part, items[index] if items else replace(value.view(part=True), chain=(), alias=()))
            case ast.Starred(value=inner):
                self.bind(inner, value.view(copied=True))
            case ast.Subscript() | ast.Attribute():
                base = self.value(target.value)
                how = "in place" if isinstance(target, ast.Attribute) or _is_whole(target.slice) else "element"
                self.write(target.value, join(base, value), change or value, how)
            case _:
                return

    def _bind_name(self, name: str, value: Value, change: Value | None) -> None:
        frame = self._local(name)
        if frame is not None:
            frame.names[name] = value
            return
        self._steps += len(value.deps) // 16  # what a script of thousands of names costs
        before = self._globals.get(name)
        update = before is not None and name in value.deps
        if value.function is not None:
            self._globals[name] = value
            return
        chain, alias = value.chain, value.alias
        if value.part and not self._loops:
            chain, alias = (), ()  # data[:4]: not what it was cut from
        self._globals[name] = replace(
            value,
            chain=tuple(dict.fromkeys([name, *chain])),
            alias=tuple(dict.fromkeys([name, *alias])),
            deps=value.deps | {name},
            part=False,
            items=tuple(item.bare() for item in value.items) if value.items else None,
        )
        self.trace.stored.append(
            Stored(name, "update" if update else "fresh", value.bare(), change or change_of(name, value), self.here())
        )

    def write(self, target: ast.expr, value: Value, change: Value, how: str) -> None:
        """Change what the name under `target` holds, and what shares its memory with it."""
        while isinstance(target, (ast.Attribute, ast.Subscript, ast.Call)):
            if isinstance(target, ast.Attribute) and target.attr not in VIEWS:
                return  # Wxs.grad.zero_() leaves Wxs alone
            target = target.func if isinstance(target, ast.Call) else target.value
        if not isinstance(target, ast.Name):
            return
        old = self.held(target.id)
        if old is None:
            return  # torch.zeros(4).fill_(0): no name of the script
        frame = self._local(target.id)
        new = replace(
            join(old, value), chain=old.chain, alias=old.alias, items=None, number=old.number and value.number
        )
        if frame is not None and target.id in frame.names:
            frame.names[target.id] = new
        elif frame is None or target.id in self._globals:
            self._globals[target.id] = new
        for name in old.alias:
            if name in self._globals:
                held = self._globals[name]
                self._globals[name] = replace(
                    join(held, value), chain=held.chain, alias=held.alias, items=None, part=held.part
                )
            self.trace.stored.append(Stored(name, how, value.bare(), change, self.here()))

    def call(self, function: ast.FunctionDef | ast.Lambda, name: str, call: ast.Call, given: Sequence[Value]) -> Value:
        """Call a function of the script; what it is made of does not matter where it takes one argument."""
        keywords = {keyword.arg: self.value(keyword.value) for keyword in call.keywords if keyword.arg}
        everything = [*given, *keywords.values()]
        result = mixed(everything)
        if len(self._frames) < _MAX_DEPTH:
            frame = self._frame(function, given, keywords)
            self._frames.append(frame)
            self._depth += 1
            try:
                if isinstance(function, ast.Lambda):
                    frame.returned.append(self.value(function.body))
                else:
                    self._run(function.body)
            finally:
                self._depth -= 1
                self._frames.pop()
            if frame.returned:
                result = frame.returned[0]
                for other in frame.returned[1:]:
                    result = join(result, other)
        if len(everything) == 1:
            result = replace(result, made_by=name)
            if everything[0].kind in {FED, PRE, RECURRENT}:
                result = replace(result, kind=ACTIVATED, chain=(), alias=(), deps=result.deps | everything[0].deps)
        self.trace.applied.append(Applied(name, tuple(v.bare() for v in everything), result.bare(), self.here()))
        return result

    def _frame(
        self, function: ast.FunctionDef | ast.Lambda, given: Sequence[Value], keywords: dict[str, Value]
    ) -> _Frame:
        frame = _Frame()
        spec = function.args
        names = [parameter.arg for parameter in [*spec.posonlyargs, *spec.args]]
        for parameter, default in zip(names[len(names) - len(spec.defaults) :], spec.defaults, strict=True):
            frame.names[parameter] = self.value(default)
        for keyword, value in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            frame.names[keyword.arg] = self.value(value)
        frame.names.update(zip(names, given, strict=False))
        frame.names.update(keywords)
        return frame

    def _run(self, nodes: Iterable[ast.stmt]) -> None:
        for node in nodes:
            if not self._frames:
                self._statement = node
            self._one(node)

    def _one(self, node: ast.stmt) -> None:  # noqa: C901, PLR0912 -- one case for each kind of statement
        self.step()
        match node:
            case ast.Assign(targets=targets, value=value):
                result = self.value(value)
                for target in targets:
                    self.bind(target, result)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.bind(target, self.value(value))
            case ast.AugAssign():
                self._augmented(node)
            case ast.FunctionDef(name=name):
                self.bind(ast.Name(name, ast.Store()), Value(function=node))
            case ast.For() | ast.While():
                self._loop(node)
            case ast.If(test=test, body=body, orelse=orelse):
                self._branches(self.value(test), body, orelse)
            case ast.With(items=items, body=body):
                for item in items:
                    self.value(item.context_expr)
                self._run(body)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                self._run([*body, *orelse, *final])
                for handler in handlers:
                    self._run(handler.body)
            case ast.Return(value=value):
                if self._frames:
                    self._frames[-1].returned.append(self.value(value))
            case ast.Expr(value=value) | ast.Assert(test=value):
                self.value(value)
            case ast.Global(names=names):
                if self._frames:
                    self._frames[-1].shared |= set(names)
            case _:
                return

    def _augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        old = self.value(target)
        change = self.value(node.value)
        new = self.operate(node.op, old, change, self.here())
        if not isinstance(target, ast.Name):
            whole = isinstance(target, ast.Attribute) or _is_whole(target.slice)
            self.write(target.value, new, change, "in place" if whole else "element")
        elif old.alias:
            self.write(target, new, change, "in place")
        else:
            self.bind(target, new, change)

    def _loop(self, node: ast.For | ast.While) -> None:
        outermost = not self._frames
        if outermost:
            self._loops.append(node)
        self._depth += 1
        if isinstance(node, ast.For):
            iterable = self.value(node.iter)
            if iterable.number and iterable.sizes:
                self.trace.loop_sizes.append((iterable.sizes[0], self.here()))
        for _ in range(_ROUNDS if self._depth <= _MAX_NESTED else 1):
            if isinstance(node, ast.For):
                self._statement = node if outermost else self._statement
                self.bind(node.target, self.element(node.iter, iterable))
            else:
                self.value(node.test)
            self._run(node.body)
        self._depth -= 1
        if outermost:
            self._loops.pop()
        self._run(node.orelse)

    def _branches(self, test: Value, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        names = self._frames[-1].names if self._frames else self._globals
        before = dict(names)
        self._run(body)
        after = dict(names)
        names.clear()
        names.update(before)
        self._run(orelse)
        for name, value in after.items():
            other = names.get(name)
            names[name] = value if other is None or other is value else branched(test, value, other)


def _is_whole(index: ast.expr) -> bool:
    """Whether an index means all of a value with one element: w[0], w[:], w[...], w[()]."""
    match index:
        case ast.Constant(value=value):
            return value in {0, ...}
        case ast.Slice(lower=None, upper=None):
            return True
        case ast.Tuple(elts=parts):
            return all(_is_whole(part) for part in parts)
        case _:
            return False


def follow(statements: Sequence[ast.stmt], weights: frozenset[str] = frozenset()) -> Trace:
    """Follow straightened statements. With the weights' names values are recognised as pre-activations and outputs."""
    return _Follower(weights).run(statements)
