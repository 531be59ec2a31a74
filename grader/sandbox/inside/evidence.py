"""Evidence of a gradient that was not written by hand, from observed calls. Advisory: it can be evaded.

Autograd is seen by any route (`.backward`, `torch.autograd.grad`, `torch.func`): all end in the engine's
one entry. Numerical differences are seen as calls of the submission's own functions, or of right ones put in their
place, with a weight shifted a little: the values alone give nothing away, central differences in float64 being as good
as float32.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Container
from types import FrameType, TracebackType
from typing import Any

from .proxies import HELPED

__all__ = ["Watch"]

_ENGINE_CALLS = frozenset({"run_backward", "_make_dual", "_enter_dual_level", "_jvp_increment_nesting"})
_NEAREST, _FARTHEST = 1e-10, 2e-2  # relative distance of a shifted weight; below is rounding
_SHIFTED_CALLS = 2
_VARARGS = 4  # inspect.CO_VARARGS


def _passed(frame: FrameType) -> list[Any]:
    """What the function of a frame was called with: by position, by name and as `*args`."""
    code, found = frame.f_code, frame.f_locals
    named = code.co_argcount + code.co_kwonlyargcount
    values = [found.get(name) for name in code.co_varnames[:named]]
    if code.co_flags & _VARARGS:
        values += found.get(code.co_varnames[named], ())
    return values


class Watch:
    """While active, collects evidence about one call into `found`: "autograd", "shifted_calls"."""

    def __init__(self, arguments: list[Any], found: list[str], own_files: Container[str]) -> None:
        self._weights = [float(a) for a in arguments if hasattr(a, "dim") and a.dim() == 0]
        self._found, self._own_files = found, own_files
        self.shifted = 0

    def _is_shifted(self, value: Any) -> bool:
        if hasattr(value, "numel"):
            if value.numel() != 1:
                return False
            value = value.item()
        elif hasattr(value, "size") and getattr(value, "size", 0) == 1 and hasattr(value, "item"):
            value = value.item()
        if not isinstance(value, float):
            return False
        return any(_NEAREST < abs(value - w) <= _FARTHEST * abs(w) for w in self._weights if w)

    def _is_watched(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename in self._own_files or frame.f_code is HELPED

    def _observe(self, frame: FrameType, event: str, argument: Any) -> None:
        with contextlib.suppress(Exception):
            if event == "c_call" and getattr(argument, "__name__", "") in _ENGINE_CALLS:
                if "autograd" not in self._found:
                    self._found.append("autograd")
            elif event == "call" and self._is_watched(frame) and any(map(self._is_shifted, _passed(frame))):
                self.shifted += 1

    def __enter__(self) -> None:
        """Start observing."""
        threading.setprofile(self._observe)
        sys.setprofile(self._observe)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, and conclude."""
        sys.setprofile(None)
        threading.setprofile(None)
        if self.shifted >= _SHIFTED_CALLS:
            self._found.append("shifted_calls")
