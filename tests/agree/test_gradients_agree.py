"""reference.rnn = reference.exact = autograd = differences of the exact loss."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from agree_cases import AGREE, cases
from hypothesis import assume, given

from reference import exact, rnn


def tensors(case, dtype=torch.float64):
    X, T = (torch.tensor([[float(v) for v in row] for row in M], dtype=dtype) for M in (case.X, case.T))
    return X, T, torch.tensor(float(case.Wxs), dtype=dtype), torch.tensor(float(case.Wrec), dtype=dtype)


def floats(matrix):
    return torch.tensor([[float(v) for v in row] for row in matrix], dtype=torch.float64)


def exact_loss(case, Wxs, Wrec):
    return exact.loss(exact.forward(case.X, Wxs, Wrec)[1], case.T)


@AGREE
@given(cases(max_seq_l=8))
def test_the_model_answer_in_float64_is_the_exact_one(case):
    X, T, Wxs, Wrec = tensors(case)  # eighths over 8 steps: float64 holds them without rounding
    S, Y = rnn.forward(X, Wxs, Wrec)
    exact_S, exact_Y = exact.forward(case.X, case.Wxs, case.Wrec)
    assert torch.equal(S, floats(exact_S))
    assert torch.equal(Y, floats(exact_Y))
    assert torch.equal(rnn.count_targets(X), floats(exact.count_targets(case.X)))
    gradients = rnn.bptt_gradients(X, T, Wxs, Wrec)
    expected = exact.bptt_gradients(case.X, case.T, case.Wxs, case.Wrec)
    assert [float(g) for g in gradients] == pytest.approx([float(g) for g in expected], rel=1e-12, abs=1e-12)


@AGREE
@given(cases(max_seq_l=12))
def test_autograd_finds_the_gradient_of_the_model_answer(case):
    X, T, Wxs, Wrec = tensors(case)
    leaves = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    y, loss = torch.zeros(X.shape[1], dtype=X.dtype), torch.zeros((), dtype=X.dtype)
    for x, t in zip(X, T, strict=True):
        y = torch.relu(leaves[0] * x + leaves[1] * y)  # torch.relu has slope 0 at 0, as the exercise has
        loss = loss + ((t - y) ** 2).sum() / 2
    automatic = torch.autograd.grad(loss, leaves)
    by_hand = rnn.bptt_gradients(X, T, Wxs, Wrec)
    assert [g.item() for g in by_hand] == pytest.approx([g.item() for g in automatic], rel=1e-9, abs=1e-9)


@AGREE
@given(cases(max_seq_l=6))
def test_differences_of_the_exact_loss_find_the_exact_gradient(case):
    assume(exact.mask_is_robust(case.X, case.Wxs, case.Wrec))
    h = Fraction(1, 2**80)  # nearer to the weights than any kink; the error is of the order of h^2
    differences = (
        (exact_loss(case, case.Wxs + h, case.Wrec) - exact_loss(case, case.Wxs - h, case.Wrec)) / (2 * h),
        (exact_loss(case, case.Wxs, case.Wrec + h) - exact_loss(case, case.Wxs, case.Wrec - h)) / (2 * h),
    )
    gradients = exact.bptt_gradients(case.X, case.T, case.Wxs, case.Wrec)
    assert max(abs(d - g) for d, g in zip(differences, gradients, strict=True)) < Fraction(1, 2**100)


@AGREE
@given(cases(max_seq_l=6))
def test_sequences_do_not_meet(case):
    parts = [
        exact.bptt_gradients([[x[j]] for x in case.X], [[t[j]] for t in case.T], case.Wxs, case.Wrec)
        for j in range(len(case.X[0]))
    ]
    assert exact.bptt_gradients(*case) == tuple(map(sum, zip(*parts, strict=True)))


def test_a_gradient_worked_by_hand():
    # outputs 1/2 and 3/4, so errors -1/2 and -5/4, so deltas -9/8 and -5/4
    half = Fraction(1, 2)
    assert exact.bptt_gradients([[1], [1]], [[1], [2]], half, half) == (Fraction(-19, 8), Fraction(-5, 8))


def test_at_the_solution_the_gradient_is_zero():
    X = [[1, 0], [0, 1], [1, 1]]
    assert exact.bptt_gradients(X, exact.count_targets(X), Fraction(1), Fraction(1)) == (0, 0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_model_answer_keeps_the_dtype_it_is_given(dtype):
    X = torch.tensor([[1, 0], [1, 1]], dtype=dtype)
    half = torch.tensor(0.5, dtype=dtype)
    T = rnn.count_targets(X)
    answers = [T, *rnn.forward(X, half, half), *rnn.bptt_gradients(X, T, half, half), rnn.relu(X)]
    Wxs, Wrec, losses = rnn.train(X, T, half, half, 0.125, 2)
    answers += [rnn.relu_derivative(X), rnn.predict_counts(X, half, half), Wxs, Wrec, *losses]
    assert {answer.dtype for answer in answers} == {dtype}


def test_relu_and_its_derivative_at_below_and_above_zero():
    S = torch.tensor([-2.0, -0.0, 0.0, 3.0])
    assert rnn.relu(S).tolist() == [0, 0, 0, 3]
    assert rnn.relu_derivative(S).tolist() == [0, 0, 0, 1]
