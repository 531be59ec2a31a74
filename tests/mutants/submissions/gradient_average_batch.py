import numpy as np

f = np.float32
ZERO, HALF, ONE = f(0), f(0.5), f(1)


def n(v):
    return np.asarray(v, dtype=f)


def relu(S):
    return np.fmax(n(S), ZERO)


def relu_derivative(S):
    return np.where(n(S) > ZERO, ONE, ZERO).astype(f)


def count_targets(X):
    return np.cumsum(n(X), axis=0, dtype=f)


def forward(X, Wxs, Wrec):
    X, Wxs, Wrec = n(X), f(Wxs), f(Wrec)
    S, Y = np.empty_like(X), np.empty_like(X)
    np.multiply(X, Wxs, out=S)
    Y[0] = relu(S[0])
    for k in range(1, X.shape[0]):
        S[k] += Wrec * Y[k - 1]
        Y[k] = relu(S[k])
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    X, T, Wrec = n(X), n(T), f(Wrec)
    G = (Y - T) * relu_derivative(S)
    for k in range(X.shape[0] - 2, -1, -1):
        G[k] += relu_derivative(S[k]) * (Wrec * G[k + 1])
    return np.dot(G.ravel(), X.ravel()) / f(X.shape[1]), np.vdot(G[1:], Y[:-1]) / f(X.shape[1])


def train(X, T, Wxs, Wrec, l_r, n_iter):
    X, T, Wxs, Wrec, l_r = n(X), n(T), f(Wxs), f(Wrec), f(l_r)
    losses = np.zeros(n_iter, dtype=f)
    for i in range(n_iter):
        losses[i] = HALF * np.sum(np.square(T - forward(X, Wxs, Wrec)[1]), dtype=f)
        dWxs, dWrec = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = f(Wxs - l_r * dWxs), f(Wrec - l_r * dWrec)
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    return np.floor(forward(X, Wxs, Wrec)[1] + HALF)
