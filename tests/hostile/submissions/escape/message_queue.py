"""Makes a message queue that outlives it, in memory that counts for nobody.

Sign: effect claimed
Stopped by: seccomp, rlimits, landlock, namespaces
Off: seccomp, rlimits, landlock
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

queue = libc.syscall(ctypes.c_long(240), b"@marker@", 0o102, 0o600, None)
print(queue, ctypes.get_errno(), flush=True)
if queue >= 0:
    libc.syscall(ctypes.c_long(241), b"@marker@")
    print("@claim@", flush=True)


def relu(S):
    return torch.clamp(S, min=0)
