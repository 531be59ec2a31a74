import torch

torch.manual_seed(84)
SeqL = 5
NbSeq = 3
X_train = torch.round(torch.rand(SeqL, NbSeq)).double()
X_test = torch.round(torch.rand(SeqL, NbSeq)).double()
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
    last = torch.zeros(x.shape[1], dtype=x.dtype)
    for row in x:
        total = w_in * row + w_back * last
        last = reLU(total)
        sums.append(total)
        outs.append(last)
    return torch.stack(sums), torch.stack(outs)


def loss_at(w_in, w_back):
    outs = run_network(X_train, w_in, w_back)[1]
    return float(((T_train - outs) ** 2).sum() / 2)


eps = 1e-5
history = []
for iteration in range(500):
    s, layer_1 = run_network(X_train, Wxs, Wrec)
    history.append(float(((T_train - layer_1) ** 2).sum() / 2))
    dWxs = (loss_at(Wxs + eps, Wrec) - loss_at(Wxs - eps, Wrec)) / (2 * eps)
    dWrec = (loss_at(Wxs, Wrec + eps) - loss_at(Wxs, Wrec - eps)) / (2 * eps)
    Wxs = Wxs - l_r * dWxs
    Wrec = Wrec - l_r * dWrec

print("first and last loss:", history[0], history[-1])
s, layer_1 = run_network(X_test, Wxs, Wrec)
print("test")
print(layer_1)
print(T_test)
