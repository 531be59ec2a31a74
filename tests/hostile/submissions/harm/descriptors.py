"""Opens files until there are no more descriptors, and keeps them.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu passed
"""

import os

import torch

HELD = []
try:
    while len(HELD) < 1 << 20:
        HELD.append(os.open("/dev/null", os.O_RDONLY))
except OSError as fault:
    print(fault)


def relu(S):
    return torch.clamp(S, min=0)
