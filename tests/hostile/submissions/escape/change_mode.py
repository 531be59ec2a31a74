"""Changes mode, owner and time of a file of the same user, which Landlock lets pass.

Sign: effect changed
Stopped by: seccomp, namespaces
Off: seccomp, namespaces, setuid
Verdict: relu passed
"""

import ctypes
import os
import time

import torch

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

for action in (
    lambda: os.chmod("@victim@", 0o644),
    lambda: os.chown("@victim@", os.getuid(), os.getgid()),
    lambda: os.utime("@victim@", (0, 0)),
    lambda: os.setxattr("@victim@", "user.mine", b"1"),
):
    try:
        print(action(), flush=True)
    except OSError as fault:
        print(fault, flush=True)
print(libc.syscall(ctypes.c_long(452), -100, b"@victim@", 0o600, 0), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
