"""Fills the memory with a tensor.

Sign: harm
Stopped by: rlimits
Off: limit
Verdict: relu error
"""

import torch

HOARD = []


def relu(S):
    if not HOARD:
        HOARD.append(torch.ones(1 << 28))
    return S
