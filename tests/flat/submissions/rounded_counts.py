# ex. RNN. At the end the outputs are rounded, because a count is an integer.
import torch

torch.manual_seed(6)
SeqL, NbSeq = 5, 5


def reLU(x):
    y = x.clone()
    y[y < 0] = 0
    return y


def deriv_reLU(x):
    y = torch.zeros_like(x)
    y[x > 0] = 1
    return y


X_train = torch.randint(2, (SeqL, NbSeq), dtype=torch.float32)
X_test = torch.randint(2, (SeqL, NbSeq), dtype=torch.float32)
ones_below = torch.tril(torch.ones(SeqL, SeqL))
T_train = ones_below @ X_train
T_test = ones_below @ X_test

Wxs = torch.empty(1).uniform_(0, 2)
Wrec = torch.empty(1).uniform_(0, 2)
l_r = 0.0005

epoch = 0
loss = float("inf")
while loss > 1e-5 and epoch < 2000:
    layer_1 = torch.zeros(SeqL + 1, NbSeq)  # row 0 is the state before the first step
    s = torch.zeros(SeqL, NbSeq)
    for k in range(SeqL):
        s[k] = Wxs * X_train[k] + Wrec * layer_1[k]
        layer_1[k + 1] = reLU(s[k])
    y = layer_1[1:]
    loss = ((T_train - y) ** 2).sum().item() / 2

    D = torch.zeros(SeqL + 1, NbSeq)
    for k in range(SeqL - 1, -1, -1):
        D[k] = deriv_reLU(s[k]) * (y[k] - T_train[k] + Wrec * D[k + 1])
    Wxs, Wrec = Wxs - l_r * (D[:-1] * X_train).sum(), Wrec - l_r * (D[:-1] * layer_1[:-1]).sum()
    epoch += 1

print("epochs:", epoch, "loss:", loss)

state = torch.zeros(NbSeq)
counted = torch.zeros(SeqL, NbSeq)
for k in range(SeqL):
    state = reLU(Wxs * X_test[k] + Wrec * state)
    counted[k] = state
counted = torch.round(counted)
print(counted)
print("all right:", bool((counted == T_test).all()))
