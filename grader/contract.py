"""What a submission must define, and how an answer is read.

Names, shapes and default points restate the project's fixed contract. A `CheckSpec` lists
the named properties of a check: `weight` shares the check's points among them, and a
`gated` property (one that a wrong function may satisfy by chance: everything zero, the
same wrong answer twice) earns its share only when every ungated one of its check passes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grader.model import Value

__all__ = [
    "CHECKS",
    "CHECK_BY_NAME",
    "FUNCTIONS",
    "CheckSpec",
    "ContractError",
    "PropertySpec",
    "as_array",
    "read_answer",
]


@dataclass(frozen=True)
class PropertySpec:
    """A named property; `title` says in a few words what it asks of the function."""

    name: str
    title: str
    weight: int = 1
    gated: bool = False


@dataclass(frozen=True)
class CheckSpec:
    """A check, one for each function: parameters as in the contract, parts of the answer, default points."""

    name: str
    parameters: tuple[str, ...]
    returns: tuple[str, ...]
    points: int
    properties: tuple[PropertySpec, ...]


_REPEATABLE = PropertySpec("repeatable", "the same question gets the same answer later", gated=True)
_UNTOUCHED = PropertySpec("inputs_untouched", "X and T are left as they were", gated=True)

CHECKS: tuple[CheckSpec, ...] = (
    CheckSpec(
        "relu",
        ("S",),
        ("Y",),
        5,
        (
            PropertySpec("above_zero", "positive numbers come back unchanged"),
            PropertySpec("below_zero", "negative numbers give 0"),
            PropertySpec("at_zero", "0 and -0 give 0", gated=True),
            PropertySpec("shapes", "0, 1 and 2 axes, elementwise", weight=2),
            PropertySpec("extremes", "tiny and huge numbers", gated=True),
        ),
    ),
    CheckSpec(
        "relu_derivative",
        ("S",),
        ("D",),
        5,
        (
            PropertySpec("above_zero", "positive numbers give 1"),
            PropertySpec("below_zero", "negative numbers give 0"),
            PropertySpec("at_zero", "0 and -0 give 0", gated=True),
            PropertySpec("shapes", "0, 1 and 2 axes, elementwise", weight=2),
            PropertySpec("extremes", "tiny and huge numbers", gated=True),
        ),
    ),
    CheckSpec(
        "count_targets",
        ("X",),
        ("T",),
        10,
        (
            PropertySpec("running_count", "the number of ones so far, step by step", weight=4),
            PropertySpec("single_step", "sequences of one step", gated=True),
            PropertySpec("single_sequence", "one sequence alone", weight=2),
            PropertySpec("long_sequences", "sequences of up to 100 steps", weight=2),
            _REPEATABLE,
            _UNTOUCHED,
        ),
    ),
    CheckSpec(
        "forward",
        ("X", "Wxs", "Wrec"),
        ("S", "Y"),
        20,
        (
            PropertySpec("positive_weights", "both weights positive", weight=4),
            PropertySpec("negative_weights", "weights of both signs: the ReLU matters", weight=4),
            PropertySpec("zero_weights", "a weight that is 0", gated=True),
            PropertySpec("single_step", "sequences of one step", gated=True),
            PropertySpec("single_sequence", "one sequence alone", weight=2),
            PropertySpec("long_sequences", "sequences of up to 14 steps", weight=2),
            PropertySpec("leading_zeros", "zeros in front change nothing", weight=1),
            PropertySpec("independent_sequences", "a sequence's states do not depend on its neighbours", weight=2),
            PropertySpec("all_zero_inputs", "no ones at all", gated=True),
            _REPEATABLE,
            _UNTOUCHED,
        ),
    ),
    CheckSpec(
        "bptt_gradients",
        ("X", "T", "Wxs", "Wrec"),
        ("dWxs", "dWrec"),
        35,
        (
            PropertySpec("single_step", "sequences of one step", weight=2),
            PropertySpec("positive_weights", "both weights positive, arbitrary targets", weight=5),
            PropertySpec("negative_weights", "weights of both signs: the mask matters", weight=5),
            PropertySpec("single_sequence", "one sequence alone", weight=3),
            PropertySpec("long_sequences", "sequences of up to 14 steps", weight=3),
            PropertySpec("additive", "the gradient of a batch is the sum over its sequences", weight=3),
            PropertySpec("dead_units", "units that never fire: gradient 0", gated=True),
            PropertySpec("kinks", "where some s_k is exactly 0, any subgradient", gated=True),
            _REPEATABLE,
            _UNTOUCHED,
            PropertySpec("hand_written", "by hand, not by autograd or numerical differences", gated=True),
        ),
    ),
    CheckSpec(
        "train",
        ("X", "T", "Wxs", "Wrec", "l_r", "n_iter"),
        ("Wxs", "Wrec", "losses"),
        20,
        (
            PropertySpec("one_step", "one update from a given start", weight=4),
            PropertySpec("trajectory", "many updates, both weights at once", weight=4),
            PropertySpec("losses", "losses[i] is the loss before update i", weight=3),
            PropertySpec("recovers_teacher", "finds weights other than (1, 1) that made the targets", weight=3),
            PropertySpec("zero_iterations", "n_iter = 0 gives the start back", gated=True),
            PropertySpec("zero_learning_rate", "l_r = 0 leaves the weights alone", gated=True),
            _REPEATABLE,
            _UNTOUCHED,
        ),
    ),
    CheckSpec(
        "predict_counts",
        ("X", "Wxs", "Wrec"),
        ("counts",),
        5,
        (
            PropertySpec("after_training", "exact on fresh, longer sequences with trained weights", weight=2),
            PropertySpec("rounding", "to the nearest integer, from below and from above", weight=2),
            PropertySpec("other_weights", "weights far from (1, 1), of both signs", weight=1),
            PropertySpec("single_step", "sequences of one step", gated=True),
            _UNTOUCHED,
        ),
    ),
)

FUNCTIONS: tuple[str, ...] = tuple(check.name for check in CHECKS)
CHECK_BY_NAME: Mapping[str, CheckSpec] = {check.name: check for check in CHECKS}


class ContractError(Exception):
    """An answer does not have the form the contract asks for; the message says expected and got."""


def _describe(value: Value) -> str:
    """Name the form of an answer in words a student uses.

    >>> _describe((np.zeros(3), 1.0))
    'a list or tuple of 2 (an array of shape (3,), a number)'
    """
    match value:
        case None:
            return "None"
        case np.ndarray():
            return f"an array of shape {value.shape}"
        case tuple():
            inside = ", ".join(_describe(item) for item in value[:4])
            return f"a list or tuple of {len(value)} ({inside}{', …' if len(value) > 4 else ''})"
        case _:
            return "a number"


_MOST_ENTRIES = 1 << 20
"""Far more than anything asked for has: eight bytes for each of a frame's million booleans add up."""


def _entries(value: Value) -> int:
    if isinstance(value, tuple):
        return sum(map(_entries, value))
    return value.size if isinstance(value, np.ndarray) else 1


def as_array(value: Value) -> np.ndarray:
    """Float64 array of a nested answer. Raises ContractError if it is ragged, huge or holds None."""
    if _entries(value) > _MOST_ENTRIES:
        raise ContractError(_describe(value))
    return _as_array(value)


def _as_array(value: Value) -> np.ndarray:
    if isinstance(value, tuple):
        if all(type(item) in {float, int, bool} for item in value):
            return np.array([_as_float(item) for item in value], dtype=np.float64)
        parts = [_as_array(item) for item in value]
        if len({part.shape for part in parts}) == 1:
            return np.stack(parts)
        if all(part.size == 1 for part in parts):  # (1,)-shaped and 0-d scalars side by side are still numbers
            return np.array([float(part.reshape(())) for part in parts])
        raise ContractError(_describe(value))
    if isinstance(value, np.ndarray):
        return np.asarray(value, dtype=np.float64)
    return np.array(_as_float(value))


def _as_float(value: Value) -> float:
    """A number as a float, infinite where it is too large for one. Raises ContractError for what is no number."""
    if not isinstance(value, (float, int)):
        raise ContractError(_describe(value))
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _in_shape(array: np.ndarray, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """`array` in `shape` when they differ by nothing that the contract distinguishes, else None.

    A scalar may come with any number of size-1 axes, losses with size-1 axes after the first
    (a list of `(1,)` tensors, say); anything else must match exactly.
    """
    if array.shape == shape:
        return array
    if shape == () and array.size == 1:
        return array.reshape(())
    column = name == "losses" and array.ndim >= 1 and array.shape[:1] == shape
    return array.reshape(shape) if column and array.size == shape[0] else None


def read_answer(
    value: Value, names: tuple[str, ...], shapes: tuple[tuple[int, ...] | None, ...]
) -> tuple[np.ndarray | None, ...]:
    """The parts of an answer as float64 arrays of `shapes` (NaN and infinities kept); None where no shape is asked.

    A single part is the value itself; several come as a tuple or list, or, where their shapes
    agree, as one array of leading length `len(shapes)`. Raises ContractError with expected and got.

    >>> [float(part) for part in read_answer((np.ones((1, 1)), 2), ("dWxs", "dWrec"), ((), ()))]
    [1.0, 2.0]
    """
    if len(shapes) == 1:
        return (_read_part(value, names[0], shapes[0]),)
    items: tuple[Value, ...]
    if isinstance(value, tuple):
        items = value
    elif isinstance(value, np.ndarray) and value.ndim >= 1:
        items = tuple(value[i] for i in range(min(len(value), len(shapes) + 1)))
    else:
        items = ()
    if len(items) == 1 and isinstance(items[0], (tuple, np.ndarray)):  # an extra wrapping axis around a pair
        return read_answer(items[0], names, shapes)
    if len(items) != len(shapes):
        raise ContractError(f"expected ({', '.join(names)}), got {_describe(value)}")
    return tuple(_read_part(item, name, shape) for item, name, shape in zip(items, names, shapes, strict=True))


def _read_part(value: Value, name: str, shape: tuple[int, ...] | None) -> np.ndarray | None:
    if shape is None:
        return None
    wanted = "one number" if shape == () else f"shape {shape}"
    try:
        array = as_array(value)
    except ContractError:
        raise ContractError(f"{name}: expected {wanted}, got {_describe(value)}") from None
    part = _in_shape(array, name, shape)
    if part is None:
        raise ContractError(f"{name}: expected {wanted}, got {_describe(value)}")
    return part
