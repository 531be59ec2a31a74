"""Asks the kernel for the machine's network interfaces and processes.

Sign: effect claimed
Stopped by: seccomp
Off: seccomp
Verdict: relu passed
"""

import os
import socket

import torch

try:
    with socket.socket(16, socket.SOCK_RAW, 0) as link:
        link.bind((0, 0))
        link.send(bytes.fromhex("14000000120001030100000000000000") + bytes(4))
        if link.recv(4096):
            print("@claim@", flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
