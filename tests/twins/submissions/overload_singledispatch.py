"""One name, several functions by the type of what comes."""
from __future__ import annotations
from typing import NamedTuple, overload, Final, Protocol, TypeVar
from functools import singledispatch
import numpy as np
import torch
Num = TypeVar("Num", float, torch.Tensor)
class Gradients(NamedTuple):
    dWxs: torch.Tensor
    dWrec: torch.Tensor
class States(NamedTuple):
    S: torch.Tensor
    Y: torch.Tensor
    @property
    def loss(self): return None
class Fit(NamedTuple):
    Wxs: torch.Tensor
    Wrec: torch.Tensor
    losses: list

@singledispatch
def relu(S):
    raise TypeError(type(S))
@relu.register
def _(S: float):
    return max(0.0, S)
@relu.register(torch.Tensor)
def _(S):
    return S.clamp_min(0)
@relu.register
def _(S: np.ndarray):
    return np.maximum(S, 0)
@overload
def relu_derivative(S: float) -> float: ...
@overload
def relu_derivative(S: torch.Tensor) -> torch.Tensor: ...
def relu_derivative(S):
    return torch.heaviside(torch.as_tensor(S), torch.tensor(0.0))

def count_targets(X):
    return torch.cumsum(X, 0)

def forward(X, Wxs, Wrec):
    S = torch.zeros_like(X); Y = torch.zeros_like(X)
    y = torch.zeros(X.shape[1])
    for k in range(X.shape[0]):
        S[k] = Wxs * X[k] + Wrec * y
        y = relu(S[k]); Y[k] = y
    return States(S, Y)

def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    d = torch.zeros(X.shape[1]); gx = torch.tensor(0.); gr = torch.tensor(0.)
    for k in range(X.shape[0] - 1, -1, -1):
        d = relu_derivative(S[k]) * (Y[k] - T[k] + Wrec * d)
        gx += (d * X[k]).sum()
        if k: gr += (d * Y[k - 1]).sum()
    return Gradients(dWrec=gr, dWxs=gx)

def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        losses.append(0.5 * ((T - forward(X, Wxs, Wrec)[1]) ** 2).sum())
        gx, gr = bptt_gradients(X, T, Wxs, Wrec)
        Wxs = Wxs - l_r * gx
        Wrec = Wrec - l_r * gr
    return Fit(Wxs, Wrec, losses)

def predict_counts(X, Wxs, Wrec):
    return torch.round(forward(X, Wxs, Wrec)[1])
