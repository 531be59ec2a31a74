# RNN counter, training stops by itself
import numpy as np

N_STEPS: int = 5
N_SEQ: int = 4
rng = np.random.RandomState(290)

X: np.ndarray = rng.binomial(1, 0.5, (N_STEPS, N_SEQ)).astype(np.float32)
X_new = rng.binomial(1, 0.5, (N_STEPS, N_SEQ)).astype(np.float32)


def counts(bits):
    out = np.zeros_like(bits)
    running = 0
    for i, row in enumerate(bits):
        running = running + row
        out[i] = running
    return out


T = counts(X)

w_x = np.zeros(1, dtype=np.float32)
w_r = np.zeros(1, dtype=np.float32)
w_x[0] = 2 * rng.rand()
w_r[0] = 2 * rng.rand()
step_size = 0.001


def relu(a):
    return np.where(a > 0, a, 0).astype(np.float32)


tries = 0
while True:
    tries += 1
    # run the net
    pre = np.zeros((N_STEPS, N_SEQ), dtype=np.float32)
    hid = np.zeros((N_STEPS, N_SEQ), dtype=np.float32)
    for i in range(N_STEPS):
        pre[i] = w_x[0] * X[i]
        if i > 0:
            pre[i] += w_r[0] * hid[i - 1]
        hid[i] = relu(pre[i])

    # gradient, last step first; pre > 0 is the derivative of relu
    g_x = g_r = np.float32(0)
    carry = np.zeros(N_SEQ, dtype=np.float32)
    for i in range(N_STEPS)[::-1]:
        carry = (hid[i] - T[i]) * (pre[i] > 0)
        g_x += carry @ X[i]
        g_r += carry @ hid[i - 1] if i > 0 else 0

    w_x[0] -= step_size * g_x
    w_r[0] -= step_size * g_r

    cost = ((hid - T) ** 2).sum() / 2
    if tries % 100 == 0:
        print("try", tries, "cost", cost)
    if cost < 1e-5 or tries >= 1000:
        break

print("weights:", w_x, w_r, "after", tries)
T_new = counts(X_new)
guess = np.zeros((N_STEPS, N_SEQ), dtype=np.float32)
for i in range(N_STEPS):
    guess[i] = relu(w_x[0] * X_new[i] + (w_r[0] * guess[i - 1] if i > 0 else 0))
print(guess)
print("worst error", abs(guess - T_new).max())
