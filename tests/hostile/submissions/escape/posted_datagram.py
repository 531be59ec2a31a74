"""Posts to a socket's path from one of a pair, which needs no socket call.

Sign: effect datagram
Stopped by: seccomp, namespaces
Off: seccomp, namespaces
Verdict: relu passed
"""

import os
import socket

import torch

try:
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pair[0].sendto(b"hello", "@datagram@")
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
