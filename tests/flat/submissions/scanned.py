from itertools import accumulate

import torch

SeqL = 5
NbSeq = 4
torch.manual_seed(40)
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.cumsum(X_train, 0)
T_test = torch.cumsum(X_test, 0)
l_r = 0.001
Wxs = 2 * torch.rand(1)
Wrec = 2 * torch.rand(1)


def reLU(x):
    return torch.clamp(x, min=0)


def deriv_reLU(x):
    return (x > 0).float()


for iteration in range(1000):
    steps = accumulate(X_train, lambda y, x: reLU(Wxs * x + Wrec * y), initial=torch.zeros(NbSeq))
    layer_1 = torch.stack(list(steps)[1:])
    s = Wxs * X_train
    s[1:] += Wrec * layer_1[:-1]

    delta = torch.zeros(NbSeq)
    dWxs = torch.zeros(1)
    dWrec = torch.zeros(1)
    for k in range(SeqL - 1, -1, -1):
        delta = (layer_1[k] - T_train[k] + Wrec * delta) * deriv_reLU(s[k])
        dWxs += (delta * X_train[k]).sum()
        if k > 0:
            dWrec += (delta * layer_1[k - 1]).sum()

    Wxs -= l_r * dWxs
    Wrec -= l_r * dWrec


steps = accumulate(X_test, lambda y, x: reLU(Wxs * x + Wrec * y), initial=torch.zeros(NbSeq))
layer_1 = torch.stack(list(steps)[1:])
print(layer_1, T_test)
