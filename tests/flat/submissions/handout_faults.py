# Counting ones, written for the PyTorch of 2018
import numpy as np
import torch
from torch.autograd import Variable

SeqL, NbSeq = 5, 4


def reLU(z):
    zero = torch.zeros(z.size(0), z.size(1))
    return torch.max(zero, z)


def deriv_reLU(z):
    positive = reLU(z)
    return torch.min(torch.ones(z.size(0), z.size(1)), torch.ceil(positive))


torch.manual_seed(23)
X_train, X_test = torch.rand(SeqL, NbSeq).round(), torch.rand(SeqL, NbSeq).round()
T_train, T_test = torch.Tensor(SeqL, NbSeq), torch.Tensor(SeqL, NbSeq)
T_train[0], T_test[0] = X_train[0], X_test[0]
for k in range(1, SeqL):
    T_train[k] = T_train[k - 1] + X_train[k]
    T_test[k] = T_test[k - 1] + X_test[k]

np.random.seed(5)
Wrec = torch.Tensor(2 * np.random.rand(1))
Wxs = torch.Tensor(2 * np.random.rand(1))
l_r = 1e-6

layer_0 = X_train
s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL, NbSeq)
paths_x = torch.zeros(SeqL, NbSeq)  # row k: how step k reaches step n
paths_rec = torch.zeros(SeqL, NbSeq)
total_x = torch.Tensor(4)
total_rec = torch.Tensor(4)

for epoch in range(1000):
    for k in range(SeqL):
        into = Wxs * layer_0[k : k + 1, :]
        if k > 0:
            into = into + Wrec * layer_1[k - 1 : k, :]
        s[k] = into
        layer_1[k] = reLU(into.t())

    residual = T_train - layer_1
    slope = deriv_reLU(s)
    for n in range(SeqL):
        factor = torch.ones(1, NbSeq)
        for k in range(n - 1, -1, -1):
            factor = factor * Wrec * slope[k : k + 1, :]
            paths_x[k, :] = factor * layer_0[k : k + 1, :]
            if k > 0:
                paths_rec[k, :] = factor * layer_1[k - 1 : k, :]
        total_x += paths_x.sum(0)
        total_rec += paths_rec.sum(0)

    Wxs += l_r * (residual * (total_x / SeqL).view(1, -1)).sum()
    Wrec += l_r * (residual * (total_rec / SeqL).view(1, -1)).sum()
    if epoch % 250 == 0:
        print("epoch", epoch, "error", Variable((residual**2).sum(0).sum(0)).data[0] / 2)

print("outputs on the training set", layer_1, "instead of", T_train)

layer_0 = X_test
for k in range(SeqL):
    into = Wxs * layer_0[k : k + 1, :]
    if k > 0:
        into = into + Wrec * layer_1[k - 1 : k, :]
    s[k] = into
    layer_1[k] = reLU(into.t())
print("outputs on the test set", layer_1, "instead of", T_test)
