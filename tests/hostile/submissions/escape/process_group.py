"""Ends its whole process group at once, the template with it.

Sign: harm
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import os

import torch

try:
    os.killpg(0, 9)
except OSError as fault:
    print(fault, flush=True)
try:
    if os.getpgrp() not in (0, 1):
        os.kill(-os.getpgrp(), 9)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
