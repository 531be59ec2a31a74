# counting network (numpy)
import numpy as np

np.random.seed(120)
length, batch = 6, 2
bits = (np.random.rand(length, batch) > 0.4).astype(np.float64)
new_bits = (np.random.rand(length, batch) > 0.4).astype(np.float64)
goal = bits.cumsum(0)
new_goal = new_bits.cumsum(0)

alpha = 2 * np.random.rand()  # input -> state
beta = 2 * np.random.rand()  # state -> state
eta = 0.001

for round_ in range(900):
    pre = np.zeros_like(bits)
    act = np.zeros_like(bits)
    for t in range(length):
        pre[t] = alpha * bits[t]
        if t > 0:
            pre[t] += beta * act[t - 1]
        act[t] = np.maximum(0, pre[t])

    miss = 0.5 * (act - goal)
    signal = np.zeros_like(bits)
    for t in range(length - 1, -1, -1):
        signal[t] = miss[t]
        if t < length - 1:
            signal[t] += beta * signal[t + 1]
        signal[t] *= pre[t] > 0

    slope_alpha = (signal * bits).sum()
    slope_beta = (signal[1:] * act[:-1]).sum()
    alpha = alpha - eta * slope_alpha
    beta = beta - eta * slope_beta

    if round_ % 300 == 0:
        print(round_, 2 * (miss**2).sum())

print("alpha", alpha, "beta", beta)
out = np.zeros_like(new_bits)
for t in range(length):
    out[t] = np.maximum(0, alpha * new_bits[t] + (beta * out[t - 1] if t else 0))
print(out)
print(new_goal)
