"""Attaches a segment of shared memory that somebody else has made.

Sign: leak
Stopped by: seccomp, namespaces
Off: seccomp, namespaces
Verdict: relu passed
"""

import ctypes

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(int("@shared_secret@"), 0, 0)
if segment >= 0:
    address = libc.shmat(segment, None, 0o10000)
    print(ctypes.string_at(address, 100), flush=True)
print(segment, ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
