"""Gradients written by hand, then handed to a stock optimiser."""
import torch


def relu(S):
    return torch.nn.functional.hardtanh(S, 0.0, 3e38)


def relu_derivative(S):
    return torch.where(S > 0, torch.tensor(1.0), torch.tensor(0.0))


def count_targets(X):
    return X.cumsum(0)


def forward(X, Wxs, Wrec):
    cell = torch.nn.RNNCell(1, 1, bias=False, nonlinearity="relu")
    with torch.no_grad():
        cell.weight_ih.fill_(Wxs)
        cell.weight_hh.fill_(Wrec)
        h = torch.zeros(X.shape[1], 1)
        S, Y = [], []
        for x in X:
            S.append((x[:, None] @ cell.weight_ih.T + h @ cell.weight_hh.T)[:, 0])
            h = cell(x[:, None], h)
            Y.append(h[:, 0])
    return torch.stack(S), torch.stack(Y)


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    d, gx, gr = torch.zeros(X.shape[1]), 0, 0
    for k in reversed(range(len(X))):
        d = Y[k] - T[k] + Wrec.detach() * d
        gx = gx + d.dot(X[k])
        gr = gr + (d.dot(Y[k - 1]) if k else 0 * gx)
    return gx, gr


def train(X, T, Wxs, Wrec, l_r, n_iter):
    w = [torch.nn.Parameter(Wxs.clone()), torch.nn.Parameter(Wrec.clone())]
    optimiser = torch.optim.SGD(w, lr=l_r)
    losses = []
    for _ in range(n_iter):
        losses.append(float(((T - forward(X, w[0].data, w[1].data)[1]) ** 2).sum() / 2))
        w[0].grad, w[1].grad = bptt_gradients(X, T, w[0].data, w[1].data)
        optimiser.step()
    return w[0].data, w[1].data, losses


def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1].round()
