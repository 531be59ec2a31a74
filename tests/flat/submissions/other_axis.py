"""RNN homework. Weights are 0-d tensors; gradient straight from the formula with the two sums."""
import torch


def reLU(x):
    return x.clamp(min=0)


def deriv_reLU(x):
    return torch.where(x > 0, torch.ones_like(x), torch.zeros_like(x))


SeqL, NbSeq = 6, 3
torch.manual_seed(103)
X_train = torch.bernoulli(0.5 * torch.ones(SeqL, NbSeq))
X_test = torch.bernoulli(0.5 * torch.ones(SeqL, NbSeq))
T_train = torch.cumsum(X_train, dim=1)
T_test = torch.cumsum(X_test, dim=1)

Wxs = 2 * torch.rand(())
Wrec = 2 * torch.rand(())
l_r = 5e-4

for epoch in range(300):
    s = torch.zeros(SeqL, NbSeq)
    layer_1 = torch.zeros(SeqL, NbSeq)
    for k in range(SeqL):
        before = layer_1[k - 1] if k > 0 else torch.zeros(NbSeq)
        s[k] = Wxs * X_train[k] + Wrec * before
        layer_1[k] = reLU(s[k])
    loss = 0.5 * ((T_train - layer_1) ** 2).sum()

    dWxs = torch.zeros(())
    dWrec = torch.zeros(())
    for n in range(SeqL):
        err = layer_1[n] - T_train[n]
        for k in range(n + 1):
            # product of the factors between step k and step n
            chain = deriv_reLU(s[k])
            for i in range(k + 1, n + 1):
                chain = chain * Wrec * deriv_reLU(s[i])
            dWxs = dWxs + (err * chain * X_train[k]).sum()
            if k >= 1:
                dWrec = dWrec + (err * chain * layer_1[k - 1]).sum()

    Wxs = Wxs - l_r * dWxs
    Wrec = Wrec - l_r * dWrec
    if epoch % 50 == 0:
        print("epoch %d: loss %.4f" % (epoch, loss))

# does it count on new sequences?
layer_1 = torch.zeros(SeqL, NbSeq)
for k in range(SeqL):
    before = layer_1[k - 1] if k > 0 else torch.zeros(NbSeq)
    layer_1[k] = reLU(Wxs * X_test[k] + Wrec * before)
print("weights", Wxs.item(), Wrec.item())
print("outputs", layer_1)
print("targets", T_test)
