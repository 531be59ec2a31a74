"""Calls the host of this virtual machine.

Sign: effect claimed
Stopped by: seccomp
Off: seccomp
Verdict: relu passed
"""

import os
import socket

import torch

try:
    with socket.socket(40, socket.SOCK_STREAM) as sender:
        print("@claim@", sender, flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
