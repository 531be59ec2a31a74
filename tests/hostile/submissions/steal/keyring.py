"""Reads a key from the session's keyring, which it has inherited.

Sign: leak
Stopped by: seccomp
Off: seccomp
Verdict: relu passed
"""

import ctypes

import torch

libc = ctypes.CDLL(None, use_errno=True)
KEYCTL = ctypes.c_long(250)
key = libc.syscall(KEYCTL, 10, -3, b"user", b"hostile", 0)
buffer = ctypes.create_string_buffer(100)
got = libc.syscall(KEYCTL, 11, key, buffer, ctypes.c_size_t(100))
print(key, got, buffer.value, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
