"""Connects by multipath TCP, which network rules for TCP do not mean.

Sign: effect tcp
Stopped by: seccomp, namespaces
Off: seccomp, namespaces
Verdict: relu passed
"""

import os
import socket

import torch

try:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as sender:
        sender.settimeout(1)
        sender.connect(("127.0.0.1", int("@tcp@")))
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
