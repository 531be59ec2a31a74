"""The model answer: a recurrent network with two scalar weights learns to count ones.

    s_k = Wxs x_k + Wrec y_{k-1}        y_k = ReLU(s_k)        y_{-1} = 0        k = 0 … SeqL-1
    L   = 1/2 sum over steps and sequences of (t_k - y_k)^2    t_k = x_0 + … + x_k

Matrices are time-major, (SeqL, NbSeq); a step X[k] is one row, all sequences side by side. Any
device, any float dtype.

Many starts can be trained as one: with X and T of shape (SeqL, 1, NbSeq) and weights of shape
(starts, 1), every line below broadcasts, and `sum_to_size` sums what belongs to one weight. The
shapes at the line ends are those of the exercise, scalar weights.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["bptt_gradients", "count_targets", "forward", "predict_counts", "relu", "relu_derivative", "train"]


def relu(S: Tensor) -> Tensor:
    """Return max(0, s), elementwise."""
    return S.clamp(min=0)


def relu_derivative(S: Tensor) -> Tensor:
    """Return 1 where s > 0 and 0 elsewhere; the kink at s = 0 counts as off."""
    return (S > 0).to(S.dtype)


def count_targets(X: Tensor) -> Tensor:
    """Count the ones seen so far: (SeqL, NbSeq)."""
    return X.cumsum(dim=0)


def forward(X: Tensor, Wxs: Tensor, Wrec: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pre-activations S and outputs Y, both (SeqL, NbSeq)."""
    S, Y = [], []
    y = torch.zeros_like(X[0])  # (NbSeq,)  y_{-1} = 0
    for x in X:
        s = Wxs * x + Wrec * y  # (NbSeq,)
        y = relu(s)  # (NbSeq,)
        S.append(s)
        Y.append(y)
    return torch.stack(S), torch.stack(Y)  # (SeqL, NbSeq) each


def bptt_gradients(X: Tensor, T: Tensor, Wxs: Tensor, Wrec: Tensor) -> tuple[Tensor, Tensor]:
    """Return (dL/dWxs, dL/dWrec), each shaped like its weight, by backpropagation through time.

    y_k reaches the loss directly and through s_{k+1}. So delta_k = dL/ds_k obeys

        delta_k = (y_k - t_k + Wrec delta_{k+1}) ReLU'(s_k)        delta_SeqL = 0

    and s_k = Wxs x_k + Wrec y_{k-1} gives dL/dWxs = sum delta_k x_k, dL/dWrec = sum delta_k y_{k-1}.
    """
    S, Y = forward(X, Wxs, Wrec)
    dWxs = torch.zeros_like(Wxs)  # ()
    dWrec = torch.zeros_like(Wrec)  # ()
    delta = torch.zeros_like(Y[0])  # (NbSeq,)  nothing comes back from beyond the last step
    for k in reversed(range(len(X))):
        delta = (Y[k] - T[k] + Wrec * delta) * relu_derivative(S[k])  # (NbSeq,)
        dWxs += (delta * X[k]).sum_to_size(Wxs.shape)  # ()
        if k > 0:  # y_{-1} = 0
            dWrec += (delta * Y[k - 1]).sum_to_size(Wrec.shape)  # ()
    return dWxs, dWrec


def train(
    X: Tensor, T: Tensor, Wxs: Tensor, Wrec: Tensor, l_r: float, n_iter: int
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Return (Wxs, Wrec, losses) after n_iter steps of gradient descent; losses[i] is L before update i.

    Both gradients are taken at the same weights, then both weights move.
    """
    losses = []
    for _ in range(n_iter):
        _, Y = forward(X, Wxs, Wrec)
        losses.append(((T - Y) ** 2 / 2).sum(dim=0).sum_to_size(Wxs.shape))  # ()
        dWxs, dWrec = bptt_gradients(X, T, Wxs, Wrec)
        Wxs = Wxs - l_r * dWxs
        Wrec = Wrec - l_r * dWrec
    return Wxs, Wrec, losses


def predict_counts(X: Tensor, Wxs: Tensor, Wrec: Tensor) -> Tensor:
    """Round the outputs to the nearest integer: (SeqL, NbSeq)."""
    _, Y = forward(X, Wxs, Wrec)
    return Y.round()
