import torch


def relu(S):
    return S.masked_fill(S < 0, 0)


def relu_derivative(S):
    return torch.ones_like(S).masked_fill_(S <= 0, 0)


def count_targets(X):
    return torch.stack([X.narrow(0, 0, k + 1).sum(dim=0) for k in range(X.size(0))])


def forward(X, Wxs, Wrec):
    H = X.new_zeros(X.size(0) + 1, X.size(1))
    P = torch.full_like(X, float("nan"))
    for k in range(X.size(0)):
        P[k].copy_(X[k].mul(Wxs).addcmul(Wrec.expand_as(H[k]), H[k]))
        H[k + 1].copy_(relu(P[k]))
    return P, H[1:]


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    G = (Y - T).masked_fill(S <= 0, 0)
    for k in reversed(range(1, X.size(0))):
        G[k - 1].add_((Wrec * G[k]).masked_fill(S[k - 1] <= 0, 0))
    n = X.size(0) - 1
    return -torch.sum(G.mul(X)) / X.size(1), -torch.sum(G.narrow(0, 1, n).mul(Y.narrow(0, 0, n))) / X.size(1)


def train(X, T, Wxs, Wrec, l_r, n_iter):
    loss = torch.nn.MSELoss(reduction="sum")
    losses = []
    for _ in range(n_iter):
        losses.append(loss(forward(X, Wxs, Wrec)[1], T).div(2).item())
        gx, gr = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs.sub(gx.mul(l_r)), Wrec.sub(gr.mul(l_r))
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1].round()
