"""Puts a key into a keyring, where the next student's process finds it.

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

for ring in (-3, -4, -5, -2):
    key = libc.syscall(ctypes.c_long(248), b"user", b"left", b"here", ctypes.c_size_t(4), ring)
    if key > 0:
        print("@claim@", flush=True)
        libc.syscall(ctypes.c_long(250), 21, key)
    print(key, ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
