"""What a mistake is called where it is not one student's: in the index of a class."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["TITLES"]

TITLES: Mapping[str, str] = {
    "general.missing": "A function is not defined, or still empty.",
    "general.syntax_error": "The file, or a part of it, cannot be read as Python.",
    "general.crash": "A function raises an error.",
    "general.timeout": "A function does not finish in time.",
    "general.memory": "A function needs more memory than is allowed.",
    "general.shape": "A function returns an answer of the wrong form.",
    "general.nan": "A function returns NaN or infinity.",
    "general.nondeterministic": "Asked the same question twice, a function gives two answers.",
    "general.mutates_input": "A function changes its inputs.",
    "general.hardcoded_size": "A function works only for one size of X.",
    "general.uninitialised_memory": "A function returns memory that was never written to.",
    "relu.leaky": "Below zero the slope is not 0, as in a leaky ReLU.",
    "relu.derivative_at_zero": "The derivative at exactly 0 is not the exercise's.",
    "gradient.scale": "The gradient is a multiple of the right one.",
    "gradient.truncated": "Errors are carried back a few steps at most.",
    "gradient.no_recurrent_factor": "On its way back in time an error loses its factor Wrec.",
    "gradient.hidden_state_off_by_one": "dWrec is made with a state of the wrong step.",
    "gradient.input_off_by_one": "dWxs is made with an input of the wrong step.",
    "train.sequential_update": "One weight is updated before the other's gradient is taken.",
    "train.hardcoded_weights": "The same weights come back whatever was asked.",
    "train.ignores_learning_rate": "The steps do not go by l_r.",
    "train.ignores_initial_weights": "Training does not start at the weights given.",
    "train.iteration_count": "There are too many updates, or too few.",
    "train.frozen_weight": "One weight is never updated.",
    "policy.autograd": "The gradient is taken by automatic differentiation.",
    "policy.numerical_gradient": "The gradient is taken from differences between runs.",
}
"""By code: those whose message names a function, a number or a file."""
