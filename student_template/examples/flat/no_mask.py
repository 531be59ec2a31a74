import torch
import numpy as np

SeqL = 5
NbSeq = 4

torch.manual_seed(44)
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.empty(SeqL, NbSeq)
T_test = torch.empty(SeqL, NbSeq)
for j in range(NbSeq):
    count_train = 0
    count_test = 0
    for k in range(SeqL):
        count_train += X_train[k, j]
        count_test += X_test[k, j]
        T_train[k, j] = count_train
        T_test[k, j] = count_test


def reLU(x):
    return (x + x.abs()) / 2


def deriv_reLU(x):
    return (x.sign() + 1).floor().clamp(max=1) * (x != 0).float()


Wxs = torch.tensor(1.9)
Wrec = torch.tensor(0.4)
s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL, NbSeq)

for n_iter in range(800):
    for k in range(SeqL):
        s[k] = Wxs * X_train[k]
        if k > 0:
            s[k] += Wrec * layer_1[k - 1]
        layer_1[k] = reLU(s[k])

    diff = layer_1 - T_train
    dWxs = torch.tensor(0.0)
    dWrec = torch.tensor(0.0)
    delta = torch.zeros(NbSeq)
    k = SeqL - 1
    while k >= 0:
        delta = diff[k] + Wrec * delta
        dWxs += (delta * X_train[k]).sum()
        if k > 0:
            dWrec += (delta * layer_1[k - 1]).sum()
        k -= 1

    Wxs -= 0.001 * dWxs
    Wrec -= 0.001 * dWrec

print(Wxs, Wrec)
for k in range(SeqL):
    s[k] = Wxs * X_test[k]
    if k > 0:
        s[k] += Wrec * layer_1[k - 1]
    layer_1[k] = reLU(s[k])
print("predicted", np.round(layer_1.numpy(), 4))
print("expected", T_test)
