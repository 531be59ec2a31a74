"""Mounts a file system over a folder, or changes its root.

Sign: effect claimed
Stopped by: seccomp, landlock, namespaces
Off: naive
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

os.makedirs("here", exist_ok=True)
for call in (
    lambda: libc.mount(b"tmpfs", b"here", b"tmpfs", 0, None),
    lambda: libc.chroot(b"here"),
    lambda: libc.syscall(ctypes.c_long(155), b"here", b"here"),
    lambda: libc.syscall(ctypes.c_long(430), b"tmpfs", 0),
    lambda: libc.syscall(ctypes.c_long(428), -100, b"/", 1),
):
    if call() >= 0:
        print("@claim@", flush=True)
        libc.umount2(b"here", 2)
        break
    print(ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
