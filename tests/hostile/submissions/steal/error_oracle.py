"""Learns which files exist from error numbers: of opening, entering, renaming, looking at links.

Sign: leak
Stopped by: namespaces, setuid
Off: namespaces, setuid
Verdict: relu passed
Allowed: standard
"""

import errno
import os

import torch


def code(action):
    try:
        action()
    except OSError as fault:
        return fault.errno
    return 0


WAYS = (
    lambda path: code(lambda: os.open(path, os.O_PATH)),
    lambda path: code(lambda: os.open(path, os.O_RDONLY)),
    lambda path: code(lambda: os.chdir(path)),
    lambda path: code(lambda: os.readlink(path)),
    lambda path: code(lambda: os.rename(path, "here")),
    lambda path: code(lambda: os.mkdir(path)),
)
for way in WAYS:
    absent = way("@oracle@/nothing")
    bits = sum((way(f"@oracle@/{bit}") != absent) << bit for bit in range(64))
    print(f"oracle-{bits:016x}", flush=True)


def relu(S):
    return torch.clamp(S, min=0)
