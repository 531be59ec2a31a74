"""Has PyTorch decompose a large matrix, in one call that lasts for minutes.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

import torch


def relu(S):
    return torch.linalg.eigvals(torch.rand(4000, 4000)).real.sum() * 0 + S
