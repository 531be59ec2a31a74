"""Leaves a process behind that has its own session and no parent.

Sign: effect survivor
Stopped by: seccomp, supervisor
Off: naive
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"@marker@", 0, 0, 0)
            os.closerange(0, 100)
            time.sleep(20)
        os._exit(0)
    time.sleep(0.1)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
