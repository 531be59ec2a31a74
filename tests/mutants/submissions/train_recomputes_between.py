"""Everything is a stream: generators hand one step on to the next, nothing is indexed."""
import torch


def relu(S):
    return torch.nn.functional.threshold(S, 0.0, 0.0)


def relu_derivative(S):
    return S.sign().clamp(min=0)


def running(steps):
    total = 0
    for x in steps:
        total = total + x
        yield total


def count_targets(X):
    return list(running(X))


def states(X, Wxs, Wrec):
    y = torch.zeros(X.shape[1])
    for x in X:
        s = Wxs * x + Wrec * y
        y = relu(s)
        yield s, y


def forward(X, Wxs, Wrec):
    return tuple(list(part) for part in zip(*states(X, Wxs, Wrec)))


def backwards(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    delta = 0.0
    before = [torch.zeros_like(Y[0]), *Y[:-1]]
    for s, y, t, x, h in zip(S[::-1], Y[::-1], T.flip(0), X.flip(0), before[::-1]):
        delta = (y - t + Wrec * delta) * relu_derivative(s)
        yield delta @ x, delta @ h


def bptt_gradients(X, T, Wxs, Wrec):
    return tuple(sum(parts) for parts in zip(*backwards(X, T, Wxs, Wrec)))


def descent(X, T, Wxs, Wrec, l_r):
    while True:
        yield Wxs, Wrec, sum(((y - t) ** 2).sum() for y, t in zip(forward(X, Wxs, Wrec)[1], T)) / 2
        Wxs = Wxs - l_r * bptt_gradients(X, T, Wxs, Wrec)[0]
        Wrec = Wrec - l_r * bptt_gradients(X, T, Wxs, Wrec)[1]


def train(X, T, Wxs, Wrec, l_r, n_iter):
    path = descent(X, T, Wxs, Wrec, l_r)
    losses = [next(path)[2] for _ in range(n_iter)]
    return (*next(path)[:2], losses)


def predict_counts(X, Wxs, Wrec):
    return [y.round() for _, y in states(X, Wxs, Wrec)]
