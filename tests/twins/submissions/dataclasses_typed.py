from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor


class States(NamedTuple):
    S: Tensor
    Y: Tensor


class Gradients(NamedTuple):
    dWxs: Tensor
    dWrec: Tensor


@dataclass(frozen=True)
class Weights:
    wxs: Tensor
    wrec: Tensor

    def moved(self, gradients: Gradients, rate: float) -> Weights:
        return Weights(self.wxs - rate * gradients.dWxs, self.wrec - rate * gradients.dWrec)


@dataclass
class Trainer:
    inputs: Tensor
    targets: Tensor
    rate: float
    losses: list[float] = field(default_factory=list)

    def step(self, weights: Weights) -> Weights:
        residual = self.targets - forward(self.inputs, weights.wxs, weights.wrec).Y
        self.losses.append(0.5 * residual.pow(2).sum().item())
        return weights.moved(bptt_gradients(self.inputs, self.targets, weights.wxs, weights.wrec), self.rate)


def relu(S: Tensor) -> Tensor:
    return S.relu()


def relu_derivative(S: Tensor) -> Tensor:
    return S.gt(0.0).float()


def count_targets(X: Tensor) -> Tensor:
    return X.cumsum(dim=0)


def forward(X: Tensor, Wxs: Tensor, Wrec: Tensor) -> States:
    pre: list[Tensor] = []
    out: list[Tensor] = []
    for k, x in enumerate(X):
        pre.append(Wxs * x + (Wrec * out[k - 1] if k else 0.0))
        out.append(relu(pre[k]))
    return States(torch.stack(pre), torch.stack(out))


def bptt_gradients(X: Tensor, T: Tensor, Wxs: Tensor, Wrec: Tensor) -> Gradients:
    states = forward(X, Wxs, Wrec)
    total = Gradients(X.new_zeros(()), X.new_zeros(()))
    delta = X.new_zeros(X.shape[1])
    for k in range(X.shape[0] - 1, -1, -1):
        delta = relu_derivative(states.S[k]) * (states.Y[k] - T[k] + Wrec * delta)
        before = states.Y[k - 1] if k else torch.zeros_like(delta)
        total = Gradients(total.dWxs + delta @ X[k], total.dWrec + delta @ before)
    return total


def train(X: Tensor, T: Tensor, Wxs: Tensor, Wrec: Tensor, l_r: float, n_iter: int) -> tuple[Tensor, Tensor, list[float]]:
    trainer = Trainer(X, T, l_r)
    weights = Weights(Wxs, Wrec)
    for _ in range(n_iter):
        weights = trainer.step(weights)
    return weights.wxs, weights.wrec, trainer.losses


def predict_counts(X: Tensor, Wxs: Tensor, Wrec: Tensor) -> Tensor:
    return forward(X, Wxs, Wrec).Y.round()
