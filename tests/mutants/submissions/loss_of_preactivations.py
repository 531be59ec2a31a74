import torch


def relu(S):
    return torch.clamp(S, min=0)


def relu_derivative(S):
    return (S > 0).to(S.dtype)


def count_targets(X):
    return torch.cumsum(X, dim=0)


def forward(X, Wxs, Wrec):
    S = torch.zeros_like(X)
    Y = torch.zeros_like(X)
    y = torch.zeros_like(X[0])
    for k in range(X.shape[0]):
        S[k] = Wxs * X[k] + Wrec * y
        y = relu(S[k])
        Y[k] = y
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    dWxs = torch.zeros_like(Wxs)
    dWrec = torch.zeros_like(Wrec)
    delta = torch.zeros_like(X[0])
    for k in reversed(range(X.shape[0])):
        delta = (Y[k] - T[k] + Wrec * delta) * relu_derivative(S[k])
        dWxs = dWxs + (delta * X[k]).sum()
        if k > 0:
            dWrec = dWrec + (delta * Y[k - 1]).sum()
    return dWxs, dWrec


def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        Y, _ = forward(X, Wxs, Wrec)
        losses.append(0.5 * ((T - Y) ** 2).sum())
        dWxs, dWrec = bptt_gradients(X, T, Wxs, Wrec)
        Wxs = Wxs - l_r * dWxs
        Wrec = Wrec - l_r * dWrec
    return Wxs, Wrec, losses


def predict_counts(X, Wxs, Wrec):
    return torch.round(forward(X, Wxs, Wrec)[1])


if __name__ == "__main__":
    torch.manual_seed(4)
    X_train = torch.round(torch.rand(5, 4))
    w1, w2, losses = train(X_train, count_targets(X_train), torch.rand(()) * 2, torch.rand(()) * 2, 2e-4, 5000)
    print(w1, w2, losses[-1])
