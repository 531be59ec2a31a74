"""Values in the kind a script keeps them in: tensors of any dtype, arrays, numbers, lists of rows."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

__all__ = ["is_tensor", "number", "overwrite", "same", "snapshot", "substitute"]

_MAX_DEPTH = 4


def is_tensor(value: Any) -> bool:
    """Whether `value` is a PyTorch tensor, of whatever class."""
    return isinstance(value, sys.modules["torch"].Tensor)


def snapshot(value: Any, depth: int = 0) -> Any:
    """A copy that later changes in place do not reach."""
    if is_tensor(value):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)) and depth < _MAX_DEPTH:
        return [snapshot(item, depth + 1) for item in value]
    if isinstance(value, dict) and value and depth < _MAX_DEPTH and all(isinstance(key, int) for key in value):
        return [snapshot(value[key], depth + 1) for key in _steps(value)]
    return value


def _steps(rows: dict[int, Any]) -> list[int]:
    """The steps that rows are kept by, in order; one before the first is none of them."""
    return [key for key in sorted(rows) if key >= 0]


def number(value: Any) -> float:
    """The one number that a weight holds: a float, a 0-d or 1-element tensor or array, a list of one."""
    if is_tensor(value) or isinstance(value, (np.ndarray, np.generic)):
        return float(value.item())
    if isinstance(value, (list, tuple)) and len(value) == 1:
        return number(value[0])
    return float(value)


def same(a: Any, b: Any) -> bool:
    """Whether two matrices of the same kind hold the same numbers."""
    try:
        return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(_rows(a), _rows(b), strict=True))
    except (TypeError, ValueError, RuntimeError):
        return False


def _rows(value: Any) -> list[np.ndarray]:
    return [np.asarray(row.detach().cpu() if is_tensor(row) else row, dtype=np.float64) for row in value]


# ---------------------------------------------------------------------------- substituting
def substitute(old: Any, new: np.ndarray) -> Any:
    """`new` (float32: 0-d or (SeqL, NbSeq)) as what `old` is: container, dtype, extra axes of size 1, gradients."""
    if is_tensor(old):
        return _tensor(old, new)
    if isinstance(old, np.ndarray):
        return _axes(new, old.shape).astype(_dtype(old.dtype, new))
    if isinstance(old, np.generic):
        return _dtype(old.dtype, new).type(new.reshape(()))
    if isinstance(old, (list, tuple)) and old:
        rows = [new] if new.ndim == 0 else list(new)
        return type(old)(substitute(old[0], row) for row in rows) if type(old) in {list, tuple} else list(rows)
    whole = isinstance(old, int) and _is_whole(new)
    return int(new.reshape(())) if whole else float(new.reshape(()))


def _tensor(old: Any, new: np.ndarray) -> Any:
    torch = sys.modules["torch"]
    dtype = old.dtype
    if not dtype.is_floating_point and not _is_whole(new):
        dtype = torch.float32
    made = torch.tensor(_axes(new, tuple(old.shape)), device=old.device).to(dtype)
    return made.requires_grad_() if old.requires_grad and dtype.is_floating_point else made


def _axes(new: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`new` with axes of size 1 where `shape` has more of them."""
    if new.ndim >= len(shape):
        return np.array(new)
    if new.ndim == 0:
        return np.array(new).reshape((1,) * len(shape))
    spare = len(shape) - new.ndim
    sizes = iter(new.shape)
    wanted: list[int] = []
    for size in shape:
        if size == 1 and spare:
            wanted.append(1)
            spare -= 1
        else:
            wanted.append(next(sizes, 1))
    return np.array(new).reshape(wanted)


def _is_whole(new: np.ndarray) -> bool:
    return bool((new == np.round(new)).all())


def _dtype(old: np.dtype[Any], new: np.ndarray) -> np.dtype[Any]:
    """The dtype to keep `new` in: whole numbers stay what they were while all of them are."""
    if old.kind == "f" or (old.kind in "iub" and _is_whole(new)):
        return old
    return np.dtype(np.float64)


# ---------------------------------------------------------------------------- in place
def overwrite(old: Any, new: Any) -> bool:
    """Write `new` (of the shape of `old`, or broadcast to it) into `old` itself; False where it cannot be."""
    try:
        if is_tensor(old):
            return _overwrite_tensor(old, new)
        if isinstance(old, np.ndarray):
            return _overwrite_array(old, np.asarray(new))
        if isinstance(old, list) and len(old) == len(new):
            old[:] = [substitute(row, np.asarray(part)) for row, part in zip(old, new, strict=True)]
            return True
        if isinstance(old, dict) and len(_steps(old)) == len(new):
            old |= {key: substitute(old[key], np.asarray(part)) for key, part in zip(_steps(old), new, strict=True)}
            return True
    except (TypeError, ValueError, RuntimeError):
        return False
    return False


def _overwrite_tensor(old: Any, new: Any) -> bool:
    torch = sys.modules["torch"]
    source = new.detach() if is_tensor(new) else torch.as_tensor(np.asarray(new))
    if source.numel() != old.numel() or (not old.dtype.is_floating_point and bool((source != source.round()).any())):
        return False
    with torch.no_grad():
        old.data.copy_(source.reshape(old.shape))
    return True


def _overwrite_array(old: np.ndarray, new: np.ndarray) -> bool:
    if new.size != old.size or not old.flags.writeable or (old.dtype.kind != "f" and not _is_whole(new)):
        return False
    old[...] = new.reshape(old.shape)
    return True
