# RNN, ReLU written out where it is needed
import torch

torch.manual_seed(35)
SeqL = 6
NbSeq = 5
X_train = torch.rand(SeqL, NbSeq).round()
X_test = torch.rand(SeqL, NbSeq).round()
T_train = X_train.cumsum(dim=0)
T_test = X_test.cumsum(dim=0)

Wxs = torch.tensor([1.7])
Wrec = torch.tensor([0.3])
l_r = 0.0001
sum_x = torch.zeros(1)
sum_r = torch.zeros(1)

for it in range(600):
    s = []
    layer_1 = []
    for k in range(SeqL):
        if k == 0:
            s.append(Wxs * X_train[k])
        else:
            s.append(Wxs * X_train[k] + Wrec * layer_1[k - 1])
        layer_1.append(s[k].clamp(min=0))

    # sensitivities of y_k for both weights, from the first step on
    dx = torch.zeros(NbSeq)
    dr = torch.zeros(NbSeq)
    for k in range(SeqL):
        on = (s[k] > 0).float()
        dx = on * (X_train[k] + Wrec * dx)
        if k > 0:
            dr = on * (layer_1[k - 1] + Wrec * dr)
        err = T_train[k] - layer_1[k]
        sum_x += (err * dx).sum()
        sum_r += (err * dr).sum()

    # err has the sign of the descent already
    Wxs += l_r * sum_x
    Wrec += l_r * sum_r

print("Wxs", Wxs, "Wrec", Wrec)
layer_1 = []
for k in range(SeqL):
    a = Wxs * X_test[k]
    if k > 0:
        a = a + Wrec * layer_1[k - 1]
    layer_1.append(a.clamp(min=0))
print(torch.stack(layer_1))
print(T_test)
