"""Counting ones with a 2-weight RNN."""

import torch

SeqL = 5
NbSeq = 4


def make_targets(X):
    T = torch.zeros_like(X)
    T[0] = X[0]
    for t in range(1, SeqL):
        T[t] = T[t - 1] + X[t]
    return T


def activation(z):
    return torch.maximum(z, torch.zeros_like(z))


def activation_derivative(z):
    return (z > 0).to(z.dtype)


if __name__ == "__main__":
    torch.manual_seed(10)
    X_train = (torch.rand(SeqL, NbSeq) > 0.5).float()
    X_test = (torch.rand(SeqL, NbSeq) > 0.5).float()
    T_train = make_targets(X_train)
    T_test = make_targets(X_test)

    Wxs, Wrec = 2 * torch.rand(2)
    lr = 0.0005

    for _ in range(700):
        S, Y = [], []
        h = torch.zeros(NbSeq)
        for t in range(SeqL):
            z = Wxs * X_train[t] + Wrec * h
            h = activation(z)
            S.append(z)
            Y.append(h)

        g_in = g_rec = 0.0
        future = torch.zeros(NbSeq)
        for t in reversed(range(SeqL)):
            future = activation_derivative(S[t]) * (Y[t] - T_train[t] + Wrec * future)
            g_in = g_in + (future * X_train[t]).sum()
            if t > 0:
                g_rec = g_rec + (future * Y[t - 1]).sum()

        Wxs, Wrec = Wxs - lr * g_rec, Wrec - lr * g_in

    print(f"Wxs = {Wxs:.4f}  Wrec = {Wrec:.4f}")

    h = torch.zeros(NbSeq)
    predictions = torch.zeros(SeqL, NbSeq)
    for t in range(SeqL):
        h = activation(Wxs * X_test[t] + Wrec * h)
        predictions[t] = h
    print(predictions)
    print(T_test)
