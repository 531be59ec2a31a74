"""Replaces itself by another program.

Sign: effect process
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import os

import torch

for program in ("/bin/sleep", "/usr/bin/sleep"):
    try:
        os.execv(program, ["@marker@", "1"])
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
