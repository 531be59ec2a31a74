"""A correct submission as a good student writes it: PyTorch, loops over time."""

import torch


def relu(S):
    return torch.clamp(S, min=0)


def relu_derivative(S):
    return (S > 0).to(S.dtype)


def count_targets(X):
    return torch.cumsum(X, dim=0)


def forward(X, Wxs, Wrec):
    S = torch.zeros_like(X)
    Y = torch.zeros_like(X)
    y = torch.zeros_like(X[0])
    for k in range(len(X)):
        S[k] = Wxs * X[k] + Wrec * y
        y = relu(S[k])
        Y[k] = y
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    dWxs, dWrec = torch.tensor(0.0), torch.tensor(0.0)
    delta = torch.zeros_like(X[0])
    for k in reversed(range(len(X))):
        delta = (Y[k] - T[k] + Wrec * delta) * relu_derivative(S[k])
        dWxs = dWxs + (delta * X[k]).sum()
        if k > 0:
            dWrec = dWrec + (delta * Y[k - 1]).sum()
    return dWxs, dWrec


def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        _, Y = forward(X, Wxs, Wrec)
        losses.append(float(((T - Y) ** 2).sum() / 2))
        dWxs, dWrec = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * dWxs, Wrec - l_r * dWrec
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    return torch.round(forward(X, Wxs, Wrec)[1])
