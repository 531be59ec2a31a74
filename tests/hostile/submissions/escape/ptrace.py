"""Takes hold of a process of the same user as a debugger does.

Sign: effect signal
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

ATTACH = 16
print(libc.ptrace(ATTACH, int("@canary_pid@"), None, None), ctypes.get_errno(), flush=True)
time.sleep(0.3)


def relu(S):
    return torch.clamp(S, min=0)
