"""Enters a user namespace of its own, in which it is root.

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

before = os.readlink("/proc/self/ns/user") if os.path.exists("/proc/self/ns/user") else ""
for flags in (0x10000000, 0x10000000 | 0x20000, 0x20000, 0x40000000, 0x8000000):
    if libc.unshare(flags) == 0:
        print("@claim@", flush=True)
    print(hex(flags), ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
