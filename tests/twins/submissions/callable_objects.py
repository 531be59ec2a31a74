"""Objects that are called, in place of functions."""
import torch
from functools import partial
import operator

relu = torch.nn.ReLU()
class _D:
    def __call__(self, S): return (S > 0).float()
relu_derivative = _D()

count_targets = partial(torch.cumsum, dim=0)

class Net(torch.nn.Module):
    def forward(self, X, Wxs, Wrec):
        Y = [torch.zeros(X.shape[1])]
        S = []
        for x in X.unbind():
            S.append(torch.addcmul(Wrec * Y[-1], Wxs, x)); Y.append(relu(S[-1]))
        return torch.stack(S), torch.stack(Y[1:])
forward = Net()

def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    d = torch.zeros(X.shape[1]); gx = torch.tensor(0.); gr = torch.tensor(0.)
    for k in range(X.shape[0] - 1, -1, -1):
        d = relu_derivative(S[k]) * (Y[k] - T[k] + Wrec * d)
        gx += (d * X[k]).sum()
        if k: gr += (d * Y[k - 1]).sum()
    return gx, gr

def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        losses.append(0.5 * ((T - forward(X, Wxs, Wrec)[1]) ** 2).sum())
        gx, gr = bptt_gradients(X, T, Wxs, Wrec)
        Wxs = Wxs - l_r * gx
        Wrec = Wrec - l_r * gr
    return Wxs, Wrec, losses

predict_counts = lambda *a: operator.itemgetter(1)(forward(*a)).round()
