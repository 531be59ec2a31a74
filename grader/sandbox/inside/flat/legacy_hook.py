"""Old NumPy's one-element arrays in a number's place, where no patch reaches: these uses are marked in the syntax.

`float` and `math.sqrt` cannot be replaced (`isinstance(x, float)` must go on working), nor can the methods of
`numpy.ndarray`. So `float(x)` becomes `hook(float, x)`, `"%f" % x` becomes `hook.percent("%f", x)`, `a[k] = x` becomes
`hook.target(a)[k] = x` and `x[0]` becomes `hook.read(x)[0]`: order of evaluation and places stay as they are.
"""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Callable
from typing import Any

__all__ = ["HOOK_NAME", "Hook", "mark"]

HOOK_NAME = "legacy layer"  # with a space: no script can write it; found among the builtins while the layer is on

_CONVERSIONS = (float, int, complex)
_MATH = frozenset(name for name in vars(math) if callable(vars(math)[name]))
_CALLED = _MATH | {conversion.__name__ for conversion in _CONVERSIONS}
_NO_MATH = frozenset({"np", "numpy", "torch", "F"})  # their exp and sqrt take arrays of any shape


class _Marker(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Name(id=name):
                wanted = name in _CALLED
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                wanted = name in _MATH and owner not in _NO_MATH
            case _:
                wanted = False
        if not wanted:
            return node
        return ast.copy_location(ast.Call(_hook(node.func), [node.func, *node.args], node.keywords), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
                return _method("percent", node, node.left, node.right)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Store):
            node.value = _method("target", node.value, node.value)
        elif isinstance(node.ctx, ast.Load) and _is_first(node.slice):
            node.value = _method("read", node.value, node.value)
        return node


def _is_first(index: ast.expr) -> bool:
    match index:
        case ast.Constant(value=int(value)):
            return value == 0 and value is not False
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)):
            return True
    return False


def _hook(at: ast.expr) -> ast.Name:
    return ast.copy_location(ast.Name(HOOK_NAME, ast.Load()), at)


def _method(name: str, at: ast.expr, *arguments: ast.expr) -> ast.Call:
    method = ast.copy_location(ast.Attribute(_hook(at), name, ast.Load()), at)
    return ast.copy_location(ast.Call(method, list(arguments), []), at)


def mark(tree: ast.AST) -> ast.AST:
    """Return a copy of `tree` in which the uses named above go through the hook."""
    marked: ast.AST = _Marker().visit(copy.deepcopy(tree))
    return marked


class Hook:
    """What the marked uses call. Each is tried as it stands; only where that is refused is it mended, and noted."""

    def __init__(self, note: Callable[[str], None]) -> None:
        import numpy as np  # noqa: PLC0415 -- not before a script needs the layer
        import torch  # noqa: PLC0415 -- the same

        self._note, self._array, self._tensor = note, np.ndarray, torch.Tensor

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """`function(*args, **kwargs)`; conversions and `math` take arrays of one element, too."""
        try:
            return function(*args, **kwargs)
        except TypeError as refused:
            if not _wants_numbers(function):
                raise
            return self._with_numbers(refused, args, lambda numbers: function(*numbers, **kwargs))

    def percent(self, text: str, values: Any) -> Any:
        """`text % values`, in which arrays of one element are numbers."""
        try:
            return text % values
        except TypeError as refused:
            given = values if type(values) is tuple else (values,)
            return self._with_numbers(refused, given, lambda numbers: text % numbers)

    def target(self, container: Any) -> Any:
        """What to assign to in `container[…] = value`: an array takes one-element arrays as its elements."""
        if isinstance(container, self._array):
            return _Slots(container, self._note)
        return container

    def read(self, container: Any) -> Any:
        """What to read from in `container[0]`: an array or tensor without axes is its own first element."""
        if isinstance(container, (self._array, self._tensor)) and container.ndim == 0:
            return _Single(container, self._note)
        return container

    def _with_numbers(self, refused: TypeError, given: tuple[Any, ...], again: Callable[[tuple[Any, ...]], Any]) -> Any:
        single = [isinstance(value, self._array) and value.ndim > 0 and value.size == 1 for value in given]
        if not any(single):
            raise refused
        numbers = tuple(value.item() if one else value for value, one in zip(given, single, strict=True))
        try:
            result = again(numbers)
        except Exception:  # noqa: BLE001 -- the first refusal is the one to tell of
            raise refused from None
        self._note("array_to_scalar")
        return result


def _wants_numbers(function: Any) -> bool:
    if any(function is conversion for conversion in _CONVERSIONS):
        return True
    return type(function) is type(math.sqrt) and function.__module__ == "math"


class _Slots:
    """An array in whose elements one-element arrays may be put."""

    __slots__ = ("_array", "_note")

    def __init__(self, array: Any, note: Callable[[str], None]) -> None:
        self._array, self._note = array, note

    def __getitem__(self, index: Any) -> Any:
        return self._array[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        try:
            self._array[index] = value
        except (TypeError, ValueError) as refused:
            if getattr(value, "size", 0) != 1 or not isinstance(value, type(self._array)):
                raise
            try:
                self._array[index] = value.item()
            except Exception:  # noqa: BLE001 -- the first refusal is the one to tell of
                raise refused from None
            self._note("array_in_slot")


class _Single:
    """An array or tensor without axes that may be indexed as if it had one: what comes back is no view, as in 0.3."""

    __slots__ = ("_array", "_note")

    def __init__(self, array: Any, note: Callable[[str], None]) -> None:
        self._array, self._note = array, note

    def __getitem__(self, index: int) -> Any:
        try:
            return self._array[index]
        except IndexError:
            value = self._array.clone() if hasattr(self._array, "clone") else self._array[()]
        self._note("scalar_index")
        return value
