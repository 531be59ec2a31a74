"""Opens its own process to debuggers of the same user again, and weakens what else a process can say of itself.

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

DUMPABLE, DEATH_SIGNAL, SECCOMP, PTRACER, SUBREAPER = 4, 1, 22, 0x59616D61, 36
for option, value in ((DUMPABLE, 1), (DEATH_SIGNAL, 0), (SUBREAPER, 1)):
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0:
        print("@claim@", flush=True)
    print(option, ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
