"""A layer under which scripts for PyTorch 0.3 and old NumPy run on today's versions; each use of it is noted.

The layer never changes what runs without it: every patch tries today's function first and acts where it refuses.
Beyond its reach: `print x` and `async=True`, which are no Python any more, and what today's versions compute
differently without a word.

What old versions accepted: https://pytorch.org/blog/pytorch-0_4_0-migration-guide/ and PyTorch's notes on broadcasting
("backwards compatibility": as many elements were enough), NumPy's release notes for 1.20 to 2.4.
"""

from __future__ import annotations

import ast
import builtins
import math
import re
from collections.abc import Callable, Mapping

from .legacy_hook import HOOK_NAME, Hook, mark
from .legacy_patches import NUMPY_NAMES, PYTHON_NAMES, Patches, patch_numpy, patch_python
from .legacy_torch import patch_torch

__all__ = ["MODERN", "install", "looks_legacy", "mark_legacy"]

MODERN: Mapping[str, str] = {
    "column_to_row": "Only old PyTorch puts a tensor into one of another shape with as many elements: write"
    " `row[:] = column.view(-1)`, or give both the same shape.",
    "scalar_index": "A total has no axes any more, so there is no `total[0]`: write `total.item()`.",
    "scalar_round": "A total is a tensor without axes, which `round` does not take: write `round(total.item(), 2)`.",
    "scalar_cat": "`torch.cat` does not take totals, which have no axes any more: write `torch.stack([a, b])`.",
    "array_and_scalar": "An array and a tensor do not mix in one operation: write `array * total.item()`.",
    "mask_arithmetic": "A comparison gives booleans, which cannot be subtracted: write `~mask`, or `1 - mask.float()`.",
    "byte_mask": "A mask must be boolean, not of bytes: write `mask.bool()`.",
    "integer_division": "Integers divided in place cannot become fractions: write `x //= 2`, or `x = x / 2`.",
    "array_to_scalar": "An array of one element is not a number: write `x.item()` or `x[0]`.",
    "array_in_slot": "An array of one element cannot become an element of another: write `a[k] = x.item()`.",
    "ragged_array": "Rows of several lengths make no array: write `np.array(rows, dtype=object)`, or keep the list.",
    **{f"numpy.{old}": f"NumPy has no `np.{old}` any more: write `{new}`." for old, new in NUMPY_NAMES.items()},
    **{f"python.{old}": f"Python has no `{old}` any more: write `{new}`." for old, new in PYTHON_NAMES.items()},
}
"""What a use is noted as, and a sentence that says how to write it today."""

_NUMPY = "|".join(sorted(NUMPY_NAMES))
_BUILTINS = "|".join(sorted(set(PYTHON_NAMES) - {"clock"}))
_SIGNS: tuple[tuple[type[Exception], str], ...] = (
    (AttributeError, rf"module 'numpy' has no attribute '({_NUMPY})'"),
    (AttributeError, rf"`np\.({_NUMPY})` was removed in the NumPy"),
    (AttributeError, r"module 'time' has no attribute 'clock'"),
    (ImportError, rf"cannot import name '({_NUMPY})' from 'numpy'"),
    (ImportError, r"cannot import name 'clock' from 'time'"),
    (NameError, rf"name '({_BUILTINS})' is not defined"),
    (IndexError, r"invalid index of a 0-dim tensor|^index -1 is out of bounds for dimension 0 with size 0$"),
    (IndexError, r"too many indices for array: array is 0-dimensional, but 1 were indexed"),
    (TypeError, r"only 0-dimensional arrays can be converted to Python scalars"),
    (TypeError, r"type Tensor doesn't define __round__ method"),
    (TypeError, r"unsupported operand type\(s\) for [*-]: 'numpy\.ndarray' and 'Tensor'"),
    (TypeError, r"Concatenation operation is not implemented for NumPy arrays"),
    (ValueError, r"setting an array element with a sequence\."),
    (RuntimeError, r"(Subtraction|Negation), the `-` operator, (with|on) (a|two) bool tensors?"),
    (RuntimeError, r"masked_\w+:? (expected BoolTensor|only supports boolean masks|expects a bool)"),
    (RuntimeError, r"zero-dimensional tensor \(at position \d+\) cannot be concatenated"),
    (RuntimeError, r"result type Float can't be cast to the desired output type (Long|Int|Short|Char|Byte)"),
)
_SHAPE = r"\[([\d, ]*)\]"
_EXPANDED = re.compile(rf"expand\(torch\.\w+\{{{_SHAPE}\}}, size={_SHAPE}\)")
_TARGET = re.compile(rf"Target sizes: {_SHAPE}\. +Tensor sizes: {_SHAPE}")
_INDEXED = re.compile(rf"value tensor of shape {_SHAPE} cannot be broadcast to indexing result of shape {_SHAPE}")
_OUTPUT = re.compile(rf"output with shape {_SHAPE} doesn't match the broadcast shape {_SHAPE}")


def looks_legacy(error: BaseException) -> bool:
    """Tell whether the layer may mend this failure: by its words, and by the shapes in them.

    Where it says yes wrongly, the script fails under the layer as it did without.
    """
    kind = type(error)
    if kind.__module__ != "builtins" or any(type(word) is not str for word in error.args):
        return False  # a script's own exception could say anything, in its own time
    text = str(error)
    if any(issubclass(kind, known) and re.search(sign, text) for known, sign in _SIGNS):
        return True
    return issubclass(kind, (RuntimeError, IndexError)) and _only_shape_differs(text)


def _only_shape_differs(text: str) -> bool:
    for pattern in (_EXPANDED, _TARGET, _INDEXED):
        if found := pattern.search(text):
            return _elements(found[1]) == _elements(found[2])
    if found := _OUTPUT.search(text):
        # a column and a row of n broadcast to n by n; two shapes of one element to one
        return _elements(found[2]) == _elements(found[1]) ** 2
    return False


def _elements(shape: str) -> int:
    return math.prod(int(size) for size in shape.split(",") if size.strip())


def mark_legacy(tree: ast.AST) -> ast.AST:
    """Return a copy of `tree`, changed where no patch reaches; it runs only while the layer is installed."""
    return mark(tree)


def install(note: Callable[[str], None]) -> Callable[[], None]:
    """Patch torch, numpy, `builtins` and `time` in this process; returns what undoes it.

    `note(key)`, with a key of `MODERN`, is called at each use, from within the script's call: the innermost frame of
    the script's own is where it happened.
    """
    patches = Patches()
    patch_torch(patches, note)
    patch_numpy(patches, note)
    patch_python(patches, note)
    patches.set(builtins, HOOK_NAME, Hook(note))
    return patches.undo
