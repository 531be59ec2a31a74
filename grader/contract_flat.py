"""The same seven checks for a flat script: which properties it is asked for, and with what weight.

A script written for one set of data is not asked at SeqL = 1 or NbSeq = 1, and its helper functions only in the shapes
that it uses itself. The change of a weight over the learning rate *is* the gradient it used: sign and size belong to
`bptt_gradients`, and `train` is what is left: start, learning rate, iterations, both weights moving.
"""

from __future__ import annotations

from collections.abc import Mapping

from grader.contract import CHECK_BY_NAME, CHECKS, CheckSpec, PropertySpec

__all__ = ["FLAT_BY_NAME", "FLAT_CHECKS", "ROLES", "checks_of"]

ROLES = (
    "SeqL", "NbSeq", "X_train", "X_test", "T_train", "T_test", "Wxs", "Wrec", "l_r", "S", "Y", "relu",
    "relu_derivative", "predictions",
)  # fmt: skip
"""The parts that names of a flat script play, in the exercise's notation."""

_KEPT: Mapping[str, tuple[str, ...]] = {
    "relu": ("above_zero", "below_zero", "at_zero", "extremes"),
    "relu_derivative": ("above_zero", "below_zero", "at_zero", "extremes"),
    "count_targets": ("running_count", "long_sequences"),
    "forward": (
        "positive_weights",
        "negative_weights",
        "zero_weights",
        "long_sequences",
        "leading_zeros",
        "independent_sequences",
        "all_zero_inputs",
    ),
    "bptt_gradients": ("positive_weights", "negative_weights", "long_sequences", "dead_units", "kinks", "hand_written"),
    "train": (),
    "predict_counts": ("after_training", "other_weights"),
}
_ADDED: Mapping[str, tuple[PropertySpec, ...]] = {
    "forward": (PropertySpec("same_again", "the same states in the next iteration", weight=4),),
    "bptt_gradients": (
        PropertySpec("same_again", "the same gradient in the next iteration, whatever lay in memory", weight=4),
    ),
    "train": (
        PropertySpec("start", "training starts from the initial weights", weight=1),
        PropertySpec(
            "learning_rate", "each weight moves by l_r times its gradient, both at once, in each iteration", weight=1
        ),
        PropertySpec("iterations", "each iteration updates the weights", weight=1),
        PropertySpec("both_weights", "both weights move", weight=1),
    ),
}


def _flat(spec: CheckSpec) -> CheckSpec:
    kept = tuple(prop for prop in spec.properties if prop.name in _KEPT[spec.name])
    return CheckSpec(spec.name, spec.parameters, spec.returns, spec.points, (*kept, *_ADDED.get(spec.name, ())))


FLAT_CHECKS: tuple[CheckSpec, ...] = tuple(_flat(spec) for spec in CHECKS)
FLAT_BY_NAME: Mapping[str, CheckSpec] = {check.name: check for check in FLAT_CHECKS}


def checks_of(style: str | None) -> Mapping[str, CheckSpec]:
    """The checks of a style, "flat" or "functions", by name in the contract's order."""
    return FLAT_BY_NAME if style == "flat" else CHECK_BY_NAME
