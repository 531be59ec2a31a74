import torch


def relu(S):
    out = S.clone()
    out[out < 0] = 0
    return out


def relu_derivative(S):
    out = torch.zeros(S.shape)
    out[S > 0] = 1
    return out


def count_targets(X):
    T = torch.empty_like(X)
    total = torch.zeros(X.shape[1])
    for k, row in enumerate(X):
        total += row
        T[k] = total
    return T


def forward(X, Wxs, Wrec):
    S = torch.zeros(X.shape)
    Y = torch.zeros(X.shape)
    for k in range(X.shape[0]):
        S[k] = Wxs * X[k] + (Wrec * Y[k - 1] if k > 0 else 0)
        Y[k] = relu(S[k])
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    grad = torch.zeros(2)
    back = torch.zeros(X.shape[1])
    for k in range(X.shape[0])[::-1]:
        back *= Wrec * Wrec
        back += Y[k] - T[k]
        back *= relu_derivative(S[k])
        grad[0] += torch.sum(back * X[k])
        if k:
            grad[1] += torch.sum(back * Y[k - 1])
    return grad


def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for i in range(n_iter):
        losses.append(0.5 * torch.sum((T - forward(X, Wxs, Wrec)[1]) ** 2))
        grad = bptt_gradients(X, T, Wxs, Wrec)
        Wxs -= l_r * grad[0]
        Wrec -= l_r * grad[1]
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1].round_()
