"""Whether what a function was seen to do feeds what it returns: it is called again with that altered.

Whoever checks a gradient of their own by autograd, or by numerical differences, returns the same whatever these give.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from types import FunctionType
from typing import Any

from . import frames
from .evidence import Watch
from .flat.altered import Alteration

__all__ = ["feeds"]

Fresh = Callable[[], list[Any]]
"""The arguments anew: an earlier call may have changed them."""


def feeds(
    evidence: str,
    own: tuple[Any, bytes],
    target: Callable[..., Any],
    fresh: Fresh,
    namespace: dict[str, Any],
    own_files: Container[str],
) -> bool:
    """Whether what `evidence` speaks of feeds `target`'s `own` answer. True wherever that cannot be told."""
    try:
        if own != _answer(target, fresh):  # chance: nothing can be told from what changes
            return True
        alter: Callable[..., tuple[Any, bytes] | None] = _engine if evidence == "autograd" else _shifted_calls
        if alter(target, fresh, namespace, own_files, much=False) != own:
            return True
    except BaseException:  # noqa: BLE001 - whatever a submission raises when it is not as it was
        return True
    with suppress(BaseException):  # a check that compares may well raise at this
        return alter(target, fresh, namespace, own_files, much=True) != own
    return False


def _answer(target: Callable[..., Any], fresh: Fresh) -> tuple[Any, bytes]:
    out = bytearray()
    return frames.encode(target(*fresh()), out), bytes(out)


def _weights(given: list[Any]) -> tuple[float, ...]:
    return tuple(float(a) for a in given if hasattr(a, "dim") and a.dim() == 0)


def _engine(
    target: Callable[..., Any], fresh: Fresh, _namespace: dict[str, Any], _own: Container[str], *, much: bool
) -> tuple[Any, bytes] | None:
    """The answer with the engine's gradients scaled; None where it was not reached, or by another way."""
    alteration = Alteration(_weights(fresh()), much=much)
    with alteration.engine():
        answer = _answer(target, fresh)
    return None if alteration.idle or alteration.missed else answer


def _shifted_calls(
    target: Callable[..., Any], fresh: Fresh, namespace: dict[str, Any], own_files: Container[str], *, much: bool
) -> tuple[Any, bytes] | None:
    """The answer with the results of shifted calls scaled; None where there were none, or one was not by name."""
    given = fresh()
    alteration = Alteration(_weights(given), much=much)
    watch = Watch(given, [], own_files)
    with _in_place_of(namespace, alteration, own_files), watch:
        answer = _answer(target, fresh)
    if alteration.shifted < max(watch.shifted, 1):
        return None
    if alteration.lost:  # nothing came back that could be scaled: what is found without the call?
        with _in_place_of(namespace, alteration.skipping, own_files):
            return _answer(target, fresh)
    return answer


@contextmanager
def _in_place_of(namespace: dict[str, Any], altered: Callable[..., Any], own_files: Container[str]) -> Iterator[None]:
    """While active, the functions that the submission defines at top level are altered, under their names there."""
    functions = {
        name: value
        for name, value in namespace.items()
        if type(value) is FunctionType and value.__code__.co_filename in own_files
    }
    namespace.update({name: altered(value) for name, value in functions.items()})
    try:
        yield
    finally:
        namespace.update(functions)
