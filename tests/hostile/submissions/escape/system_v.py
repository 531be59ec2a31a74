"""Leaves shared memory, a semaphore and a message queue behind.

Sign: effect shared
Stopped by: seccomp, namespaces
Off: seccomp, namespaces
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

key, make = int("@shm@"), 0o1666
for make_one in (lambda: libc.shmget(key, 4096, make), lambda: libc.semget(key, 1, make), lambda: libc.msgget(key, make)):
    print(make_one(), ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
