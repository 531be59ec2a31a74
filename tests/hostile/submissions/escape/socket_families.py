"""Asks for a socket of every family: what is not refused lets it at the kernel's code for it, or has modules loaded.

Sign: effect claimed
Stopped by: seccomp
Off: seccomp
Verdict: relu passed
"""

import errno
import socket

import torch

reached = []
for family in range(46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind).close()
            reached.append((family, kind))
        except OSError as fault:
            if fault.errno not in (errno.EPERM, errno.EACCES):
                reached.append((family, kind))
if reached:
    print("@claim@", reached, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
