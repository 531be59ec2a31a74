"""Train the counter: fit() holds the loop, main() the rest."""
import numpy as np


def relu(z):
    return np.clip(z, 0, None)


def relu_grad(z):
    return (z > 0).astype(z.dtype)


def fit(X, T, Wxs, Wrec, l_r=0.001, n_iter=1000):
    SeqL, NbSeq = X.shape
    for i in range(n_iter):
        S = np.zeros((SeqL, NbSeq), dtype=X.dtype)
        Y = np.zeros((SeqL, NbSeq), dtype=X.dtype)
        for k in range(SeqL):
            S[k] = Wxs * X[k] + (Wrec * Y[k - 1] if k > 0 else 0)
            Y[k] = relu(S[k])

        gx, gr = 0.0, 0.0
        delta = np.zeros(NbSeq, dtype=X.dtype)
        for k in range(SeqL)[::-1]:
            delta = (Y[k] - T[k] + Wrec * delta) * relu_grad(S[k])
            gx += float((delta * X[k]).sum()) / SeqL
            if k > 0:
                gr += float((delta * Y[k - 1]).sum()) / SeqL
        Wxs = Wxs - l_r * gx
        Wrec = Wrec - l_r * gr
        if i % 100 == 0:
            print("iteration", i, "loss", 0.5 * ((T - Y) ** 2).sum())
    return Wxs, Wrec


def main():
    rng = np.random.RandomState(30)
    SeqL, NbSeq = 5, 4
    X_train = rng.randint(0, 2, size=(SeqL, NbSeq)).astype(np.float32)
    X_test = rng.randint(0, 2, size=(SeqL, NbSeq)).astype(np.float32)
    T_train = np.cumsum(X_train, axis=0)
    T_test = np.cumsum(X_test, axis=0)

    w1 = rng.uniform(0, 2)
    w2 = rng.uniform(0, 2)
    w1, w2 = fit(X_train, T_train, w1, w2)
    print("weights", w1, w2)

    state = np.zeros(NbSeq)
    Y_test = np.zeros((SeqL, NbSeq))
    for k in range(SeqL):
        state = relu(w1 * X_test[k] + w2 * state)
        Y_test[k] = state
    print(Y_test)
    print(T_test)


if __name__ == "__main__":
    main()
