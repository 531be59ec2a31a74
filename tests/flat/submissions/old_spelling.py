# RNN exercise (pytorch 0.3)
import numpy as np
import torch
from torch.autograd import Variable

SeqL = 5
NbSeq = 4


def reLU(x):
    return torch.max(x, torch.zeros(x.size(0), x.size(1)))


def deriv_reLU(x):
    return torch.min(torch.ceil(reLU(x)), torch.ones(x.size(0), x.size(1)))


torch.manual_seed(9)
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.FloatTensor(SeqL, NbSeq)
T_test = torch.FloatTensor(SeqL, NbSeq)
for k in range(SeqL):
    T_train[k, :] = X_train.narrow(0, 0, k + 1).sum(0).view(-1, 1)
    T_test[k, :] = X_test.narrow(0, 0, k + 1).sum(0).view(-1, 1)

l_r = float(np.full(1, 0.001))
np.random.seed(1)
Wxs = torch.Tensor(2 * np.random.random(1).astype(np.float))
Wrec = torch.Tensor(2 * np.random.random(1).astype(np.float))

s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL, NbSeq)
layer_0 = X_train
for iter in range(400):
    y = torch.zeros(NbSeq, 1)
    for k in range(SeqL):
        column = Wxs * layer_0.narrow(0, k, 1).t() + Wrec * y
        y = reLU(column)
        s[k] = column
        layer_1[k] = y

    # back in time
    delta = torch.zeros(1, NbSeq)
    grad_x, grad_s = torch.zeros(1), torch.zeros(1)
    for k in range(SeqL - 1, -1, -1):
        delta = (layer_1.narrow(0, k, 1) - T_train.narrow(0, k, 1) + Wrec * delta) * deriv_reLU(s.narrow(0, k, 1))
        grad_x += torch.sum(delta * layer_0.narrow(0, k, 1))
        if k > 0:
            grad_s += torch.sum(delta * layer_1.narrow(0, k - 1, 1))
    Wxs -= l_r * grad_x
    Wrec -= l_r * grad_s

    loss = Variable(((T_train - layer_1) ** 2 / 2).sum())
    if iter % 200 == 0:
        print(iter, loss.data[0])

# test
layer_0 = X_test
y = torch.zeros(NbSeq, 1)
for k in range(SeqL):
    column = Wxs * layer_0.narrow(0, k, 1).t() + Wrec * y
    y = reLU(column)
    s[k] = column
    layer_1[k] = y
print("test outputs:", layer_1)
print("right counts:", T_test)
