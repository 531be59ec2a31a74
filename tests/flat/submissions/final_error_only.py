# no libraries at all: floats and lists
import random

SeqL = 5
NbSeq = 3
random.seed(22)


def relu(z):
    return z if z > 0 else 0.0


def drelu(z):
    return 1.0 if z > 0 else 0.0


def random_bits():
    return [[float(random.randint(0, 1)) for _ in range(NbSeq)] for _ in range(SeqL)]


X_train = random_bits()
X_test = random_bits()

T_train = []
T_test = []
for data, target in ((X_train, T_train), (X_test, T_test)):
    total = [0.0] * NbSeq
    for row in data:
        total = [a + b for a, b in zip(total, row)]
        target.append(total)

Wxs = random.uniform(0, 2)
Wrec = random.uniform(0, 2)
l_r = 0.002
step = 0

while step < 300:
    S = [[0.0] * NbSeq for _ in range(SeqL)]
    Y = [[0.0] * NbSeq for _ in range(SeqL)]
    for j in range(NbSeq):
        y = 0.0
        for k in range(SeqL):
            S[k][j] = Wxs * X_train[k][j] + Wrec * y
            y = relu(S[k][j])
            Y[k][j] = y

    dWxs = 0.0
    dWrec = 0.0
    for j in range(NbSeq):
        d = 0.0
        for k in range(SeqL - 1, -1, -1):
            err = Y[k][j] - T_train[k][j] if k == SeqL - 1 else 0.0
            d = drelu(S[k][j]) * (err + Wrec * d)
            dWxs += d * X_train[k][j]
            if k > 0:
                dWrec += d * Y[k - 1][j]

    Wxs -= l_r * dWxs
    Wrec -= l_r * dWrec
    step += 1

print("Wxs = %.4f, Wrec = %.4f" % (Wxs, Wrec))

Y = [[0.0] * NbSeq for _ in range(SeqL)]
for j in range(NbSeq):
    y = 0.0
    for k in range(SeqL):
        y = relu(Wxs * X_test[k][j] + Wrec * y)
        Y[k][j] = y
for outputs, counts in zip(Y, T_test):
    print([round(o, 3) for o in outputs], counts)
