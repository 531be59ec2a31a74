"""Runs a shell that writes a file.

Sign: effect file
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import os
import subprocess

import torch

print(os.system("echo hello > @outside@/by_system"), flush=True)
try:
    subprocess.run("echo hello > @outside@/by_subprocess", shell=True, check=False)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
