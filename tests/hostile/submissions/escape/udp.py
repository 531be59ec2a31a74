"""Sends a datagram.

Sign: effect udp
Stopped by: seccomp, namespaces
Off: seccomp, namespaces
Verdict: relu passed
"""

import os
import socket

import torch

try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"hello", ("127.0.0.1", int("@udp@")))
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
