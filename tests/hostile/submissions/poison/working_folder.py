"""Leaves the process in another folder, where nothing can be written.

Sign: harm
Stopped by: separation
Off: naive
Verdict: relu passed
"""

import os

import torch

os.chdir("/sys" if os.path.isdir("/sys") else "/")


def relu(S):
    return torch.clamp(S, min=0)
