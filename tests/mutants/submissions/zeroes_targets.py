import torch


def relu(S):
    return S.clone().mul_(S > 0)


def relu_derivative(S):
    M = S.clone()
    M[M <= 0] = 0
    M[M > 0] = 1
    return M


def count_targets(X):
    X = X.clone()
    for k in range(len(X) - 1):
        X[k + 1] += X[k]
    return X


def forward(X, Wxs, Wrec):
    S = X.clone().mul_(Wxs)
    Y = torch.zeros_like(S)
    for k in range(len(S)):
        if k > 0:
            S[k].add_(Y[k - 1], alpha=float(Wrec))
        Y[k].copy_(S[k]).clamp_(min=0)
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    Y0 = Y.clone()
    Y -= T.mul_(1.0).abs_()
    S = relu_derivative(S)
    Y[-1] *= S[-1]
    for k in range(len(X) - 2, -1, -1):
        Y[k] += Wrec * Y[k + 1]
        Y[k] *= S[k]
    return Y.clone().mul_(X).sum(), Y[1:].mul_(Y0[:-1]).sum()


def train(X, T, Wxs, Wrec, l_r, n_iter):
    Wxs, Wrec = Wxs.clone(), Wrec.clone()
    losses = torch.zeros(n_iter)
    for i in range(n_iter):
        losses[i] = forward(X, Wxs, Wrec)[1].sub_(T).square_().sum().div_(2)
        gx, gr = bptt_gradients(X, T, Wxs, Wrec)
        Wxs -= gx.mul_(l_r)
        Wrec -= gr.mul_(l_r)
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1].add_(0.5).floor_()
