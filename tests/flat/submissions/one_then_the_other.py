import torch

torch.manual_seed(83)
SeqL = 5
NbSeq = 3
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.cumsum(X_train, 0)
T_test = torch.cumsum(X_test, 0)
Wxs = torch.rand(1).item() * 2
Wrec = torch.rand(1).item() * 2
l_r = 0.001


def reLU(x):
    return torch.clamp(x, min=0.0)


def deriv_reLU(x):
    return torch.gt(x, 0).float()


def run_network(x, w_in, w_back):
    """All sums and outputs of the network, one row per time step."""
    sums, outs = [], []
    last = torch.zeros(x.shape[1])
    for row in x:
        total = w_in * row + w_back * last
        last = reLU(total)
        sums.append(total)
        outs.append(last)
    return torch.stack(sums), torch.stack(outs)


def gradients(x, t, sums, outs, w_back):
    d_in, d_back = 0.0, 0.0
    delta = torch.zeros(x.shape[1])
    for k in range(len(x) - 1, -1, -1):
        delta = deriv_reLU(sums[k]) * (outs[k] - t[k] + w_back * delta)
        d_in += torch.sum(delta * x[k]).item()
        if k > 0:
            d_back += torch.sum(delta * outs[k - 1]).item()
    return d_in, d_back


history = []
for iteration in range(500):
    s, layer_1 = run_network(X_train, Wxs, Wrec)
    history.append(float(((T_train - layer_1) ** 2).sum() / 2))
    Wxs = Wxs - l_r * gradients(X_train, T_train, s, layer_1, Wrec)[0]
    s_new, y_new = run_network(X_train, Wxs, Wrec)
    Wrec = Wrec - l_r * gradients(X_train, T_train, s_new, y_new, Wrec)[1]

print("first and last loss:", history[0], history[-1])
s, layer_1 = run_network(X_test, Wxs, Wrec)
print("test")
print(layer_1)
print(T_test)
