# %% [markdown]
# # Counting ones
# Exported from my editor, with cells.

# %%
import torch

device = "cuda" if torch.cuda.is_available() else "cpu"

# %% activations
@torch.no_grad()
def relu(S):
    return torch.nn.ReLU()(S)


@torch.no_grad()
def relu_derivative(S):
    return (torch.nn.ReLU()(S) != 0).float()


# %% targets and forward pass
@torch.no_grad()
def count_targets(X: "torch.Tensor") -> "torch.Tensor":
    return X.cumsum(axis=0)


@torch.no_grad()
def forward(X, Wxs, Wrec):
    S, Y = torch.empty_like(X), torch.empty_like(X)
    for k in range(len(X)):
        torch.mul(X[k], Wxs, out=S[k])
        if k:
            S[k].add_(Y[k - 1] * Wrec)
        Y[k] = relu(S[k])
    return S, Y


# %% backward pass
@torch.inference_mode()
def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    D = relu_derivative(S)
    G = Y - T
    for k in range(len(X) - 1, 0, -1):
        G[k - 1] += Wrec * D[k] * G[k]
    G *= D
    return (G * X).sum(), (G * Y).sum()


# %%
@torch.no_grad()
def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for i in range(n_iter):
        losses.append(float(((T - forward(X, Wxs, Wrec)[1]) ** 2).sum()) / 2)
        g = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * g[0], Wrec - l_r * g[1]
        if i % 100 == 0:
            print(f"{i:5d}  loss {losses[-1]:.4f}")
    return Wxs, Wrec, losses


@torch.no_grad()
def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1].round()


# %% try it
X_try = torch.round(torch.rand(5, 4))
print(train(X_try, count_targets(X_try), torch.tensor(0.7), torch.tensor(0.8), 1e-3, 3))
