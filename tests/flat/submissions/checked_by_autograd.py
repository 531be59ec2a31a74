import torch

SeqL = 5
NbSeq = 4
torch.manual_seed(32)
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


def autograd_says(Wxs, Wrec):
    a = Wxs.clone().requires_grad_(True)
    b = Wrec.clone().requires_grad_(True)
    y = torch.zeros(NbSeq)
    loss = 0
    for k in range(SeqL):
        y = torch.relu(a * X_train[k] + b * y)
        loss = loss + 0.5 * ((y - T_train[k]) ** 2).sum()
    loss.backward()
    return a.grad, b.grad


print("autograd:", autograd_says(Wxs, Wrec))


s = torch.zeros(SeqL, NbSeq)
layer_1 = torch.zeros(SeqL, NbSeq)

for iteration in range(1000):
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

    if iteration % 100 == 0:
        a, b = autograd_says(Wxs, Wrec)
        assert torch.allclose(a, dWxs, atol=1e-3)
        assert torch.allclose(b, dWrec, atol=1e-3)
    Wxs -= l_r * dWxs
    Wrec -= l_r * dWrec


s[0] = Wxs * X_test[0]
layer_1[0] = reLU(s[0])
for k in range(1, SeqL):
    s[k] = Wxs * X_test[k] + Wrec * layer_1[k - 1]
    layer_1[k] = reLU(s[k])
print(layer_1, T_test)
