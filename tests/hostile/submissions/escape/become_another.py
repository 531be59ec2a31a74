"""Becomes another user or gains capabilities.

Sign: effect claimed
Stopped by: seccomp, namespaces
Off: naive
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

for action in (lambda: os.setgroups([0]), lambda: os.setresuid(1, 1, 1), lambda: os.setresgid(1, 1, 1)):
    try:
        action()
        print("@claim@", flush=True)
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
