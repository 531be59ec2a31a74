"""Makes a process with the bare calls that fork is made of: clone, clone3, vfork.

Sign: effect process
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


def live_on():
    libc.prctl(15, b"@marker@", 0, 0, 0)
    time.sleep(0.5)
    os._exit(0)


SIGCHLD = 17
arguments = (ctypes.c_ulonglong * 8)(0, 0, 0, 0, SIGCHLD, 0, 0, 0)
for call in ((56, SIGCHLD, 0, 0, 0, 0), (435, arguments, ctypes.c_size_t(64)), (56, SIGCHLD | 0x8000, 0, 0, 0, 0)):
    got = libc.syscall(ctypes.c_long(call[0]), *call[1:])
    if got == 0:
        live_on()
    print(call[0], got, ctypes.get_errno(), flush=True)
time.sleep(0.2)


def relu(S):
    return torch.clamp(S, min=0)
