"""Connects to a server: to send out the inputs, or to fetch an answer.

Sign: effect tcp
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces
Verdict: relu passed
"""

import os
import socket

import torch

try:
    socket.create_connection(("127.0.0.1", int("@tcp@")), timeout=1).close()
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
