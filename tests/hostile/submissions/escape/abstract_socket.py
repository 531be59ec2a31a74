"""Knocks at a socket that has no path, only a name.

Sign: effect abstract
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces
Verdict: relu passed
"""

import os
import socket

import torch

try:
    with socket.socket(socket.AF_UNIX) as sender:
        sender.connect("\0@abstract@")
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
