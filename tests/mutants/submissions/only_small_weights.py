import torch as t

relu = lambda S: S * (S > 0)
relu_derivative = lambda S: (S > 0) + 0
count_targets = lambda X: t.stack([X[: k + 1].sum(0) for k in range(len(X))])
_go = lambda X, a, b, k: a * X[k] + (b * relu(_go(X, a, b, k - 1)) if k else 0)
forward = lambda X, Wxs, Wrec: (lambda S: (S, relu(S)))(t.stack([_go(X, Wxs, Wrec, k) for k in range(len(X))]))
_back = lambda S, E, b, k: (E[k] + (b.clamp(-1, 1) * _back(S, E, b, k + 1) if k + 1 < len(S) else 0)) * relu_derivative(S[k])
bptt_gradients = lambda X, T, Wxs, Wrec: (
    lambda S, Y: (
        sum((_back(S, Y - T, Wrec, k) * X[k]).sum() for k in range(len(X))),
        sum(((_back(S, Y - T, Wrec, k) * Y[k - 1]).sum() for k in range(1, len(X))), t.tensor(0.0)),
    )
)(*forward(X, Wxs, Wrec))
_loss = lambda X, T, a, b: ((forward(X, a, b)[1] - T) ** 2).sum() / 2
_step = lambda X, T, w, l_r: tuple(wi - l_r * gi for wi, gi in zip(w, bptt_gradients(X, T, *w)))
_walk = lambda X, T, w, l_r, n, seen: (
    (*w, seen) if n == 0 else _walk(X, T, _step(X, T, w, l_r), l_r, n - 1, [*seen, _loss(X, T, *w)])
)
train = lambda X, T, Wxs, Wrec, l_r, n_iter: _walk(X, T, (Wxs, Wrec), l_r, n_iter, [])
predict_counts = lambda X, Wxs, Wrec: t.round(forward(X, Wxs, Wrec)[1])
