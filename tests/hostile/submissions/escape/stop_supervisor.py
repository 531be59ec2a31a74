"""Stops the supervisor's clock and limits: sets its resource limits, so that it falls over.

Sign: effect limits
Stopped by: seccomp, namespaces
Off: seccomp, namespaces, setuid
Verdict: relu passed
"""

import resource

import torch

try:
    resource.prlimit(int("@canary_pid@"), resource.RLIMIT_NOFILE, (0, 0))
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
