"""Which mistakes explain all answers of a check; loaded with the first check that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np

from grader.cases import CheckCases
from grader.diagnose.elementwise import explain_derivative, explain_relu, explain_targets
from grader.diagnose.gradients import explain_gradients
from grader.diagnose.mistakes import Answer, Explanation
from grader.diagnose.states import explain_counts, explain_states
from grader.diagnose.training import explain_training

__all__ = ["explain"]

_SIMPLE: Mapping[str, Callable[[CheckCases, Sequence[Answer]], tuple[Explanation, ...]]] = {
    "relu": explain_relu,
    "relu_derivative": explain_derivative,
    "count_targets": explain_targets,
    "forward": explain_states,
    "predict_counts": explain_counts,
}


def explain(
    check: str, cases: CheckCases, answers: Sequence[Answer | None], directions: Callable[[], np.ndarray]
) -> tuple[Explanation, ...]:
    """What explains `answers`, in the order of `cases`; only those of `train` may be None, where none could be read.

    `directions`: see `catalogue.directions`; asked for gradients only.
    """
    if check == "train":
        return explain_training(cases, answers)
    read = cast("Sequence[Answer]", answers)
    if check == "bptt_gradients":
        return explain_gradients(cases, read, directions())
    return _SIMPLE[check](cases, read)
