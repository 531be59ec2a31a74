import torch

# hand-made data
X_train = torch.tensor(
    [
        [1.0, 0.0, 1.0, 0.0],
        [0.0, 1.0, 1.0, 0.0],
        [1.0, 1.0, 0.0, 1.0],
        [1.0, 0.0, 0.0, 1.0],
        [0.0, 1.0, 1.0, 0.0],
    ]
)
X_test = torch.tensor(
    [
        [0.0, 1.0, 1.0, 1.0],
        [1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [1.0, 1.0, 1.0, 0.0],
        [1.0, 0.0, 1.0, 0.0],
    ]
)
SeqL, NbSeq = X_train.shape
T_train = torch.zeros(X_train.shape)
T_test = torch.zeros(X_test.shape)
for k in range(SeqL):
    T_train[k] = X_train[0 : k + 1].sum(0)
    T_test[k] = X_test[0 : k + 1].sum(0)

reLU = lambda x: torch.max(x, torch.zeros_like(x))
deriv_reLU = lambda x: torch.ceil(torch.clamp(x, 0, 1))

torch.manual_seed(63)
Wxs = torch.rand(1).mul(2)
Wrec = torch.rand(1).mul(2)
l_r = 0.001
layer_0, layer_1 = X_train, torch.zeros(SeqL, NbSeq)
s = torch.zeros(SeqL, NbSeq)

for i in range(600):
    s[0] = Wxs * layer_0[0]
    layer_1[0] = reLU(s[0])
    for k in range(1, SeqL):
        s[k] = Wxs * layer_0[k] + Wrec * s[k - 1]
        layer_1[k] = reLU(s[k])

    l1_err = layer_1 - T_train
    f = deriv_reLU(s)
    sum_x, sum_s = torch.zeros(1), torch.zeros(1)
    for n in range(SeqL):
        for k in range(n + 1):
            # Wrec^(n-k) and all the masks from k to n
            path = f[k : n + 1].prod(0) * Wrec ** (n - k)
            sum_x += torch.sum(l1_err[n] * path * layer_0[k])
            if k > 0:
                sum_s += torch.sum(l1_err[n] * path * layer_1[k - 1])

    Wrec.data -= l_r * sum_s
    Wxs.data -= l_r * sum_x

print("after training: Wxs %.4f Wrec %.4f" % (Wxs.item(), Wrec.item()))
layer_0 = X_test
s[0] = Wxs * layer_0[0]
layer_1[0] = reLU(s[0])
for k in range(1, SeqL):
    s[k] = Wxs * layer_0[k] + Wrec * s[k - 1]
    layer_1[k] = reLU(s[k])
print(layer_1, T_test)
