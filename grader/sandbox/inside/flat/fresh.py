"""Memory that a script never wrote, `torch.Tensor(4)` say, made to hold a known number.

Calls that may leave memory as it was are found by their name in the syntax and go through a hook; the hook asks at
run time whether this call did. What a script then gives with 0 and with 1 in that memory tells whether it relies on it.
A constructor under another name (`from torch import empty as e`, `map(torch.Tensor, …)`) is not seen; one whose memory
is written in the same expression (`torch.Tensor(4).fill_(0)`) is left alone.
"""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Fresh", "mark_fresh"]

_TYPES = ("", "Float", "Double", "Half", "BFloat16", "Byte", "Char", "Short", "Int", "Long", "Bool")
_TENSORS = frozenset(f"{name}Tensor" for name in _TYPES)
_FUNCTIONS = frozenset({"empty", "empty_like", "empty_strided", "empty_permuted"})
_RESIZES = frozenset({"resize", "resize_", "resize_as_"})
_METHODS = frozenset({"new", "new_empty", "new_empty_strided"}) | _RESIZES
_NAMES = _TENSORS | _FUNCTIONS | _METHODS | {"ndarray"}

_WRITES_ALL = frozenset({"fill_", "zero_", "copy_", "uniform_", "normal_", "random_", "bernoulli_", "exponential_"})

_BUFFER_PLACE = 2  # np.ndarray(shape, dtype, buffer, …)


class _Marker(ast.NodeTransformer):
    def __init__(self, hook_name: str) -> None:
        self._hook_name = hook_name
        self._written: set[ast.expr] = set()

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _WRITES_ALL:
            self._written.add(function.value)  # `torch.Tensor(4).fill_(0)` leaves nothing as it was
        self.generic_visit(node)
        if node in self._written:
            return node
        if isinstance(function, ast.Attribute):
            name = function.attr
        elif isinstance(function, ast.Name):
            name = function.id
        else:
            return node
        if name not in _NAMES:
            return node
        hook = ast.copy_location(ast.Name(self._hook_name, ast.Load()), function)
        return ast.copy_location(ast.Call(hook, [function, *node.args], node.keywords), node)


def mark_fresh(tree: ast.AST, hook_name: str) -> ast.AST:
    """Return a copy of `tree` in which calls that may leave memory unwritten, `f(…)`, are `hook_name(f, …)`."""
    marked: ast.AST = _Marker(hook_name).visit(copy.deepcopy(tree))
    return marked


class Fresh:
    """The hook: calls, then fills with `fill` what the call left unwritten.

    `used` names where that happened, file and line, each place once, in the order of its first use. What a call
    raises comes through unchanged. Functions other than those of torch and NumPy are called and left alone.
    With `place`, only what was left unwritten there is filled with `fill`, the rest with 0.
    """

    def __init__(self, fill: float, place: tuple[str, int] | None = None) -> None:
        self.fill, self._place = fill, place
        self.used: list[tuple[str, int]] = []

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What `function(*args, **kwargs)` gives, its fresh memory filled."""
        torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
        filled = False
        if torch is not None and (owner := _resized(torch, function, args)) is not None:
            before = _elements(owner)
            result = function(*args, **kwargs)
            filled = _fill_tensor(torch, result, self._fill(), start=before)
        else:
            result = function(*args, **kwargs)
            if torch is not None and _makes_tensor(torch, function, args, kwargs):
                filled = _fill_tensor(torch, result, self._fill(), start=0)
            elif numpy is not None and _makes_array(numpy, function, args, kwargs):
                filled = _fill_array(result, self._fill())
        if filled:
            self._remember()
        return result

    def _fill(self) -> float:
        return self.fill if self._place is None or self._caller() == self._place else 0.0

    @staticmethod
    def _caller() -> tuple[str, int]:
        caller = sys._getframe(3)  # noqa: SLF001 -- the place of the call; `inspect` costs milliseconds
        return caller.f_code.co_filename, caller.f_lineno

    def _remember(self) -> None:
        place = self._caller()
        if place not in self.used:
            self.used.append(place)


def _method_of(torch: Any, function: Any, args: tuple[Any, ...]) -> tuple[str, Any, tuple[Any, ...]]:
    """Name, tensor and arguments where `function` is a method of a tensor, bound or not; else an empty name."""
    name = getattr(function, "__name__", "")
    if type(name) is not str or name not in _METHODS:
        return "", None, args
    owner = getattr(function, "__self__", None)
    if isinstance(owner, torch.Tensor):
        return name, owner, args
    if args and isinstance(args[0], torch.Tensor) and function is getattr(torch.Tensor, name, None):
        return name, args[0], args[1:]
    return "", None, args


def _resized(torch: Any, function: Any, args: tuple[Any, ...]) -> Any:
    """Return the tensor that `function` is about to resize, or None."""
    name, owner, _ = _method_of(torch, function, args)
    return owner if name in _RESIZES else None


def _makes_tensor(torch: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    if function is torch.Tensor or type(function) is type(torch.FloatTensor):
        return _asks_for_size(torch, args, kwargs)
    name, _, rest = _method_of(torch, function, args)
    if name == "new":
        return _asks_for_size(torch, rest, kwargs)
    return bool(name) or any(function is getattr(torch, known, None) for known in _FUNCTIONS)


def _asks_for_size(torch: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell `Tensor(2, 3)` and `Tensor(x.size())`, which give sizes, from `Tensor([2, 3])`, which gives data."""
    if "size" in kwargs or (len(args) == 1 and isinstance(args[0], torch.Size)):
        return True
    if len(args) == 1 and hasattr(args[0], "__len__"):  # arrays and tensors have an `__index__`, too
        return False
    return bool(args) and all(hasattr(argument, "__index__") for argument in args)


def _makes_array(numpy: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    if function is numpy.ndarray:
        return kwargs.get("buffer") is None and (len(args) <= _BUFFER_PLACE or args[_BUFFER_PLACE] is None)
    return function is numpy.empty or function is numpy.empty_like


def _elements(tensor: Any) -> int:
    """How many elements the memory of `tensor` has room for, seen or not; 0 where there is no plain memory."""
    try:
        return int(tensor.untyped_storage().nbytes() // tensor.element_size())
    except (RuntimeError, NotImplementedError):  # sparse, say
        return 0


def _fill_tensor(torch: Any, result: Any, fill: float, *, start: int) -> bool:
    """Fill what lies from element `start` on in the memory of `result`; says whether there was any."""
    length = _elements(result) - start
    if length <= 0 or result.device.type == "meta":
        return False
    with torch.no_grad():
        # the memory, not the view: rows of `empty_strided` may overlap, and filling such a tensor is refused
        result.detach().as_strided((length,), (1,), start).fill_(fill)
    return True


def _fill_array(result: Any, fill: float) -> bool:
    if result.size == 0 or result.dtype.hasobject:  # objects start as None
        return False
    result.fill(fill)
    return True
