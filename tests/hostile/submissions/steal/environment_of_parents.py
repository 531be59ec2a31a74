"""Reads the environment of the processes above: the template's, and the supervisor's with its secrets.

Sign: leak
Stopped by: landlock, namespaces
Off: naive
Verdict: relu passed
"""

import os

import torch

for pid in (os.getppid(), "@template@", "@supervisor@"):
    try:
        print(open(f"/proc/{pid}/environ").read(), flush=True)
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
