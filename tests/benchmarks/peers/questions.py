"""The tests of the peers' assignments: random cases of each function, with expected values from NumPy.

This file is pasted whole into what the peers run beside the student's code, as a course does there.
"""

import numpy as np
import torch


def expected_states(X, Wxs, Wrec):
    S, Y = np.zeros(X.shape), np.zeros(X.shape)
    for k in range(len(X)):
        S[k] = Wxs * X[k] + (Wrec * Y[k - 1] if k else 0)
        Y[k] = np.maximum(S[k], 0)
    return S, Y


def expected_gradients(X, T, Wxs, Wrec):
    S, Y = expected_states(X, Wxs, Wrec)
    dWxs, dWrec, delta = 0.0, 0.0, np.zeros(X.shape[1])
    for k in reversed(range(len(X))):
        delta = (Y[k] - T[k] + Wrec * delta) * (S[k] > 0)
        dWxs += (delta * X[k]).sum()
        dWrec += (delta * Y[k - 1]).sum() if k else 0
    return dWxs, dWrec


def expected_training(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        losses.append(((T - expected_states(X, Wxs, Wrec)[1]) ** 2).sum() / 2)
        dWxs, dWrec = expected_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * dWxs, Wrec - l_r * dWrec
    return Wxs, Wrec, losses


def as_numbers(answer):
    """Tensors, arrays, numbers and nested lists of these as one array."""
    if isinstance(answer, torch.Tensor):
        return answer.detach().cpu().numpy().astype(np.float64)
    if isinstance(answer, (list, tuple)):
        return np.array([as_numbers(part) for part in answer], dtype=np.float64)
    return np.asarray(answer, dtype=np.float64)


def assert_near(answer, expected):
    answer, expected = as_numbers(answer), np.asarray(expected)
    if answer.size == expected.size:  # size-1 axes more or less are no mistake
        answer = answer.reshape(expected.shape) if 1 in answer.shape or expected.size == 1 else answer
    assert answer.shape == expected.shape, f"shape {answer.shape}, expected {expected.shape}"
    assert np.allclose(answer, expected, rtol=1e-3, atol=1e-3), f"{answer}, expected {expected}"


def as_tensor(values):
    return torch.tensor(values, dtype=torch.float32)


def random_bits(rng):
    return rng.integers(0, 2, size=(rng.integers(1, 9), rng.integers(1, 5))).astype(np.float64)


def random_weights(rng):
    """Eighths, of both signs, not those where a pre-activation is exactly 0 and the slope is a convention."""
    return rng.choice([-0.5, *np.arange(2, 13) / 8]), rng.choice([-1.25, -0.75, -0.5, -0.25, *np.arange(1, 11) / 8])


def check_relu(relu, count):
    rng = np.random.default_rng(1)
    for _ in range(count):
        S = rng.integers(-16, 17, size=rng.integers(1, 6, size=2)) / 8
        assert_near(relu(as_tensor(S)), np.maximum(S, 0))


def check_relu_derivative(relu_derivative, count):
    rng = np.random.default_rng(2)
    for _ in range(count):
        S = rng.integers(-16, 17, size=rng.integers(1, 6, size=2)) / 8
        assert_near(relu_derivative(as_tensor(S)), S > 0)


def check_count_targets(count_targets, count):
    rng = np.random.default_rng(3)
    for _ in range(count):
        X = random_bits(rng)
        assert_near(count_targets(as_tensor(X)), X.cumsum(axis=0))


def check_forward(forward, count):
    rng = np.random.default_rng(4)
    for _ in range(count):
        X, weights = random_bits(rng), random_weights(rng)
        S, Y = forward(as_tensor(X), *map(as_tensor, weights))
        expected = expected_states(X, *weights)
        assert_near(S, expected[0])
        assert_near(Y, expected[1])


def check_bptt_gradients(bptt_gradients, count):
    rng = np.random.default_rng(5)
    for _ in range(count):
        X, weights = random_bits(rng), random_weights(rng)
        T = rng.integers(-8, 9, size=X.shape) / 2
        dWxs, dWrec = bptt_gradients(as_tensor(X), as_tensor(T), *map(as_tensor, weights))
        expected = expected_gradients(X, T, *weights)
        assert_near(dWxs, expected[0])
        assert_near(dWrec, expected[1])


def check_train(train, count):
    rng = np.random.default_rng(6)
    for _ in range(count):
        X, weights = random_bits(rng), rng.integers(2, 11, size=2) / 8
        T, l_r, n_iter = X.cumsum(axis=0), 0.001, int(rng.integers(1, 9))
        Wxs, Wrec, losses = train(as_tensor(X), as_tensor(T), *map(as_tensor, weights), l_r, n_iter)
        expected = expected_training(X, T, *weights, l_r, n_iter)
        assert_near(Wxs, expected[0])
        assert_near(Wrec, expected[1])
        assert len(losses) == n_iter
        assert_near([as_numbers(loss).reshape(()) for loss in losses], expected[2])


def check_predict_counts(predict_counts, count):
    rng = np.random.default_rng(7)
    for _ in range(count):
        X, weights = random_bits(rng), rng.choice(np.arange(2, 11) / 8, size=2) + 0.0137
        Y = expected_states(X, *weights)[1]
        counts = as_numbers(predict_counts(as_tensor(X), *map(as_tensor, weights))).reshape(X.shape)
        clear = abs(Y % 1 - 0.5) > 0.001  # what lies at a half may be rounded either way
        assert_near(counts[clear], np.round(Y)[clear])
