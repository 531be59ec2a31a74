# The formula of the lecture written out: sum over n, sum over k <= n, product of Jacobians in between
import torch


def relu(S):
    return torch.nn.functional.relu(S)


def relu_derivative(S):
    return (S > 0).float()


def count_targets(X):
    T = torch.zeros(X.shape)
    for k in range(X.shape[0]):
        T[k, :] = X[: k + 1, :].sum(0)
    return T


def forward(X, Wxs, Wrec):
    SeqL, NbSeq = X.shape
    S = torch.zeros(SeqL, NbSeq)
    Y = torch.zeros(SeqL + 1, NbSeq)
    for k in range(SeqL):
        S[k] = X[k] * Wxs + Y[k] * Wrec
        Y[k + 1] = relu(S[k])
    return S, Y


def chain(D, Wrec, k, n):
    """d s_n / d s_k"""
    prod = torch.ones(D.shape[1])
    for m in range(k, n):
        prod = prod * Wrec * D[m]
    return prod


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    D = relu_derivative(S)
    SeqL, NbSeq = X.shape
    grad_x = torch.zeros(NbSeq)
    grad_rec = torch.zeros(NbSeq)
    for n in range(SeqL):
        dL_ds = (Y[n + 1] - T[n]) * D[n]
        for k in range(n + 1):
            c = dL_ds * chain(D, Wrec, k, n)
            grad_x += c * X[k]
            if k - 1 >= 0:
                grad_rec += c * Y[k]
    return grad_x.sum(), grad_rec.sum()


def loss(Y, T):
    return 0.5 * torch.sum((T - Y) ** 2)


def train(X, T, Wxs, Wrec, l_r, n_iter):
    history = []
    for it in range(n_iter):
        S, Y = forward(X, Wxs, Wrec)
        history += [loss(Y[1:], T).item()]
        dx, dr = bptt_gradients(X, T, Wxs, Wrec)
        Wxs = Wxs - l_r * dx
        Wrec = Wrec - l_r * dr
    return Wxs, Wrec, history


def predict_counts(X, Wxs, Wrec):
    _, Y = forward(X, Wxs, Wrec)
    return torch.round(Y[1:])
