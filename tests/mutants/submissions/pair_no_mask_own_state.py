# I solved it for one sequence first and then put a loop around it
import torch


def relu(S):
    return (S > 0) * S


def relu_derivative(S):
    return (S > 0).double()


def count_one(x):
    t = torch.zeros(len(x))
    for k in range(len(x)):
        t[k] = sum(x[: k + 1])
    return t


def forward_one(x, a, b):
    s = torch.zeros(len(x))
    y = torch.zeros(len(x))
    s[0] = a * x[0]
    y[0] = relu(s[0])
    for k in range(1, len(x)):
        s[k] = a * x[k] + b * y[k - 1]
        y[k] = relu(s[k])
    return s, y


def gradient_one(x, t, a, b):
    s, y = forward_one(x, a, b)
    n = len(x)
    dy = torch.zeros(n)
    ds = torch.zeros(n)
    for k in range(n - 1, -1, -1):
        dy[k] = y[k] - t[k]
        if k < n - 1:
            dy[k] += ds[k + 1] * b
        ds[k] = dy[k]
    ga = sum(ds[k] * x[k] for k in range(n))
    gb = sum((ds[k] * y[k] for k in range(n)), torch.tensor(0.0))
    return ga, gb


def count_targets(X):
    return torch.stack([count_one(X[:, j]) for j in range(X.shape[1])], dim=1)


def forward(X, Wxs, Wrec):
    S, Y = torch.zeros(X.shape), torch.zeros(X.shape)
    for j in range(X.shape[1]):
        S[:, j], Y[:, j] = forward_one(X[:, j], Wxs, Wrec)
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    ga, gb = 0, 0
    for j in range(X.shape[1]):
        a, b = gradient_one(X[:, j], T[:, j], Wxs, Wrec)
        ga, gb = ga + a, gb + b
    return ga, gb


def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for i in range(n_iter):
        L = 0
        for j in range(X.shape[1]):
            L = L + ((T[:, j] - forward_one(X[:, j], Wxs, Wrec)[1]) ** 2).sum() / 2
        losses.append(L)
        ga, gb = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * ga, Wrec - l_r * gb
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    Y = forward(X, Wxs, Wrec)[1]
    return [[int(y + 0.5) for y in row] for row in Y]
