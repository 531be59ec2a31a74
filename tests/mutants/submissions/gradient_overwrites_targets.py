"""Computes the errors into T."""
import torch


def relu(S):
    return torch.clamp(S, min=0)


def relu_derivative(S):
    return (S > 0).float()


def count_targets(X):
    return torch.cumsum(X, dim=0)


def forward(X, Wxs, Wrec):
    SeqL, NbSeq = X.shape
    S = torch.zeros_like(X)
    Y = torch.zeros_like(X)
    y = torch.zeros_like(X[0])
    for k in range(SeqL):
        S[k] = Wxs * X[k] + Wrec * y
        y = relu(S[k])
        Y[k] = y
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    SeqL, NbSeq = X.shape
    S, Y = forward(X, Wxs, Wrec)
    T -= Y
    dWxs = 0
    dWrec = 0
    delta = torch.zeros_like(X[0])
    for k in range(SeqL - 1, -1, -1):
        error = -T[k]
        delta = (error + Wrec * delta) * relu_derivative(S[k])
        dWxs += torch.sum(delta * X[k])
        if k > 0:
            dWrec += torch.sum(delta * Y[k - 1])
    return dWxs, dWrec


def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for i in range(n_iter):
        S, Y = forward(X, Wxs, Wrec)
        losses.append(0.5 * torch.sum((T - Y) ** 2))
        dWxs, dWrec = bptt_gradients(X, T, Wxs, Wrec)
        Wxs = Wxs - l_r * dWxs
        Wrec = Wrec - l_r * dWrec
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    return torch.round(Y)
