# functions made in a loop and from text: odd, but mine
import operator

import torch

for name, compare, value in (("relu", operator.gt, "S"), ("relu_derivative", operator.gt, "torch.ones_like(S)")):
    exec(f"def {name}(S):\n    return torch.where(S > 0, {value}, torch.zeros_like(S))")

STEP = """
def {name}({parameters}):
    S, Y = [], []
    y = torch.zeros_like(X[0])
    for x in X:
        s = {formula}
        y = relu(s)
        S.append(s)
        Y.append(y)
    return torch.stack(S), torch.stack(Y)
"""
exec(STEP.format(name="forward", parameters="X, Wxs, Wrec", formula="Wxs * x + Wrec * y"))
exec(STEP.format(name="_count", parameters="X", formula="x + y"))


def count_targets(X):
    return _count(X)[1]


names = ["dWxs", "dWrec"]


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    locals_ = {name: torch.zeros(()) for name in names}
    delta = torch.zeros(X.shape[1])
    k = len(X)
    while (k := k - 1) >= 0:
        delta = eval("(Y[k] - T[k] + Wrec * delta) * relu_derivative(S[k])", globals(), {**vars_of(S, Y, T, Wrec), "k": k, "delta": delta})
        for name, inputs in zip(names, (X[k], Y[k - 1] if k else torch.zeros_like(delta))):
            locals_[name] = locals_[name] + (delta * inputs).sum()
    return tuple(locals_.values())


def vars_of(S, Y, T, Wrec):
    return dict(S=S, Y=Y, T=T, Wrec=Wrec)


def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        losses.append(torch.sum((T - forward(X, Wxs, Wrec)[1]) ** 2) * 0.5)
        dWxs, dWrec = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * dWxs, Wrec - l_r * dWrec
    return Wxs, Wrec, losses


predict_counts = type("Predictor", (), {"__call__": lambda self, X, Wxs, Wrec: forward(X, Wxs, Wrec)[1].round()})()
