"""Objects that take any use and do nothing, in place of plots, widgets and progress displays."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dis import opmap
from types import FrameType, FunctionType
from typing import Any

__all__ = ["Inert"]

_UNPACK_SEQUENCE = opmap["UNPACK_SEQUENCE"]
_UNPACK_EX = opmap["UNPACK_EX"]
_FALLBACK = 2  # `fig, ax = …`, by far the commonest


def _unpacked(frame: FrameType) -> int:
    """How many names the instruction that `frame` is at unpacks into; 0 if it unpacks nothing.

    `co_code` shows the instructions without CPython's run-time specialisations, on 3.10 to 3.14 alike.
    """
    code, at = frame.f_code.co_code, frame.f_lasti
    if not 0 <= at < len(code) - 1:
        return 0
    if code[at] == _UNPACK_SEQUENCE:
        return code[at + 1]
    return code[at + 1] if code[at] == _UNPACK_EX else 0  # `first, *rest = …`: as many as come before the star


def _wanted_by(depth: int) -> int:
    try:
        return _unpacked(sys._getframe(depth + 1))  # noqa: SLF001 -- there is no other way to know
    except (AttributeError, ValueError):
        return _FALLBACK


class Inert:
    """Takes calls, attributes, items, `with`, arithmetic and unpacking, and gives back more of its kind; holds nothing.

    Called with a function it returns that function, so that an inert decorator leaves a student's function alone.
    """

    def __init__(self, name: str = "inert") -> None:
        self.__dict__["_inert_name"] = name

    def __call__(self, *args: Any, **_kwargs: Any) -> Any:
        """Return a function given first, else another inert object."""
        return args[0] if args and type(args[0]) is FunctionType else Inert(f"{self!s}()")

    def __getattr__(self, name: str) -> Any:
        # NumPy, copy and pickle look for protocols under such names, which are not there
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Inert(f"{self!s}.{name}")

    def __getitem__(self, _key: Any) -> Any:
        return Inert(f"{self!s}[]")

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def __delitem__(self, _key: Any) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        # no generator: its caller is the frame that unpacks
        return iter([Inert(f"{self!s}[]") for _ in range(_wanted_by(1))])

    def __len__(self) -> int:
        return 0

    def __contains__(self, _item: object) -> bool:
        return False

    def __bool__(self) -> bool:
        return False

    def __float__(self) -> float:
        return 0.0

    def __int__(self) -> int:
        return 0

    def __index__(self) -> int:
        return 0

    def __str__(self) -> str:
        return str(self.__dict__.get("_inert_name", "inert"))[:80]

    def __repr__(self) -> str:
        return f"<inert {self!s}>"

    def __format__(self, _spec: str) -> str:
        return str(self)

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type, ...]:
        return ()  # `class Progress(tqdm.std.tqdm)` makes a plain class


def _itself(self: Inert, *_others: object) -> Inert:
    return self


def _never(_self: Inert, _other: object) -> bool:
    return False


for _operation in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    for _form in (f"__{_operation}__", f"__r{_operation}__"):
        setattr(Inert, _form, _itself)
for _form in ("__neg__", "__pos__", "__abs__", "__invert__", "__round__"):
    setattr(Inert, _form, _itself)
for _form in ("__lt__", "__le__", "__gt__", "__ge__"):
    setattr(Inert, _form, _never)
