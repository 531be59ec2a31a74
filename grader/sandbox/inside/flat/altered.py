"""A run in which what automatic differentiation or shifted calls give comes back a little different.

A script may check its gradient in either way; only where its weights then move otherwise does it train by it. What the
engine gives is linear in what it starts from, so that is scaled; of the script's own functions called with a weight
shifted a little, the result is. No two are scaled alike, so that ratios and differences change, too.
"""

from __future__ import annotations

import ast
import copy
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import numpy as np

from .kinds import is_tensor, number

__all__ = ["Alteration", "mark_functions"]

_ENGINE_CALLS = ("run_backward", "_make_dual")
_NEAREST, _FARTHEST = 1e-10, 5e-2
_LITTLE = 2.0**-18  # beside it the rounding of float32 is small, and a comparison with another gradient still holds
_PERIOD = 7
_MAX_DEPTH = 4


class Alteration:
    """Scales, by factors near 1 or (`much`) far from it and of both signs.

    `shifted`: so many calls had a shifted weight. `lost`: some function with a shifted weight gave nothing that could
    be scaled. `missed`: the engine was reached by another way.
    """

    def __init__(self, weights: tuple[float, ...], *, much: bool) -> None:
        self._weights, self._much = weights, much
        self._scaled = self._engine_calls = self._engine_scaled = 0
        self.shifted = 0
        self.lost = False

    @property
    def missed(self) -> bool:
        """Whether the engine ran on something that is not scaled."""
        return self._engine_calls > self._engine_scaled

    @property
    def idle(self) -> bool:
        """Whether nothing was scaled."""
        return self._scaled == 0

    def _factor(self) -> float:
        self._scaled += 1
        step = self._scaled % _PERIOD + 1
        return (-1) ** self._scaled * (1 + step / 4) if self._much else 1 + _LITTLE * step

    # ------------------------------------------------------------------ the engine
    def _observe(self, _frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call" and getattr(argument, "__name__", "") in _ENGINE_CALLS:
            self._engine_calls += 1

    def _start(self, gradient: Any) -> Any:
        return gradient * self._factor() if is_tensor(gradient) else gradient

    def _run_backward(self, own: Callable[..., Any], outputs: Any, gradients: Any, *rest: Any, **options: Any) -> Any:
        self._engine_scaled += all(map(is_tensor, gradients))
        return own(outputs, tuple(map(self._start, gradients)), *rest, **options)

    def _make_dual(self, own: Callable[..., Any], tensor: Any, tangent: Any, *rest: Any, **options: Any) -> Any:
        self._engine_scaled += 1
        return own(tensor, self._start(tangent), *rest, **options)

    @contextmanager
    def engine(self) -> Iterator[None]:
        """While active, the engine starts from scaled gradients and tangents."""
        torch = sys.modules["torch"]
        variable = torch.autograd.Variable
        places = [(torch._VF, "_make_dual"), (sys.modules.get("torch._functorch.predispatch"), "_make_dual_impl")]  # noqa: SLF001
        owned = [(place, name, getattr(place, name)) for place, name in places if hasattr(place, name)]
        engine = variable._execution_engine  # noqa: SLF001 - all ways to it lead through here
        variable._execution_engine = _Engine(engine, functools.partial(self._run_backward, engine.run_backward))  # noqa: SLF001
        for place, name, own in owned:
            setattr(place, name, functools.partial(self._make_dual, own))
        threading.setprofile(self._observe)
        sys.setprofile(self._observe)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            variable._execution_engine = engine  # noqa: SLF001
            for place, name, own in owned:
                setattr(place, name, own)

    # ------------------------------------------------------------------ the script's functions
    def __call__(self, function: Any) -> Any:
        """`function`, its result scaled where it is called with a shifted weight."""

        @functools.wraps(function)
        def watched(*args: Any, **options: Any) -> Any:
            shifted = self._has_shifted(args, options)
            before = self._scaled
            result = function(*args, **options)
            self.shifted += shifted
            if shifted and result is None and self._scaled == before:  # what it found is kept elsewhere
                self.lost = True
            return self._altered(result) if shifted else result

        return watched

    def skipping(self, function: Any) -> Any:
        """`function`, left out where it is called with a shifted weight."""

        @functools.wraps(function)
        def skipped(*args: Any, **options: Any) -> Any:
            return None if self._has_shifted(args, options) else function(*args, **options)

        return skipped

    def _has_shifted(self, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
        return any(map(self._is_shifted, (*args, *options.values())))

    def _is_shifted(self, value: Any) -> bool:
        if isinstance(value, (bool, int)) or getattr(value, "size", None) == 0:
            return False
        with suppress(TypeError, ValueError, RuntimeError):
            found = number(value)
            return any(_NEAREST < abs(found - w) <= _FARTHEST * abs(w) for w in self._weights if w)
        return False

    def _altered(self, value: Any, depth: int = 0) -> Any:
        if isinstance(value, (float, np.ndarray, np.generic)) or is_tensor(value):
            whole = "float" not in str(getattr(value, "dtype", "float"))
            return value if whole else value * self._factor()
        if type(value) in {list, tuple} and depth < _MAX_DEPTH:
            return type(value)(self._altered(item, depth + 1) for item in value)
        if not (value is None or isinstance(value, (bool, int, str))):
            self.lost = True
        return value


class _Engine:
    """The engine but for one method."""

    def __init__(self, own: Any, run_backward: Callable[..., Any]) -> None:
        self._own, self.run_backward = own, run_backward

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


class _Marker(ast.NodeTransformer):
    def __init__(self, hook_name: str) -> None:
        self._hook_name = hook_name

    def _hook(self, at: ast.AST) -> ast.Name:
        name = ast.Name(self._hook_name, ast.Load())
        name.lineno, name.col_offset = getattr(at, "lineno", 1), getattr(at, "col_offset", 0)
        return name

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.decorator_list.append(self._hook(node))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.Call(self._hook(node), [node], []), node)


def mark_functions(tree: ast.stmt, hook_name: str) -> ast.stmt:
    """Return a copy of `tree` in which every function goes through `hook_name` when it is defined."""
    marked = _Marker(hook_name).visit(copy.deepcopy(tree))
    assert isinstance(marked, ast.stmt)
    return ast.fix_missing_locations(marked)
