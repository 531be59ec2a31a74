import torch

def reLU(x):
    return torch.max(x, torch.zeros_like(x))

def deriv_reLU(x):
    return (x > 0).float()

SeqL = 5
NbSeq = 4
torch.manual_seed(4)
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.zeros(SeqL, NbSeq)
T_test = torch.zeros(SeqL, NbSeq)
for k in range(SeqL):
    T_train[k, :] = X_train[: k + 1, :].sum(0)
    T_test[k, :] = X_test[: k + 1, :].sum(0)

l_r = 0.001
Wxs = torch.tensor(1.7)
Wrec = torch.tensor(0.6)
s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL, NbSeq)

for it in range(1000):
    for k in range(SeqL):
        s[k] = Wxs * X_train[k]
        if k > 0:
            s[k] += Wrec * layer_1[k - 1]
        layer_1[k] = reLU(s[k])
    error = layer_1 - T_train
    dWxs = torch.tensor(0.0)
    dWrec = torch.tensor(0.0)
    delta = torch.zeros(NbSeq)
    for k in range(SeqL - 1, -1, -1):
        delta = (error[k] + Wrec * delta) * deriv_reLU(s[k])
        dWxs += (delta * X_train[k]).sum()
        if k > 0:
            dWrec += (delta * s[k - 1]).sum()
    Wxs -= l_r * dWxs
    Wrec -= l_r * dWrec

for k in range(SeqL):
    s[k] = Wxs * X_test[k]
    if k > 0:
        s[k] += Wrec * layer_1[k - 1]
    layer_1[k] = reLU(s[k])
print(layer_1, T_test)
