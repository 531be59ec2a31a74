# 30 decimal digits, as on paper
from decimal import Decimal, getcontext

getcontext().prec = 30


def D(v):
    if hasattr(v, "tolist"):
        v = v.tolist()
    if isinstance(v, list):
        return [D(x) for x in v]
    return Decimal(v)


def out(v):
    if isinstance(v, (list, tuple)):
        return [out(x) for x in v]
    return float(v)


def _relu(s):
    if isinstance(s, list):
        return [_relu(x) for x in s]
    return s if s > 0 else Decimal(0)


def relu(S):
    return out(_relu(D(S)))


def relu_derivative(S):
    S = D(S)
    if isinstance(S, list):
        return [relu_derivative(s) for s in S]
    return bool(S > 0)


def count_targets(X):
    T = []
    for row in D(X):
        T.append([t + x for t, x in zip(T[-1], row)] if T else row)
    return out(T)


def _forward(X, a, b):
    S, Y = [], []
    for row in X:
        back = Y[-1] if Y else [Decimal(0)] * len(row)
        S.append([a * x + b * y for x, y in zip(row, back)])
        Y.append(_relu(S[-1]))
    return S, Y


def forward(X, Wxs, Wrec):
    S, Y = _forward(D(X), D(Wxs), D(Wrec))
    return out(S), out(Y)


def _gradients(X, T, a, b):
    S, Y = _forward(X, a, b)
    total = [Decimal(0), Decimal(0)]
    for j in range(len(X[0])):
        p = q = y = Decimal(0)
        for k in range(len(X)):
            p, q = (X[k][j] + b * p, y + b * q) if S[k][j] > 0 else (Decimal(0), Decimal(0))
            y = Y[k][j]
            total[0] += (y - T[k][j]) * p
            total[1] += (y - T[k][j]) * q
    return total


def bptt_gradients(X, T, Wxs, Wrec):
    return out(_gradients(D(X), D(T), D(Wxs), D(Wrec)))


def train(X, T, Wxs, Wrec, l_r, n_iter):
    X, T, a, b, l_r = D(X), D(T), D(Wxs), D(Wrec), D(l_r)
    losses = []
    for _ in range(n_iter):
        Y = _forward(X, a, b)[1]
        losses.append(float(sum((y - t) ** 2 for yr, tr in zip(Y, T) for y, t in zip(yr, tr)) / 2))
        gx, gr = _gradients(X, T, a, b)
        a, b = a - l_r * gx, b - l_r * gr
    return float(a), float(b), losses


def predict_counts(X, Wxs, Wrec):
    Y = _forward(D(X), D(Wxs), D(Wrec))[1]
    return [[int(y.to_integral_value()) for y in row] for row in Y]
