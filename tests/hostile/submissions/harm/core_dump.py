"""Leaves a core dump: all its memory, on disk.

Sign: effect claimed
Stopped by: rlimits, namespaces
Off: naive
Verdict: relu passed
"""

import os
import resource

import torch

try:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("@claim@", flush=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
except (OSError, ValueError) as fault:
    print(fault)


def relu(S):
    return torch.clamp(S, min=0)
