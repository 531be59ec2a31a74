# Exercise RNN: count the ones of a binary sequence
import torch
import numpy as np


def reLU(x):
    return torch.max(x, torch.zeros(x.size(0), x.size(1)))


def deriv_reLU(x):
    return (x > 0).float()


# data
SeqL = 5
NbSeq = 4
torch.manual_seed(112)
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.zeros(SeqL, NbSeq)
T_test = torch.zeros(SeqL, NbSeq)
for k in range(SeqL):
    T_train[k, :] = X_train[: k + 1, :].sum(0)
    T_test[k, :] = X_test[: k + 1, :].sum(0)

# parameters
l_r = 0.001
np.random.seed(3)
Wxs = torch.tensor(2 * np.random.random((1, 1)), dtype=torch.float32)
Wrec = torch.tensor(2 * np.random.random((1, 1)), dtype=torch.float32)

layer_0 = X_train
layer_1 = torch.zeros(SeqL, NbSeq)
s = torch.zeros(SeqL, NbSeq)

for iter in range(600):
    # forward
    s[0:1, :] = Wrec * layer_0[0:1, :]
    layer_1[0:1, :] = reLU(s[0:1, :])
    for k in range(1, SeqL):
        s[k : k + 1, :] = Wrec * layer_0[k : k + 1, :] + Wxs * layer_1[k - 1 : k, :]
        layer_1[k : k + 1, :] = reLU(s[k : k + 1, :])

    # backward, error 1/2 (T - y)^2
    error = layer_1 - T_train
    delta = torch.zeros(1, NbSeq)
    grad_x = torch.zeros(1, 1)
    grad_rec = torch.zeros(1, 1)
    for k in range(SeqL - 1, -1, -1):
        delta = (error[k : k + 1, :] + Wrec * delta) * deriv_reLU(s[k : k + 1, :])
        grad_x += torch.sum(delta * layer_0[k : k + 1, :])
        if k > 0:
            grad_rec += torch.sum(delta * layer_1[k - 1 : k, :])

    Wxs -= l_r * grad_x
    Wrec -= l_r * grad_rec

print("training:", layer_1, X_train, T_train)

# test phase
layer_0 = X_test
s[0:1, :] = Wrec * layer_0[0:1, :]
layer_1[0:1, :] = reLU(s[0:1, :])
for k in range(1, SeqL):
    s[k : k + 1, :] = Wrec * layer_0[k : k + 1, :] + Wxs * layer_1[k - 1 : k, :]
    layer_1[k : k + 1, :] = reLU(s[k : k + 1, :])
print("test:", layer_1, X_test, T_test)
