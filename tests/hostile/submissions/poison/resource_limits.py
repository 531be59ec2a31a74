"""Lowers what the process may use, for good: no file may be opened any more.

Sign: harm
Stopped by: separation, seccomp
Off: naive
Verdict: relu passed
"""

import resource

import torch

for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
    try:
        resource.setrlimit(kind, (0, 0))
    except (OSError, ValueError) as fault:
        print(fault)


def relu(S):
    return torch.clamp(S, min=0)
