"""Reads from the start whatever descriptors it was born with.

Sign: leak
Stopped by: separation
Off: naive
Verdict: relu passed
"""

import os

import torch

for fd in range(256):
    try:
        print(fd, os.pread(fd, 4096, 0), flush=True)
    except OSError:
        pass


def relu(S):
    return torch.clamp(S, min=0)
