import numpy as np
import torch


def relu(S):
    return torch.relu(S)


def relu_derivative(S):
    return np.greater(S.numpy(), 0)


def count_targets(X):
    return tuple(tuple(row) for row in X.numpy().cumsum(axis=0).tolist())


def forward(X, Wxs, Wrec):
    states = torch.zeros((2,) + tuple(X.shape))
    for k in range(X.shape[0]):
        states[0, k] = Wxs * X[k] + (Wrec * states[1, k - 1] if k else 0.0)
        states[1, k] = relu(states[0, k])
    return states


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    on = torch.from_numpy(relu_derivative(S))
    delta = torch.zeros((1, X.shape[1]))
    gx = torch.zeros((1, 1))
    gr = torch.zeros((1,))
    for k in range(X.shape[0] - 1, -1, -1):
        delta = (Y[k : k + 1] - T[k : k + 1] + Wrec * delta) * on[k]
        gx += delta @ X[k : k + 1].T
        if k > 0:
            gr += (delta @ Y[k - 1]).reshape(1)
    return gx, gr


def train(X, T, Wxs, Wrec, l_r, n_iter):
    w = torch.stack([Wxs, Wrec]).reshape(2, 1, 1)
    losses = []
    for _ in range(n_iter):
        Y = forward(X, w[0, 0, 0], w[1, 0, 0])[1]
        losses.append(((T - Y) ** 2).sum().reshape(1, 1) / 2)
        gx, gr = bptt_gradients(X, T, w[0, 0, 0], w[1, 0, 0])
        w = w - l_r * torch.stack([gx, gr.reshape(1, 1)])
    return w[0], w[1].reshape(1), np.array([x.item() for x in losses])


def predict_counts(X, Wxs, Wrec):
    return np.round(forward(X, Wxs, Wrec)[1].numpy()).astype(np.int32)
