"""Numbers that carry their derivative along, made by hand."""
import torch

def relu(S):
    return torch.clamp(S, min=0)

def relu_derivative(S):
    return (S > 0).float()

def count_targets(X):
    return torch.cumsum(X, 0)

def forward(X, Wxs, Wrec):
    S = torch.zeros_like(X); Y = torch.zeros_like(X)
    y = torch.zeros(X.shape[1])
    for k in range(X.shape[0]):
        S[k] = Wxs * X[k] + Wrec * y
        y = relu(S[k]); Y[k] = y
    return S, Y

class Dual:
    __slots__ = ('v', 'a', 'b')
    def __init__(self, v, a=0., b=0.): self.v, self.a, self.b = v, a, b
    def __add__(self, o): return Dual(self.v + o.v, self.a + o.a, self.b + o.b)
    def __mul__(self, o): return Dual(self.v * o.v, self.a * o.v + self.v * o.a, self.b * o.v + self.v * o.b)
    def __sub__(self, o): return self + Dual(-o.v, -o.a, -o.b)
    def relu(self): return self if self.v > 0 else Dual(0.)
def bptt_gradients(X, T, Wxs, Wrec):
    wx, wr, L = Dual(float(Wxs), 1., 0.), Dual(float(Wrec), 0., 1.), Dual(0.)
    for xs, ts in zip(X.T.tolist(), T.T.tolist()):
        y = Dual(0.)
        for x, t in zip(xs, ts):
            y = (wx * Dual(x) + wr * y).relu()
            e = y - Dual(t)
            L = L + Dual(.5) * e * e
    return L.a, L.b

def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        losses.append(0.5 * ((T - forward(X, Wxs, Wrec)[1]) ** 2).sum())
        gx, gr = bptt_gradients(X, T, Wxs, Wrec)
        Wxs = Wxs - l_r * gx
        Wrec = Wrec - l_r * gr
    return Wxs, Wrec, losses

def predict_counts(X, Wxs, Wrec):
    return torch.round(forward(X, Wxs, Wrec)[1])
