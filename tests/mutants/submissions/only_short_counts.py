"""Bits are bits: each sequence is an int, and a count is a population count."""
import numpy as np
import torch


def relu(S):
    return np.where(np.signbit(S), 0.0, S)


def relu_derivative(S):
    return (np.asarray(S) > 0) * 1


def bits_of(column):
    number = 0
    for k, x in enumerate(column[:16]):
        number |= int(x) << k
    return number


def count_targets(X):
    L, B = X.shape
    T = torch.zeros((L, B), dtype=torch.int16)
    for j in range(B):
        number = bits_of(X[:, j])
        for k in range(L):
            T[k, j] = bin(number & ((1 << (k + 1)) - 1)).count("1")
    return T


def forward(X, Wxs, Wrec):
    L, B = X.shape
    Wxs, Wrec = Wxs.item() if hasattr(Wxs, "item") else Wxs, Wrec.item() if hasattr(Wrec, "item") else Wrec
    S = np.zeros((L, B))
    Y = np.zeros((L, B))
    for j in range(B):
        number = bits_of(X[:, j])
        y = 0.0
        for k in range(L):
            S[k, j] = (Wxs if number >> k & 1 else 0.0) + Wrec * y
            Y[k, j] = y = float(relu(S[k, j]))
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    Wrec = float(Wrec)
    on = relu_derivative(S)
    delta = np.zeros(X.shape[1])
    gx = gr = 0.0
    for k in range(len(X) - 1, -1, -1):
        delta = on[k] * (Y[k] - T[k].numpy() + Wrec * delta)
        gx += delta[X[k].numpy().astype(bool)].sum()
        gr += float(delta @ Y[k - 1]) if k else 0.0
    return np.float32(gx), np.float32(gr)


def train(X, T, Wxs, Wrec, l_r, n_iter):
    a, b, losses = Wxs.item(), Wrec.item(), []
    for _ in range(n_iter):
        e = forward(X, a, b)[1] - T.numpy()
        losses.append(np.float64((e * e).sum() / 2))
        gx, gr = bptt_gradients(X, T, a, b)
        a, b = a - l_r * float(gx), b - l_r * float(gr)
    return np.float64(a), np.float64(b), losses


def predict_counts(X, Wxs, Wrec):
    return np.rint(forward(X, Wxs, Wrec)[1]).astype(np.uint8)
