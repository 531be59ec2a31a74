"""Sends with the first packet of a connection, without the call that connects.

Sign: effect tcp
Stopped by: seccomp, namespaces
Off: seccomp, namespaces
Verdict: relu passed
"""

import os
import socket

import torch

try:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sender:
        sender.sendto(b"hello", socket.MSG_FASTOPEN, ("127.0.0.1", int("@tcp@")))
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
