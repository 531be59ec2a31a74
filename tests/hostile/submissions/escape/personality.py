"""Switches off the randomness of addresses and makes its memory executable.

Sign: effect claimed
Stopped by: seccomp
Off: seccomp
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

if libc.personality(ctypes.c_ulong(0x0040000)) >= 0:
    print("@claim@", flush=True)
print(ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
