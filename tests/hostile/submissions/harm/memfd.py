"""Holds memory in files that lie nowhere, where no limit counts it.

Sign: effect claimed
Stopped by: seccomp, rlimits
Off: seccomp, rlimits
Verdict: relu passed
"""

import os

import torch

HELD = []


def relu(S):
    if not HELD:
        try:
            while sum(HELD) < 48 << 20:
                fd = os.memfd_create(f"hoard{len(HELD)}")
                HELD.append(os.write(fd, bytes(1 << 24)))
            print("@claim@", flush=True)
        except OSError as fault:
            HELD.append(0)
            print(fault)
    return torch.clamp(S, min=0)
