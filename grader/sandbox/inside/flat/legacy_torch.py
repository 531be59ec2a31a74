"""What PyTorch 0.3 accepted and today's refuses, each put into words that today's accepts."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Hashable
from typing import Any

from .legacy_patches import Note, Patches, Retry

__all__ = ["patch_torch"]


def patch_torch(patches: Patches, note: Note) -> None:
    """Accept what PyTorch 0.3 accepted."""
    import torch  # noqa: PLC0415 -- not before a script needs the layer

    def noting(code: str) -> Callable[[], None]:
        return functools.partial(note, code)

    tensor = torch.Tensor
    in_place = Retry(_reshaped_operand, noting("column_to_row"), key=_operand_shapes)
    part = Retry(_reshaped_value, noting("column_to_row"), key=_part_shapes)
    mask_bytes = Retry(_mask_as_bytes, noting("mask_arithmetic"))
    mask_bool = Retry(_mask_as_bool, noting("byte_mask"))
    patches.retry(tensor, "copy_ add_ sub_ mul_ div_ __iadd__ __isub__ __imul__ __itruediv__", in_place)
    patches.retry(tensor, "__setitem__", part)
    patches.retry(tensor, "__setitem__", Retry(_scalar_written, noting("scalar_index")))
    # never `__getitem__`: a class that has one of its own counts as a sequence, and `torch.tensor([total])` refuses it
    patches.retry(tensor, "__sub__ __rsub__ sub __neg__ neg", mask_bytes)
    patches.retry(torch, "sub rsub neg", mask_bytes)
    patches.retry(tensor, "masked_select masked_fill masked_fill_ masked_scatter_", mask_bool)
    patches.retry(torch, "masked_select", mask_bool)
    patches.retry(torch, "cat", Retry(_cat_scalars, noting("scalar_cat")))
    patches.retry(tensor, "div_ __itruediv__", Retry(_whole_division, noting("integer_division")))
    for name in ("__radd__", "__rsub__", "__rmul__"):
        patches.set(tensor, name, _after_array(getattr(tensor, name), noting("array_and_scalar")))
    patches.set(tensor, "__round__", _rounding(noting("scalar_round")))


def _is_tensor(*values: Any) -> bool:
    tensor = sys.modules["torch"].Tensor
    return all(isinstance(value, tensor) for value in values)


def _reshaped_operand(
    original: Callable[..., Any], tensor: Any, *operands: Any, **kwargs: Any
) -> Callable[[], Any] | None:
    """Operands of an operation in place, `x.add_(other)` or `x.add_(factor, other)`: as many elements are enough."""
    *factor, other = operands
    if not _is_tensor(other) or tensor.numel() != other.numel() or tensor.shape == other.shape:
        return None
    return lambda: original(tensor, *factor, other.reshape(tensor.shape), **kwargs)


def _operand_shapes(tensor: Any, *operands: Any, **kwargs: Any) -> Hashable:
    return None if kwargs or len(operands) != 1 else (tensor.shape, getattr(operands[0], "shape", None))


def _part_shapes(tensor: Any, index: Any, value: Any) -> Hashable:
    parts = index if type(index) is tuple else (index,)
    for part in parts:
        if type(part) is not int and type(part) is not slice:
            return None
    # a slice has no hash before Python 3.12
    return tensor.shape, getattr(value, "shape", None), str(index)


def _reshaped_value(original: Callable[..., Any], tensor: Any, index: Any, value: Any) -> Callable[[], Any] | None:
    """Value for a part of a tensor: as many elements are enough."""
    if not _is_tensor(value):
        return None
    part = tensor[index]
    if part.numel() != value.numel() or part.shape == value.shape:
        return None
    return lambda: original(tensor, index, value.reshape(part.shape))


def _is_first(index: Any) -> bool:
    return hasattr(index, "__index__") and not isinstance(index, bool) and index in (0, -1)


def _scalar_written(original: Callable[..., Any], tensor: Any, index: Any, value: Any) -> Callable[[], Any] | None:
    return (lambda: original(tensor, (), value)) if tensor.dim() == 0 and _is_first(index) else None


def _mask_as_bytes(original: Callable[..., Any], *operands: Any) -> Callable[[], Any] | None:
    """Comparisons gave bytes, 0 and 1, with which one could compute."""
    torch = sys.modules["torch"]
    for operand in operands:
        if not (operand.dtype in (torch.bool, torch.uint8) if _is_tensor(operand) else isinstance(operand, int)):
            return None
    return lambda: original(*(operand.byte() if _is_tensor(operand) else int(operand) for operand in operands))


def _mask_as_bool(original: Callable[..., Any], tensor: Any, mask: Any, *rest: Any) -> Callable[[], Any] | None:
    if not _is_tensor(mask) or mask.dtype != sys.modules["torch"].uint8:
        return None
    return lambda: original(tensor, mask.bool(), *rest)


def _cat_scalars(original: Callable[..., Any], tensors: Any, *rest: Any, **kwargs: Any) -> Callable[[], Any] | None:
    """Sums had one axis, of one element."""
    parts = list(tensors)
    if not _is_tensor(*parts) or all(part.dim() for part in parts):
        return None
    return lambda: original([part if part.dim() else part.reshape(1) for part in parts], *rest, **kwargs)


def _whole_division(_: Callable[..., Any], tensor: Any, other: Any) -> Callable[[], Any] | None:
    """Integers divided in place stay integers, rounded towards zero."""
    kinds = [each.dtype for each in (tensor, other) if _is_tensor(each)]
    if any(kind.is_floating_point or kind.is_complex or kind == sys.modules["torch"].bool for kind in kinds):
        return None
    if not _is_tensor(other) and not isinstance(other, int):
        return None
    return lambda: tensor.div_(other, rounding_mode="trunc")


def _after_array(original: Callable[..., Any], note: Callable[[], None]) -> Callable[..., Any]:
    """`array * total`: a total was a Python number."""
    operation = {"__radd__": "__add__", "__rsub__": "__sub__", "__rmul__": "__mul__"}[original.__name__]

    @functools.wraps(original)
    def call(tensor: Any, other: Any) -> Any:
        if not isinstance(other, sys.modules["numpy"].ndarray) or tensor.dim():
            return original(tensor, other)
        try:
            result = original(tensor, other)
        except TypeError:
            result = NotImplemented
        if result is NotImplemented:
            result = getattr(other, operation)(tensor.item())
            note()
        return result

    return call


def _rounding(note: Callable[[], None]) -> Callable[..., Any]:
    def round_scalar(tensor: Any, digits: int | None = None) -> Any:
        if tensor.dim():
            raise TypeError(f"type {type(tensor).__name__} doesn't define __round__ method")
        result = round(tensor.item(), digits)
        note()
        return result

    return round_scalar
