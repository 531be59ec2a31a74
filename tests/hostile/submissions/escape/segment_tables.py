"""Changes the processor's segment tables, an old way into kernels.

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

if libc.syscall(ctypes.c_long(154), 0, ctypes.create_string_buffer(64), ctypes.c_size_t(64)) >= 0:
    print("@claim@", flush=True)
print(ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
