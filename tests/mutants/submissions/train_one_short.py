"""Gradients carried forwards in time (RTRL): p = dy/dWxs, q = dy/dWrec."""
import torch


def relu(S):
    return S * (S > 0)


def relu_derivative(S):
    return torch.where(S > 0, torch.ones_like(S), torch.zeros_like(S))


def count_targets(X):
    T = X.clone()
    for k in range(1, len(X)):
        T[k] += T[k - 1]
    return T


def forward(X, Wxs, Wrec):
    S, Y = [], []
    y = 0 * X[0]
    for x in X:
        s = Wxs * x + Wrec * y
        y = relu(s)
        S.append(s)
        Y.append(y)
    return torch.stack(S), torch.stack(Y)


def bptt_gradients(X, T, Wxs, Wrec):
    y = p = q = torch.zeros_like(X[0])
    dWxs = dWrec = 0
    for x, t in zip(X, T):
        s = Wxs * x + Wrec * y
        on = relu_derivative(s)
        p, q = on * (x + Wrec * p), on * (y + Wrec * q)
        y = relu(s)
        dWxs = dWxs + torch.dot(y - t, p)
        dWrec = dWrec + torch.dot(y - t, q)
    return dWxs, dWrec


def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = torch.zeros(n_iter)
    for i in range(n_iter - 1):
        losses[i] = (T - forward(X, Wxs, Wrec)[1]).pow(2).sum() / 2
        g = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * g[0], Wrec - l_r * g[1]
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1].add(0.5).floor().long()
