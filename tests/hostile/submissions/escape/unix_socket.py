"""Knocks at a socket that has a path: a container engine's, or a display's.

Sign: effect unix
Stopped by: seccomp, namespaces
Off: seccomp, namespaces, setuid
Verdict: relu passed
"""

import os
import socket

import torch

try:
    with socket.socket(socket.AF_UNIX) as sender:
        sender.connect("@unix@")
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
