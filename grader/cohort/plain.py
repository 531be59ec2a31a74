"""Frozen values as plain JSON data and back, and the hash that names them.

The form is read off the dataclasses themselves, so a field added there is neither lost on the way nor left out of a
key. Text may hold unpaired surrogates (a submission may say anything), so what is written is ASCII.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from grader.errors import GraderError

__all__ = ["WireError", "canonical", "expect", "from_data", "in_order", "key_of", "to_data"]

_T = TypeVar("_T")
_Reader: TypeAlias = Callable[[Any], Any]


class WireError(GraderError):
    """Data that is not what was written: another version's, or damaged."""


def canonical(data: Any) -> str:
    """The one way to write plain data that is compared or hashed. Raises ValueError for a number that is not finite."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def in_order(data: Any) -> str:
    """Plain data as it is to be read again: a case keeps the contract's order, X before T. Raises as `canonical`."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def key_of(data: Any) -> str:
    """sha256 of plain data."""
    return hashlib.sha256(canonical(data).encode("ascii")).hexdigest()


# ---------------------------------------------------------------------------- writing
def to_data(value: Any) -> Any:
    """Plain JSON data of a dataclass, a table, a sequence, a fraction, a path or a scalar. Raises TypeError."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [to_data(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_data(item) for key, item in value.items()}
    if isinstance(value, (Fraction, Path)):
        return str(value)
    kind: Any = type(value)
    return {name: to_data(getattr(value, name)) for name in _names(kind)}


@cache
def _names(kind: type) -> tuple[str, ...]:
    if not dataclasses.is_dataclass(kind):
        msg = f"{kind.__name__} is no plain data"
        raise TypeError(msg)
    return tuple(item.name for item in dataclasses.fields(kind))


# ---------------------------------------------------------------------------- reading
def from_data(kind: Callable[..., _T], data: Any) -> _T:
    """The value of a dataclass that `to_data` wrote. Raises WireError where a field is missing, new or of another type.

    What is declared as `object` comes back as it was written: tables, lists and scalars.
    """
    value: _T = _reader(kind)(data)
    return value


def expect(condition: bool, kind: Any, data: Any) -> None:  # noqa: FBT001 - an assertion that stays
    """Raise WireError unless the condition holds of the data."""
    if not condition:
        raise WireError(f"expected {getattr(kind, '__name__', kind)}, got {str(data)[:60]!r}")


@cache
def _reader(kind: Any) -> _Reader:
    """What reads a value of this type; made once, for a cohort reads millions."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _optional_reader(arguments)
    if origin is Literal:
        return _checking_reader(kind, lambda data: data in arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is not None and issubclass(origin, Mapping):
        return _table_reader(kind, arguments[1])
    return _dataclass_reader(kind) if dataclasses.is_dataclass(kind) else _scalar_reader(kind)


def _checking_reader(kind: Any, holds: Callable[[Any], bool]) -> _Reader:
    def read(data: Any) -> Any:
        expect(holds(data), kind, data)
        return data

    return read


def _scalar_reader(kind: Any) -> _Reader:
    if kind in (Fraction, Path):
        return lambda data: kind(_reader(str)(data))
    classes = (int, float) if kind is float else kind
    return _checking_reader(kind, lambda data: isinstance(data, classes))


def _optional_reader(arguments: tuple[Any, ...]) -> _Reader:
    (inner,) = (_reader(kind) for kind in arguments if kind is not type(None))
    return lambda data: None if data is None else inner(data)


def _tuple_reader(arguments: tuple[Any, ...]) -> _Reader:
    readers = [_reader(kind) for kind in arguments if kind is not ...]
    alike = arguments[-1] is ...

    def read(data: Any) -> Any:
        expect(isinstance(data, list) and (alike or len(data) == len(readers)), arguments, data)
        if alike:
            return tuple(map(readers[0], data))
        return tuple(reader(item) for reader, item in zip(readers, data, strict=True))

    return read


def _table_reader(kind: Any, inner: Any) -> _Reader:
    reader = _reader(inner)

    def read(data: Any) -> Any:
        expect(isinstance(data, dict), kind, data)
        return {key: reader(item) for key, item in data.items()}

    return read


def _dataclass_reader(kind: Any) -> _Reader:
    hints = get_type_hints(kind)
    readers = {item.name: _reader(hints[item.name]) for item in dataclasses.fields(kind)}

    def read(data: Any) -> Any:
        expect(isinstance(data, dict) and data.keys() == readers.keys(), kind, data)
        return kind(**{name: reader(data[name]) for name, reader in readers.items()})

    return read
