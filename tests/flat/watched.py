"""Flat submissions run here, without the grader: a hook at each end of the training loop's body watches the weights."""

from __future__ import annotations

import ast
import contextlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch

import corpora

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
OWN_NAMES = {
    **{name: name for name in ("SeqL", "NbSeq", "X_train", "X_test", "T_train", "T_test", "Wxs", "Wrec", "l_r")},
    "S": "s",
    "Y": "layer_1",
    "relu": "reLU",
    "relu_derivative": "deriv_reLU",
    "predictions": "layer_1",
}
"""Role -> the exercise's own name."""


@dataclass(frozen=True)
class Flat:
    """An entry of manifest.toml; its head explains the fields."""

    file: str
    what: str
    rate: float
    correct: bool = False
    beside: bool = False
    wrong: Sequence[str] = ()
    carried: Sequence[str] = ()
    may_lose: Sequence[str] = ()
    codes: Sequence[str] = ()
    notices: Sequence[str] = ()
    old: Sequence[Sequence[str]] = ()
    roles: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.file

    def name(self, role: str) -> str:
        """What the submission calls it; "" where it has no such thing."""
        return self.roles.get(role, OWN_NAMES[role])

    def source(self, *, today: bool = True) -> str:
        """Its code, cells joined; `today`: with the old spellings replaced."""
        path = HERE / "submissions" / self.file
        text = "\n".join(cell.decode() for cell in corpora._cells(path))
        for old, new in self.old if today else ():
            if old not in text:
                raise ValueError(f"{self.file} has no {old!r}")
            text = text.replace(old, new)
        return text


def manifest() -> list[Flat]:
    """Every flat submission."""
    entries = tomllib.loads((HERE / "manifest.toml").read_text(encoding="utf-8"))["submission"]
    return [Flat(**entry) for entry in entries]


# ---------------------------------------------------------------------------- what is recorded
class Move(NamedTuple):
    """One iteration: weights at its beginning and end, the states that it left if iterations were asked."""

    before: tuple[float, float]
    after: tuple[float, float]
    S: np.ndarray | None
    Y: np.ndarray | None


@dataclass
class Watched:
    """What a run showed. `end` holds the outcome of the test phase."""

    X: np.ndarray | None = None
    T: np.ndarray | None = None
    moves: list[Move] = field(default_factory=list)
    end: dict[str, np.ndarray] = field(default_factory=dict)
    space: dict[str, Any] = field(default_factory=dict)
    autograd: int = 0

    @property
    def weights(self) -> tuple[float, float]:
        """Those trained."""
        return self.moves[-1].after


class _Hooks:
    def __init__(self, flat: Flat, *, start: tuple[float, float] | None, iterations: int | None, fill: float) -> None:
        self.flat, self.start, self.iterations, self.fill = flat, start, iterations, fill
        self.seen = Watched()
        self._before = (0.0, 0.0)

    def look(self, space: Mapping[str, Any], role: str) -> np.ndarray | None:
        name = self.flat.name(role)
        value = space.get(name, self.seen.space.get(name)) if name else None
        return None if value is None else np.array(corpora.numbers(value))

    def weights(self, space: Mapping[str, Any]) -> tuple[float, float]:
        Wxs, Wrec = (self.look(space, role) for role in ("Wxs", "Wrec"))
        assert Wxs is not None
        assert Wrec is not None
        return Wxs.item(), Wrec.item()

    def begin(self, *own: Any) -> tuple[Any, ...]:
        return own if self.start is None else tuple(map(_like, own, self.start))

    def enter(self, space: Mapping[str, Any]) -> None:
        if self.seen.X is None:
            self.seen.X, self.seen.T = self.look(space, "X_train"), self.look(space, "T_train")
        self._before = self.weights(space)

    def leave(self, space: Mapping[str, Any]) -> bool:
        S, Y = (self.look(space, role) if self.iterations else None for role in ("S", "Y"))
        self.seen.moves.append(Move(self._before, self.weights(space), S, Y))
        return len(self.seen.moves) == self.iterations

    def end(self, space: Mapping[str, Any]) -> None:
        if not self.seen.moves or self.flat.name("predictions") not in space:  # a helper's end
            return
        found = {role: self.look(space, role) for role in ("X_test", "T_test", "predictions")}
        if all(value is not None for value in found.values()):
            self.seen.end = {role: value for role, value in found.items() if value is not None}

    def fresh(self, made_by: Any, *args: Any, **kwargs: Any) -> Any:
        """What was made; filled where its memory would be as found."""
        made = made_by(*args, **kwargs)
        holds_values = made_by.__name__.endswith("Tensor") and not all(isinstance(arg, int) for arg in args)
        if not holds_values:
            made[...] = self.fill
        return made


def _like(own: Any, value: float) -> Any:
    if isinstance(own, torch.Tensor):
        return torch.full_like(own, value).requires_grad_(own.requires_grad)
    return np.full_like(own, value) if isinstance(own, np.ndarray) else type(own)(value)


# ---------------------------------------------------------------------------- the hooks' places
_HOOKS = "__hooks__"


class _Instrument(ast.NodeTransformer):
    """Put in the hooks, our sizes and our learning rate."""

    def __init__(self, flat: Flat, tree: ast.Module, rate: float | None, sizes: Mapping[str, int]) -> None:
        self.flat, self.rate = flat, rate
        self.sizes = {flat.name(role): size for role, size in sizes.items()}
        self.weights = (flat.name("Wxs"), flat.name("Wrec"))
        loops = (node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.While)))  # outer ones come first
        self.loop = next(loop for loop in loops if any(self._changes_a_weight(node) for node in ast.walk(loop)))

    def _changes_a_weight(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr.endswith("_") and ast.unparse(node.func.value) in self.weights
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        flattened = [part for target in targets for part in getattr(target, "elts", [target]) if part is not None]
        return any(re.split(r"[.\[]", ast.unparse(part))[0] in self.weights for part in flattened)

    def _loop(self, node: ast.For | ast.While) -> list[ast.stmt] | ast.stmt:
        ours = node is self.loop
        self.generic_visit(node)
        if not ours:
            return node
        pair = ", ".join(self.weights)
        node.body = [
            *_parsed(f"{_HOOKS}.enter(locals())"),
            *node.body,
            *_parsed(f"if {_HOOKS}.leave(locals()): break"),
        ]
        return [*_parsed(f"{pair} = {_HOOKS}.begin({pair})"), node]

    visit_For = visit_While = _loop  # noqa: N815 - the names that ast asks for

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        at = len(node.body) - isinstance(node.body[-1], ast.Return)
        node.body[at:at] = _parsed(f"{_HOOKS}.end(locals())")
        return node

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        node.body += _parsed(f"{_HOOKS}.end(locals())")
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        names, values = (getattr(part, "elts", [part]) for part in (node.targets[0], node.value))
        for name, value in zip(names, values, strict=False):
            if isinstance(value, ast.Constant) and ast.unparse(name) in self.sizes:
                value.value = self.sizes[ast.unparse(name)]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        self.generic_visit(node)
        if isinstance(node.value, ast.Constant) and ast.unparse(node.target) in self.sizes:
            node.value.value = self.sizes[ast.unparse(node.target)]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        ours = self.rate is not None and isinstance(node.value, float) and node.value == self.flat.rate
        return ast.Constant(self.rate) if ours else node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        made = ("torch.Tensor", "torch.FloatTensor", "torch.empty", "torch.empty_like", "np.empty")
        if ast.unparse(node.func) in made:
            node.args.insert(0, node.func)
            node.func = ast.Attribute(ast.Name(_HOOKS, ast.Load()), "fresh", ast.Load())
        return node


def _parsed(line: str) -> list[ast.stmt]:
    return ast.parse(line).body


def _nothing_typed(*_prompt: object) -> str:
    return ""


_PLOTS = mock.MagicMock()


@contextlib.contextmanager
def _plots() -> Iterator[None]:
    with mock.patch.dict(sys.modules, {"matplotlib": _PLOTS, "matplotlib.pyplot": _PLOTS.pyplot}):
        yield


def watch(
    flat: Flat,
    *,
    start: tuple[float, float] | None = None,
    rate: float | None = None,
    iterations: int | None = None,
    sizes: Mapping[str, int] | None = None,
    fill: float = 0.0,
) -> Watched:
    """Run a submission, for `iterations` at most; None leaves its own start, rate and sizes. Raises what it raises."""
    tree = ast.parse(flat.source())
    tree = ast.fix_missing_locations(_Instrument(flat, tree, rate, sizes or {}).visit(tree))
    hooks = _Hooks(flat, start=start, iterations=iterations, fill=fill)
    hooks.seen.space = {"__name__": "__main__", _HOOKS: hooks, "input": _nothing_typed}
    used: list[torch.Tensor] = []

    def backward(loss: torch.Tensor) -> None:
        used.append(loss)
        torch.autograd.backward(loss)

    with corpora.quiet(), _plots(), mock.patch.object(torch.Tensor, "backward", backward):
        exec(compile(tree, flat.file, "exec", dont_inherit=True), hooks.seen.space)  # noqa: S102 - our own corpus
    hooks.seen.autograd = len(used)
    return hooks.seen
