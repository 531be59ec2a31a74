"""Ends another process of the same user, by each call that sends signals.

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

victim, kill = int("@canary_pid@"), 9
try:
    os.kill(victim, kill)
except OSError as fault:
    print(fault, flush=True)
print(libc.syscall(ctypes.c_long(234), victim, victim, kill), flush=True)
print(libc.syscall(ctypes.c_long(200), victim, kill), flush=True)
information = ctypes.create_string_buffer(128)
ctypes.memmove(information, (kill).to_bytes(4, "little") + bytes(4) + (0xFFFFFFFF).to_bytes(4, "little"), 12)
print(libc.syscall(ctypes.c_long(129), victim, kill, information), flush=True)
pidfd = libc.syscall(ctypes.c_long(434), victim, 0)
print(libc.syscall(ctypes.c_long(424), pidfd, kill, None, 0), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
