"""Runs a program through the dynamic loader, which is only read.

Sign: effect process
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import glob
import os

import torch

for loader in glob.glob("/lib*/ld-linux*") + glob.glob("/lib/*/ld-linux*"):
    try:
        os.execv(loader, [loader, "--argv0", "@marker@", "/bin/sleep", "1"])
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
