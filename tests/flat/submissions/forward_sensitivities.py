# Gradient computed forwards in time: keep ds/dWxs and ds/dWrec while the network runs.
import numpy as np

rng = np.random.default_rng(6)
SeqL, NbSeq = 6, 4
X_train = rng.integers(0, 2, size=(SeqL, NbSeq)).astype(float)
X_test = rng.integers(0, 2, size=(SeqL, NbSeq)).astype(float)

T_train = np.empty((SeqL, NbSeq))
T_test = np.empty((SeqL, NbSeq))
for k in range(SeqL):
    T_train[k] = X_train[: k + 1].sum(axis=0)
    T_test[k] = X_test[: k + 1].sum(axis=0)

Wxs = rng.uniform(0, 2, size=1)
Wrec = rng.uniform(0, 2, size=1)
learning_rate = 0.0005


def ReLU(v):
    return v * (v > 0)


def ReLU_prime(v):
    return (v > 0) * 1.0


S = np.zeros((SeqL, NbSeq))
Y = np.zeros((SeqL, NbSeq))
for iteration in range(800):
    gx = np.zeros(1)
    gr = np.zeros(1)
    y = np.zeros(NbSeq)
    dy_dx = np.zeros(NbSeq)  # dy_k / dWxs
    dy_dr = np.zeros(NbSeq)  # dy_k / dWrec
    loss = 0.0
    for k in range(SeqL):
        S[k] = Wxs * X_train[k] + Wrec * y
        slope = ReLU_prime(S[k])
        dy_dx = slope * (X_train[k] + Wrec * dy_dx)
        dy_dr = slope * (y + Wrec * dy_dr)
        y = ReLU(S[k])
        Y[k] = y
        e = y - T_train[k]
        loss += 0.5 * (e @ e)
        gx += np.dot(e, dy_dx)
        gr += np.dot(e, dy_dr)
    Wxs -= learning_rate * gx
    Wrec -= learning_rate * gr
    if iteration % 200 == 0:
        print(f"{iteration:4d}  loss {loss:8.4f}  Wxs {Wxs[0]:.4f}  Wrec {Wrec[0]:.4f}")

y = np.zeros(NbSeq)
result = []
for k in range(SeqL):
    y = ReLU(Wxs * X_test[k] + Wrec * y)
    result.append(y)
result = np.array(result)
print("test outputs\n", result.round(3))
print("test targets\n", T_test)
