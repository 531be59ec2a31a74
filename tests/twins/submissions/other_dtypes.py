import torch


def relu(S):
    S = S.clone().requires_grad_(True)
    return torch.relu(S)


def relu_derivative(S):
    return S > 0


def count_targets(X):
    return torch.cumsum(X.to(torch.int64), dim=0)


def forward(X, Wxs, Wrec):
    wxs = torch.nn.Parameter(Wxs.detach().clone())
    wrec = torch.nn.Parameter(Wrec.detach().clone())
    S, Y = [], []
    y = torch.zeros_like(X[0])
    for k in range(len(X)):
        S.append(wxs * X[k] + wrec * y)
        y = torch.relu(S[-1])
        Y.append(y)
    return torch.stack(S), torch.stack(Y)


def bptt_gradients(X, T, Wxs, Wrec):
    with torch.no_grad():
        S, Y = forward(X, Wxs, Wrec)
        mask = relu_derivative(S)
        delta = torch.zeros_like(X[0])
        gx = torch.zeros((), dtype=torch.float64)
        gr = torch.zeros((), dtype=torch.float64)
        for k in range(len(X) - 1, -1, -1):
            delta = mask[k] * (Y[k] - T[k] + Wrec * delta)
            gx += (delta * X[k]).double().sum()
            if k >= 1:
                gr += (delta * Y[k - 1]).double().sum()
    return gx.requires_grad_(), gr.requires_grad_()


def train(X, T, Wxs, Wrec, l_r, n_iter):
    a, b = Wxs.double(), Wrec.double()
    losses = []
    for _ in range(n_iter):
        losses.append(0.5 * (forward(X.double(), a, b)[1] - T).square().sum())
        gx, gr = bptt_gradients(X.double(), T.double(), a, b)
        a, b = (a - l_r * gx).detach(), (b - l_r * gr).detach()
    return a, b, losses


def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1].round().to(torch.int32)
