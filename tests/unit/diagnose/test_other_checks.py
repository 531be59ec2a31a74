"""Activations, counts, forward passes, training and predictions: each mistake by itself, and several at once."""

from __future__ import annotations

import math

import pytest
import torch

from diagnose_kit import forward, train
from reference import rnn


# ---------------------------------------------------------------------------- elementwise
@pytest.mark.parametrize(
    ("function", "code"),
    [
        (lambda S: S, "relu.not_zero_below"),
        (torch.abs, "relu.not_zero_below"),
        (torch.nn.functional.elu, "relu.not_zero_below"),
        (torch.nn.functional.leaky_relu, "relu.leaky"),
        (lambda S: torch.maximum(0.3 * S, S), "relu.leaky"),
    ],
)
def test_a_relu_that_is_not_zero_below_zero_is_told_by_what_it_returns_there(codes, function, code):
    assert codes("relu", function) == [code]


@pytest.mark.parametrize("function", [lambda S: torch.clamp(S, 0, 2), torch.sigmoid, lambda S: S * 0, lambda S: -S])
def test_other_activations_are_given_no_wrong_name(codes, function):
    assert codes("relu", function) in ([], ["relu.not_zero_below"])
    assert codes("relu", lambda S: torch.clamp(S, 0, 2)) == []


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda S: (S >= 0).float(), ["relu.derivative_at_zero"]),
        (lambda S: torch.heaviside(S, torch.full_like(S, 0.5)), ["relu.derivative_at_zero"]),
        (torch.relu, ["relu.derivative_not_step"]),
        (torch.ones_like, ["relu.derivative_not_step"]),
        (torch.sign, ["relu.derivative_not_step"]),
        (lambda S: torch.where(S > 0, 1.0, 0.01), ["relu.leaky"]),
        (lambda S: torch.where(S >= 0, 1.0, 0.2), ["relu.derivative_at_zero", "relu.leaky"]),
        (lambda S: (S > 1).float(), []),
    ],
)
def test_a_derivative_is_told_by_its_values_above_at_and_below_zero(codes, function, expected):
    assert codes("relu_derivative", function) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda X: X.cumsum(0) - X, ["targets.exclusive_count"]),
        (lambda X: X.sum(0).expand_as(X), ["targets.total_count"]),
        (lambda X: X.cumsum(1), ["targets.wrong_axis"]),
        (lambda X: X.cumsum(1) - X, ["targets.exclusive_count", "targets.wrong_axis"]),
        (lambda X: X.flip(0).cumsum(0).flip(0), []),
    ],
)
def test_counts_are_told_by_what_is_counted(codes, function, expected):
    assert codes("count_targets", function) == expected


# ---------------------------------------------------------------------------- forward
@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"fed": "s", "returned": "s"}, ["forward.no_activation"]),
        ({"returned": "s"}, ["forward.no_activation"]),
        ({"fed": "s"}, ["forward.previous_preactivation"]),
        ({"remembers": 0.0}, ["forward.no_recurrence"]),
        ({"swapped": True}, ["forward.weights_swapped"]),
        ({"across": True}, ["forward.wrong_axis"]),
        ({"runs_on": True}, ["forward.state_leak"]),
        ({"fed": "s", "swapped": True}, ["forward.previous_preactivation", "forward.weights_swapped"]),
        ({"across": True, "remembers": 0.0, "swapped": True, "fed": "s", "returned": "s"}, None),
        ({"runs_on": True, "fed": "s", "returned": "s"}, ["forward.no_activation", "forward.state_leak"]),
        ({"remembers": 0.5}, []),
    ],
)
def test_a_forward_pass_is_told_by_what_it_feeds_back(codes, choices, expected):
    found = codes("forward", lambda *args: forward(*args, **choices))
    if expected is None:  # without memory no axis is time
        expected = ["forward.no_activation", "forward.no_recurrence", "forward.weights_swapped"]
    assert found == expected


@pytest.mark.parametrize("kept", [{}, {2: torch.ones(2)}])
def test_a_state_left_by_the_last_call_is_told_unless_it_came_from_elsewhere(codes, kept):
    def remembering(X, Wxs, Wrec):
        start = kept.get(X.shape[1], torch.zeros(X.shape[1]))
        S, Y = forward(X, Wxs, Wrec, start=start)
        kept[X.shape[1]] = Y[-1].clone()
        return S, Y

    expected = [] if kept else ["forward.state_leak"]
    assert codes("forward", remembering) == expected


def test_the_mistaken_states_stand_beside_the_right_ones(judged):
    verdict = judged("forward", {"forward": lambda *args: forward(*args, fed="s")})
    trace, got = verdict.counterexample.trace, verdict.counterexample.got
    assert trace["yours"] == got
    assert trace["departs"]["column"] == "S"


# ---------------------------------------------------------------------------- training
@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"sign": -1}, ["train.wrong_direction"]),
        ({"order": "Wxs"}, ["train.sequential_update"]),
        ({"order": "Wrec"}, ["train.sequential_update"]),
        ({"frozen": "Wxs"}, ["train.frozen_weight"]),
        ({"frozen": "Wrec"}, ["train.frozen_weight"]),
        ({"growth": 2.0}, ["train.diverges"]),
        ({"rate": 0.01}, ["train.ignores_learning_rate"]),
        ({"rate": 0.0125}, ["train.ignores_learning_rate"]),
        ({"start": (0.5, 1.5)}, ["train.ignores_initial_weights"]),
        ({"start": (0.5, None)}, ["train.ignores_initial_weights"]),
        ({"returned": (1.0, 1.0)}, ["train.hardcoded_weights"]),
        ({"more": -1}, ["train.iteration_count"]),
        ({"more": 1}, ["train.iteration_count"]),
        ({"more": -1, "padded": True}, ["train.iteration_count"]),
        ({"loss": 2.0}, ["train.loss_misreported"]),
        ({"loss": "mean"}, ["train.loss_misreported"]),
        ({"late": True}, ["train.loss_misreported"]),
        ({"sign": -1, "loss": 2.0}, ["train.loss_misreported", "train.wrong_direction"]),
        ({"frozen": "Wxs", "rate": 0.01}, ["train.frozen_weight", "train.ignores_learning_rate"]),
        ({"start": (0.5, 1.5), "rate": 0.01}, ["train.ignores_initial_weights", "train.ignores_learning_rate"]),
        ({"order": "Wxs", "loss": "mean"}, ["train.loss_misreported", "train.sequential_update"]),
        ({"returned": (0.9, 1.1), "loss": 2.0}, ["train.hardcoded_weights", "train.loss_misreported"]),
        ({"decay": 0.9}, []),
    ],
)
def test_a_training_is_told_by_its_weights_and_losses(codes, choices, expected):
    assert codes("train", lambda *args: train(*args, **choices)) == expected


def test_messages_name_the_rate_and_the_start_that_were_used(diagnosed):
    found = diagnosed("train", train=lambda *args: train(*args, rate=0.0125, start=(0.5, None)))
    told = {d.code: d.message for d in found.diagnoses}
    assert "rate of 0.0125 " in told["train.ignores_learning_rate"]
    assert "at Wxs = 0.5." in told["train.ignores_initial_weights"]


def test_the_mistaken_updates_stand_beside_the_right_ones(judged):
    verdict = judged("train", {"train": lambda *args: train(*args, frozen="Wrec")})
    trace, got = verdict.counterexample.trace, verdict.counterexample.got
    i, column = trace["departs"]["i"], trace["departs"]["column"]
    assert (column, i) == ("Wrec", 1)
    assert trace["yours"]["updates"]["Wrec"][-1] == [got["Wrec"]]
    assert trace["updates"]["Wrec"][-1] == [verdict.counterexample.expected["Wrec"]]


def test_training_that_raises_now_and_then_is_not_diagnosed(codes):
    def raising(X, *args):
        if X.shape[1] == 2:
            raise IndexError
        return train(X, *args, sign=-1)

    assert codes("train", raising) == []


# ---------------------------------------------------------------------------- counts
@pytest.mark.parametrize(
    ("choices", "whole", "expected"),
    [
        ({}, torch.trunc, ["predict.truncates"]),
        ({"fed": "s"}, torch.trunc, ["forward.previous_preactivation", "predict.truncates"]),
        ({"fed": "s", "returned": "s"}, torch.round, ["forward.no_activation"]),
        ({"returned": "s"}, torch.round, []),  # of a right pass, the sums may be rounded
        ({}, torch.ceil, []),
    ],
)
def test_counts_are_told_by_their_rounding_and_their_forward_pass(codes, choices, whole, expected):
    assert codes("predict_counts", lambda *args: whole(forward(*args, **choices)[1])) == expected


# ---------------------------------------------------------------------------- whatever the check
@pytest.mark.parametrize("check", ["relu", "relu_derivative", "count_targets", "forward", "predict_counts"])
def test_right_answers_and_answers_that_are_no_numbers_are_not_diagnosed(codes, check):
    right = getattr(rnn, check)

    def nothing(value):
        return tuple(map(nothing, value)) if isinstance(value, tuple) else value * math.nan

    assert codes(check, right) == []
    assert codes(check, lambda *args: nothing(right(*args))) == []
