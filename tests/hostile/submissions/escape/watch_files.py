"""Watches a folder of the grader's for what happens there, by inotify, of which Landlock knows nothing.

Sign: effect claimed
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

watcher = libc.inotify_init1(0)
if watcher >= 0 and libc.inotify_add_watch(watcher, b"@outside@", 0xFFF) >= 0:
    print("@claim@", flush=True)
print(watcher, ctypes.get_errno(), flush=True)


def relu(S):
    return torch.clamp(S, min=0)
