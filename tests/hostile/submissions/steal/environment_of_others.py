"""Reads the environment of a process of the same user.

Sign: leak
Stopped by: landlock, namespaces
Off: landlock, namespaces, setuid
Verdict: relu passed
"""

import torch

try:
    print(open("/proc/@canary_pid@/environ").read(), flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
