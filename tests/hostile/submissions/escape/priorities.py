"""Makes another process of the same user slow: its priority, its processors, its policy.

Sign: effect limits
Stopped by: seccomp, namespaces
Off: seccomp, namespaces, setuid
Verdict: relu passed
"""

import os

import torch

for action in (
    lambda: os.setpriority(os.PRIO_PROCESS, int("@canary_pid@"), 19),
    lambda: os.sched_setscheduler(int("@canary_pid@"), os.SCHED_IDLE, os.sched_param(0)),
    lambda: os.sched_setaffinity(int("@canary_pid@"), {0}),
):
    try:
        action()
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
