"""Forks a process that goes on by itself.

Sign: effect process
Stopped by: seccomp
Off: seccomp
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

try:
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"@marker@", 0, 0, 0)
        time.sleep(0.5)
        os._exit(0)
    time.sleep(0.2)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
