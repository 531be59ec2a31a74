import numpy as np

# recurrent network that counts, NumPy only
np.random.seed(72)
SeqL = 5
NbSeq = 6


def reLU(x):
    return np.maximum(x, 0)


def deriv_reLU(x):
    return np.where(x > 0, 1.0, 0.0)


X_train = np.round(np.random.rand(SeqL, NbSeq))
X_test = np.round(np.random.rand(SeqL, NbSeq))
T_train = np.cumsum(X_train, axis=0)
T_test = np.cumsum(X_test, axis=0)

Wxs = 2 * np.random.rand()
Wrec = 2 * np.random.rand()
l_r = 0.0008
losses = []

for it in range(3000):
    # ---- forward ----
    s = np.zeros((SeqL, NbSeq))
    y = np.zeros((SeqL, NbSeq))
    state = np.zeros(NbSeq)
    for k in range(SeqL):
        s[k] = Wxs * X_train[k] + Wrec * state
        state = reLU(s[k])
        y[k] = state
    losses.append(0.5 * np.sum((T_train - y) ** 2))

    # ---- backward ----
    grad_Wxs, grad_Wrec = 0.0, 0.0
    back = np.zeros(NbSeq)
    for k in reversed(range(SeqL)):
        back = (y[k] - T_train[k] + Wrec * back) * deriv_reLU(s[k])
        grad_Wxs += np.sum(back * X_train[k])
        if k > 0:
            grad_Wrec += np.sum(back * y[k - 1])

    Wxs -= l_r * grad_Wxs

    if losses[-1] < 1e-6:  # good enough
        print("stopped after", it + 1, "iterations")
        break

print("final loss", losses[-1], "weights", Wxs, Wrec)

state = np.zeros(NbSeq)
y_test = np.zeros((SeqL, NbSeq))
for k in range(SeqL):
    state = reLU(Wxs * X_test[k] + Wrec * state)
    y_test[k] = state
print(y_test)
print("largest error:", np.abs(y_test - T_test).max())
