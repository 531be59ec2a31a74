"""Patches under which old PyTorch and NumPy code runs. Each calls today's function and acts only where that refuses.

What they accept is what PyTorch 0.3 and NumPy before 1.20 accepted; where today's versions compute something else
without refusing (`mask + mask`, `integers / 2`, shapes that now broadcast), nothing is changed.
"""

from __future__ import annotations

import builtins
import functools
import math
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["NUMPY_NAMES", "PYTHON_NAMES", "Note", "Patches", "Retry", "patch_numpy", "patch_python"]

Note = Callable[[str], None]
Repair = Callable[..., Callable[[], Any] | None]
"""Given today's function and the arguments it refused: what to do instead, or None."""

NUMPY_NAMES = {
    "bool": "bool",
    "complex": "complex",
    "float": "float",
    "int": "int",
    "object": "object",
    "str": "str",
    "long": "int",
    "unicode": "str",
    "bool8": "np.bool_",
    "complex_": "np.complex128",
    "float_": "np.float64",
    "int0": "np.intp",
    "uint0": "np.uintp",
    "string_": "np.bytes_",
    "unicode_": "np.str_",
    "alltrue": "np.all",
    "sometrue": "np.any",
    "asscalar": "x.item()",
    "cumproduct": "np.cumprod",
    "product": "np.prod",
    "mat": "np.asmatrix",
    "rank": "np.ndim",
    "round_": "np.round",
    "trapz": "np.trapezoid",
    "NaN": "np.nan",
    "NAN": "np.nan",
    "Inf": "np.inf",
    "Infinity": "np.inf",
    "PINF": "np.inf",
    "infty": "np.inf",
    "NINF": "-np.inf",
}
"""What NumPy no longer has, and what stands for it today."""

PYTHON_NAMES = {
    "xrange": "range",
    "raw_input": "input",
    "reduce": "functools.reduce",
    "unichr": "chr",
    "long": "int",
    "clock": "time.perf_counter",
}
"""Python 2's builtins and `time.clock`, and what stands for them today."""

_REFUSALS = (RuntimeError, TypeError, IndexError, ValueError)
_MISSING = object()
_MOST_KNOWN = 1000


class Patches:
    """Attributes set for a while. `undo` puts back what was there."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Set `owner.name`, remembering what it was; what `owner` inherits is not its own."""
        self._before.append((owner, name, vars(owner).get(name, _MISSING)))
        setattr(owner, name, value)

    def undo(self) -> None:
        """Restore everything, the last first; once is enough."""
        while self._before:
            owner, name, value = self._before.pop()
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)

    def retry(self, owner: Any, names: str, retry: Retry) -> None:
        """Let `retry` have what the functions `names` of `owner` refuse."""
        for name in names.split():
            self.set(owner, name, _retrying(getattr(owner, name), retry, set()))


@dataclass(frozen=True)
class Retry:
    """What to do about a refusal that says `sign`; `note` is called where `repair` mends it.

    `key` names calls that are refused alike, None being any that are not to be compared: raising and catching costs
    60 us, so a call like one that was refused and mended before is mended at once.
    """

    repair: Repair
    note: Callable[[], None]
    sign: str = ""
    key: Callable[..., Hashable] = lambda *_, **__: None


def _retrying(original: Callable[..., Any], retry: Retry, refused_before: set[Hashable]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        known = bool(refused_before) and retry.key(*args, **kwargs) in refused_before
        result = _mended(original, retry, args, kwargs) if known else _MISSING
        if result is _MISSING:
            try:
                return original(*args, **kwargs)
            except _REFUSALS as refused:
                if retry.sign in str(refused):
                    result = _mended(original, retry, args, kwargs)
                if result is _MISSING:
                    raise
            if len(refused_before) < _MOST_KNOWN and (key := retry.key(*args, **kwargs)) is not None:
                refused_before.add(key)
        retry.note()
        return result

    return call


def _mended(original: Callable[..., Any], retry: Retry, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        again = retry.repair(original, *args, **kwargs)
        return _MISSING if again is None else again()
    except Exception:  # noqa: BLE001 -- the first refusal is the one to tell of
        return _MISSING


# ---------------------------------------------------------------------------- NumPy
def patch_numpy(patches: Patches, note: Note) -> None:
    """Names that NumPy no longer has, and arrays of rows of several lengths."""
    import numpy as np  # noqa: PLC0415 -- not before a script needs the layer

    today: Callable[[str], Any] = np.__getattr__

    def named(name: str) -> Any:
        try:
            return today(name)
        except AttributeError:
            if name not in NUMPY_NAMES:
                raise
        note(f"numpy.{name}")
        return _stand_in(np, NUMPY_NAMES[name])

    patches.set(np, "__getattr__", named)
    ragged = Retry(_ragged, functools.partial(note, "ragged_array"), sign="inhomogeneous shape")
    patches.retry(np, "array asarray", ragged)


def _stand_in(np: Any, modern: str) -> Any:
    if modern == "x.item()":
        return lambda array: array.item()
    if modern == "-np.inf":
        return -math.inf
    return getattr(np if modern.startswith("np.") else builtins, modern.removeprefix("np."))


def _ragged(original: Callable[..., Any], rows: Any, **kwargs: Any) -> Callable[[], Any] | None:
    if "dtype" in kwargs:
        return None
    return lambda: original(list(rows), dtype=object, **kwargs)


# ---------------------------------------------------------------------------- Python
def patch_python(patches: Patches, note: Note) -> None:
    """Python 2's builtins, `time.clock`."""
    for name, function in _python_functions():
        owner = time if name == "clock" else builtins
        if not hasattr(owner, name):
            patches.set(owner, name, _noting(function, functools.partial(note, f"python.{name}")))


def _python_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, modern in PYTHON_NAMES.items():
        module, _, attribute = modern.rpartition(".")
        owner = {"": builtins, "functools": functools, "time": time}[module]
        yield name, getattr(owner, attribute)


def _noting(function: Callable[..., Any], note: Callable[[], None]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        note()
        return function(*args)

    return call
