"""Weights are updated by calls that write into what they are given."""
import torch
import numpy as np
SeqL = 5
NbSeq = 4
torch.manual_seed(4)
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

s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL, NbSeq)

for iter in range(1000):
    s[0] = Wxs * X_train[0]
    layer_1[0] = reLU(s[0])
    for k in range(1, SeqL):
        s[k] = Wxs * X_train[k] + Wrec * layer_1[k - 1]
        layer_1[k] = reLU(s[k])

    delta = torch.zeros(NbSeq)
    dWxs = torch.zeros(1)
    dWrec = torch.zeros(1)
    for k in range(SeqL - 1, -1, -1):
        delta = (layer_1[k] - T_train[k] + Wrec * delta) * deriv_reLU(s[k])
        dWxs += (delta * X_train[k]).sum()
        if k > 0:
            dWrec += (delta * layer_1[k - 1]).sum()

    Wxs.copy_(Wxs - l_r * dWxs)
    torch.sub(Wrec, l_r * dWrec, out=Wrec)

# test phase
layer_0 = X_test
s[0] = Wxs * layer_0[0]
layer_1[0] = reLU(s[0])
for k in range(1, SeqL):
    s[k] = Wxs * layer_0[k] + Wrec * layer_1[k - 1]
    layer_1[k] = reLU(s[k])
print(layer_1, X_test, T_test)
