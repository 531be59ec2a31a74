# every sequence by itself: outer loop over sequences, 0-d weights changed in place
import torch

torch.manual_seed(42)
SeqL = 5
NbSeq = 3
X_train = torch.randint(0, 2, (SeqL, NbSeq)).to(torch.float64)
X_test = torch.randint(0, 2, (SeqL, NbSeq)).to(torch.float64)
layer_0 = X_train
T_train = torch.empty_like(X_train)
T_test = torch.empty_like(X_test)
T_train[0], T_test[0] = layer_0[0], X_test[0]
for k in range(1, SeqL):
    torch.add(T_train[k - 1], layer_0[k], out=T_train[k])
    torch.add(T_test[k - 1], X_test[k], out=T_test[k])

Wxs = torch.tensor(0.2, dtype=torch.float64)
Wrec = torch.tensor(1.6, dtype=torch.float64)
l_r = 0.002
targets = T_train
Y = torch.zeros(SeqL, NbSeq, dtype=torch.float64)

for step in range(1000):
    dx = 0
    dr = 0
    for j in range(NbSeq):
        masks = []
        y = 0
        for k in range(SeqL):
            a = Wxs * layer_0[k, j] + Wrec * y
            y = a if a > 0 else 0 * a
            masks.append(a > 0)
            Y[k, j] = y
        g = 0
        for k in range(SeqL - 1, -1, -1):
            g = masks[k] * (Y[k, j] - targets[k, j] + Wrec * g)
            dx = dx + g * layer_0[k, j]
            if k:
                dr = dr + g * Y[k - 1, j]
    Wxs.add_(dx, alpha=-l_r)
    Wrec.add_(dr, alpha=-l_r)
    if step % 100 == 0:
        loss = 0.5 * (Y - targets).pow(2).sum().item()
        print(step, loss)
        if loss < 1e-4:
            break

print(Wxs, Wrec)
y = torch.zeros(NbSeq, dtype=torch.float64)
for k in range(SeqL):
    y = torch.clamp(Wxs * X_test[k] + Wrec * y, min=0)
    Y[k] = y
print(Y - T_test)
