"""Asks for the kernel's program loader; any answer but a refusal came from there.

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

if libc.syscall(ctypes.c_long(321), 9999, None, 0) >= 0 or ctypes.get_errno() != 1:
    print("@claim@", flush=True)
print(ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
