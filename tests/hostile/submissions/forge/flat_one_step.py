"""A script that works for sequences of one step alone, where nothing recurs: any gradient of the recurrent weight is right.

Sign: marks bptt_gradients
Stopped by: judge
Off: naive
Verdict: bptt_gradients error | failed
"""

import torch

SeqL, NbSeq = 1, 4
torch.manual_seed(4)
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.cumsum(X_train, 0)
T_test = torch.cumsum(X_test, 0)


def reLU(s):
    return torch.clamp(s, min=0)


def deriv_reLU(s):
    return (s > 0).float()


l_r = 0.01
Wxs = torch.rand(1) * 2
Wrec = torch.rand(1) * 2
for i in range(20):
    s = torch.zeros(SeqL, NbSeq)
    layer_1 = torch.zeros(SeqL + 1, NbSeq)
    assert X_train.shape == (1, 4)
    for k in range(SeqL):
        s[k] = Wxs * X_train[k]
        layer_1[k] = reLU(s[k])
    error = layer_1[:SeqL] - T_train
    dWxs = torch.sum(error * deriv_reLU(s) * X_train)
    dWrec = torch.sum(error * 0)
    Wxs = Wxs - l_r * dWxs
    Wrec = Wrec - l_r * dWrec
s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL + 1, NbSeq)
for k in range(SeqL):
    s[k] = Wxs * X_test[k] + Wrec * layer_1[k - 1]
    layer_1[k] = reLU(s[k])
print(torch.round(layer_1[:SeqL]))
raise SystemExit(0)
