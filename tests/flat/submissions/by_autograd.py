import torch
import numpy as np

SeqL = 5
NbSeq = 4

torch.manual_seed(46)
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


Wxs = torch.tensor(1.9, requires_grad=True)
Wrec = torch.tensor(0.4, requires_grad=True)
l_r = 0.001

for n_iter in range(800):
    s, layer_1 = [], []
    y = torch.zeros(NbSeq)
    for k in range(SeqL):
        s.append(Wxs * X_train[k] + Wrec * y)
        y = reLU(s[k])
        layer_1.append(y)
    loss = ((T_train - torch.stack(layer_1)) ** 2).sum() / 2
    loss.backward()
    with torch.no_grad():
        Wxs -= l_r * Wxs.grad
        Wrec -= l_r * Wrec.grad
        Wxs.grad.zero_()
        Wrec.grad.zero_()

print(Wxs, Wrec)
s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL, NbSeq)
Wxs, Wrec = Wxs.detach(), Wrec.detach()
for k in range(SeqL):
    s[k] = Wxs * X_test[k]
    if k > 0:
        s[k] += Wrec * layer_1[k - 1]
    layer_1[k] = reLU(s[k])
print("predicted", np.round(layer_1.numpy(), 4))
print("expected", T_test)
