"""Errors carried forward: a submission's lower functions, answered from outside while a higher one is judged.

The code of the student's own function is swapped, so that every way to reach it (an alias, a default argument, a
method) reaches the right answer. It comes in the container, dtype and shape that their own function returns for the
same arguments, so that code written around that goes on working. What is asked for here was judged before: its
check is closed, and the child ends with the check that it was started for.
"""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

__all__ = ["HELPED", "install", "like"]

Ask = Callable[[str, list[Any]], Any]
"""Ask the supervisor: function and arguments; the right answer as arrays (a tuple where there are several), or None."""

_ARITY = {"relu": 1, "relu_derivative": 1, "forward": 3, "bptt_gradients": 4}
_MODULE = __name__
_PROXIES: list[_Proxy] = []


class _Proxy:
    """Stands in for one function: `own` is the student's code as it was, None where it cannot be trusted to end."""

    def __init__(
        self, function: str, own: Callable[..., Any] | None, signature: inspect.Signature | None, ask: Ask
    ) -> None:
        self._function, self._own, self._signature, self._ask = function, own, signature, ask

    def __call__(self, *args: Any, **options: Any) -> Any:
        given = self._positional(args, options)
        model = self._model(args, options)
        right = self._ask(self._function, given)
        if right is None:  # not a question of the contract's: their own answer must do
            return model
        return like(model, right) if model is not None else _like_arguments(given, right)

    def _positional(self, args: tuple[Any, ...], options: dict[str, Any]) -> list[Any]:
        """The contract's arguments in order, without a method's `self`."""
        values = list(args)
        if self._signature is not None and options:
            bound = self._signature.bind(*args, **options)
            bound.apply_defaults()
            values = list(bound.arguments.values())
        return values[-_ARITY[self._function] :]

    def _model(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if self._own is None:
            return None
        try:  # on copies: what a wrong function does to its arguments must not reach its caller either
            return self._own(*map(_copied, args), **{name: _copied(value) for name, value in options.items()})
        except Exception:  # noqa: BLE001 - a wrong function may raise; its arguments then say what it works on
            return None


def _copied(value: Any) -> Any:
    if _is_tensor(value):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return copy.deepcopy(value) if isinstance(value, (np.ndarray, list)) else value


HELPED = _Proxy.__call__.__code__
"""The code that runs when a lower function is answered from outside: it is called with what the submission passed."""


def call(index: int, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What swapped code runs."""
    return _PROXIES[index](*args, **options)


# ---------------------------------------------------------------------------- swapping
def install(
    namespace: dict[str, Any], functions: dict[str, Callable[..., Any]], proxied: Mapping[str, bool], ask: Ask
) -> None:
    """Have `ask` answer for the functions `proxied`; the flag says whether the student's own code may still be called.

    One that is missing becomes a global function of the contract's name.
    """
    for function, callable_still in proxied.items():
        theirs = functions.get(function)
        code = _function_of(theirs)
        own = None
        if code is not None and callable_still:
            own = FunctionType(code.__code__, code.__globals__, code.__name__, code.__defaults__, code.__closure__)
            own.__kwdefaults__ = code.__kwdefaults__
        signature = _signature(code)
        proxy = _Proxy(function, own, signature, ask)
        _PROXIES.append(proxy)
        if code is not None:
            code.__code__ = _swapped_code(len(_PROXIES) - 1, code.__code__)
        if code is None or theirs is None:
            namespace[function] = proxy
            functions[function] = proxy


def _function_of(value: Any) -> FunctionType | None:
    """The Python function behind a function, a bound method or a callable object."""
    if isinstance(value, MethodType):
        value = value.__func__
    if isinstance(value, FunctionType):
        return inspect.unwrap(value) if isinstance(inspect.unwrap(value), FunctionType) else value
    inside = vars(type(value)).get("__call__")
    return inside if isinstance(inside, FunctionType) else None


def _signature(code: FunctionType | None) -> inspect.Signature | None:
    try:
        return inspect.signature(code) if code is not None else None
    except (TypeError, ValueError):
        return None


def _swapped_code(index: int, replaced: CodeType) -> CodeType:
    """Code that calls proxy `index`, with as many free variables as the code it replaces (Python insists on that)."""
    free = [f"free{i}" for i in range(len(replaced.co_freevars))]
    outer = "".join(f"    {name} = None\n" for name in free)
    used = f"        if False: {', '.join(free)}\n" if free else ""
    source = (
        f"def outer():\n{outer}    def swapped(*args, **options):\n{used}"
        f"        import sys\n        return sys.modules[{_MODULE!r}].call({index}, args, options)\n"
        "    return swapped\n"
    )
    space: dict[str, Any] = {}
    exec(compile(source, "<right answer>", "exec"), space)  # noqa: S102 - our own text, in the confined child
    code: CodeType = space["outer"]().__code__
    return code


# ---------------------------------------------------------------------------- containers
def like(model: Any, right: Any) -> Any:
    """`right` in the container, dtype and shape of `model`."""
    if isinstance(right, tuple):
        return _pair_like(model, right)
    if isinstance(model, (list, tuple)):
        items = [like(m, r) for m, r in zip(model, right, strict=True)] if len(model) == len(right) else right.tolist()
        return _rebuilt(model, items)
    if _is_tensor(model):
        tensor = sys.modules["torch"].as_tensor(right, device=model.device)
        return (tensor.reshape(model.shape) if tensor.numel() == model.numel() else tensor).to(_real(model.dtype))
    if isinstance(model, (np.ndarray, np.generic)):
        array = np.asarray(right)
        array = array.reshape(model.shape) if array.size == model.size else array
        return array.astype(model.dtype if model.dtype.kind == "f" and model.dtype.itemsize >= 4 else np.float64)
    if isinstance(model, (int, float)):
        return float(np.asarray(right).reshape(()))
    return sys.modules["torch"].as_tensor(right, dtype=sys.modules["torch"].float32)


def _pair_like(model: Any, right: tuple[Any, ...]) -> Any:
    if isinstance(model, (list, tuple)) and len(model) == len(right):
        return _rebuilt(model, [like(m, r) for m, r in zip(model, right, strict=True)])
    if isinstance(model, dict) and len(model) == len(right):
        return {key: like(m, r) for (key, m), r in zip(model.items(), right, strict=True)}
    if _is_tensor(model) or isinstance(model, np.ndarray):
        return like(model, np.stack(right))
    return tuple(like(None, r) for r in right)


def _rebuilt(model: list[Any] | tuple[Any, ...], items: list[Any]) -> Any:
    if isinstance(model, list):
        return items
    return type(model)(*items) if hasattr(model, "_fields") else tuple(items)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, sys.modules["torch"].Tensor)


def _real(dtype: Any) -> Any:
    """A dtype that holds any number well: a student's wrong answer may have been of whole numbers, or of few bits."""
    return dtype if dtype.is_floating_point and dtype.itemsize >= 4 else sys.modules["torch"].float32


def _like_arguments(given: list[Any], right: Any) -> Any:
    """`right` in the container of the first argument: all there is to go by where their own function raises."""
    model = given[0] if given else None
    if isinstance(right, tuple):
        scalar = isinstance(right[0], np.ndarray) and right[0].ndim == 0
        return tuple(like(given[-1] if scalar else model, r) for r in right)
    return like(model, right)
