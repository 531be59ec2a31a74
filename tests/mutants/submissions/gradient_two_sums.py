import torch


def relu(S):
    def positive(x):
        def half(a):
            return a / 2

        return half(x + x.abs())

    return positive(S)


def relu_derivative(S):
    def sign(x):
        return torch.sgn(x)

    def indicator(x):
        return sign(x) * (sign(x) + 1) / 2

    return indicator(S)


def count_targets(X):
    def upto(k):
        return X[k] if k == 0 else upto(k - 1) + X[k]

    return torch.stack([upto(k) for k in range(len(X))])


def forward(X, Wxs, Wrec):
    memory = {}

    def y(k):
        return torch.zeros_like(X[0]) if k < 0 else relu(s(k))

    def s(k):
        if k not in memory:
            memory[k] = Wxs * X[k] + Wrec * y(k - 1)
        return memory[k]

    steps = range(len(X))
    return torch.stack([s(k) for k in steps]), torch.stack([y(k) for k in steps])


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)

    def ds_dWxs(k):
        return 0 * X[0] if k < 0 else X[k] + Wrec * dy_dWxs(k - 1)

    def dy_dWxs(k):
        return 0 * X[0] if k < 0 else relu_derivative(S[k]) * ds_dWxs(k)

    def ds_dWrec(k):
        return 0 * X[0] if k <= 0 else Y[k - 1] + Wrec * dy_dWrec(k - 1)

    def dy_dWrec(k):
        return 0 * X[0] if k < 0 else relu_derivative(S[k]) * ds_dWrec(k)

    def total(derivative):
        errors = sum(Y[n] - T[n] for n in range(len(X)))
        slopes = sum(derivative(n) for n in range(len(X)))
        return (errors * slopes).sum()

    return total(dy_dWxs), total(dy_dWrec)


def train(X, T, Wxs, Wrec, l_r, n_iter):
    def loss(w):
        return torch.sum((T - forward(X, *w)[1]) ** 2) / 2

    def update(w):
        return [wi - l_r * g for wi, g in zip(w, bptt_gradients(X, T, *w))]

    w, losses = [Wxs, Wrec], []
    while len(losses) != n_iter:
        losses.append(loss(w))
        w = update(w)
    return w[0], w[1], losses


def predict_counts(X, Wxs, Wrec):
    def nearest(y):
        return torch.where(y - y.floor() < 0.5, y.floor(), y.ceil())

    return nearest(forward(X, Wxs, Wrec)[1])
