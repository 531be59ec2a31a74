"""Sums of powers of a nilpotent matrix by repeated squaring: (I + A)(I + A^2)(I + A^4) ..."""
import numpy as np


def arr(v):
    return np.array(v, dtype="float64")


def relu(S):
    return arr(S).clip(0)


def relu_derivative(S):
    return (arr(S) > 0).astype(np.int8)


def count_targets(X):
    X = arr(X).copy()
    step = 1
    while step < len(X):  # prefix sums by doubling
        X[step:] = X[step:] + X[:-step].copy()
        step *= 2
    return X


def forward(X, Wxs, Wrec):
    U = float(Wxs) * arr(X)
    S = [U[0]]
    for u in U[1:]:
        S += [u + float(Wrec) * relu(S[-1])]
    return np.array(S), relu(np.array(S))


def resolvent(A):
    total = np.eye(A.shape[-1]) + A
    for _ in range(A.shape[-1].bit_length()):
        A = A @ A
        total = total + total @ A
    return total


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    D = relu_derivative(S)
    back = np.roll(Y, 1, axis=0) * (np.arange(len(Y)) > 0)[:, None]
    N = np.eye(len(Y), k=-1)
    A = float(Wrec) * D.T[:, :, None] * N
    R = resolvent(A)
    left = np.einsum("nj,jnk,kj->kj", Y - arr(T), R, D)
    return (left * arr(X)).sum(), (left * back).sum()


def train(X, T, Wxs, Wrec, l_r, n_iter):
    w, losses = arr([float(Wxs), float(Wrec)]), []
    for _ in range(n_iter):
        losses.append(np.square(forward(X, *w)[1] - arr(T)).sum() / 2)
        w = w - np.multiply(l_r, bptt_gradients(X, T, *w))
    return w[0], w[1], losses


def predict_counts(X, Wxs, Wrec):
    return np.around(forward(X, Wxs, Wrec)[1])
