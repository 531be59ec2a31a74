import numpy as np


def _np(v):
    return np.asarray(v, dtype=np.float64)


def relu(S):
    S = _np(S)
    return (S + np.abs(S)) / 2


def relu_derivative(S):
    return np.where(_np(S) > 0, 1.0, 0.0)


def count_targets(X):
    X = _np(X)
    return np.tril(np.ones((len(X), len(X)))) @ X


def forward(X, Wxs, Wrec):
    X, Wxs, Wrec = _np(X), float(Wxs), float(Wrec)
    S = Wxs * X
    for k in range(1, len(X)):
        S[k] += Wrec * relu(S[k - 1])
    return S, relu(S)


def bptt_gradients(X, T, Wxs, Wrec, h=1e-6):
    def loss(a, b):
        return ((_np(T) - forward(X, a, b)[1]) ** 2).sum() / 2

    a, b = float(Wxs), float(Wrec)
    return (loss(a + h, b) - loss(a - h, b)) / (2 * h), (loss(a, b + h) - loss(a, b - h)) / (2 * h)


def train(X, T, Wxs, Wrec, l_r, n_iter):
    w = np.array([float(Wxs), float(Wrec)])
    losses = []
    for _ in range(n_iter):
        residual = forward(X, *w)[1] - _np(T)
        losses.append(float((residual * residual).sum() / 2))
        w -= l_r * np.array(bptt_gradients(X, T, *w))
    return float(w[0]), float(w[1]), losses


def predict_counts(X, Wxs, Wrec):
    return np.floor(forward(X, Wxs, Wrec)[1] + 0.5)
