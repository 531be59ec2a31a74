"""Has the kernel send a signal to another process: it becomes the owner of a pipe.

Sign: effect signal
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces, setuid
Verdict: relu passed
"""

import fcntl
import os
import signal
import socket
import struct
import time

import torch

F_SETSIG = 10
try:
    here, there = socket.socketpair()
    try:
        fcntl.fcntl(here, fcntl.F_SETOWN, int("@canary_pid@"))
        fcntl.fcntl(here, F_SETSIG, signal.SIGKILL)
    except OSError:
        fcntl.ioctl(here, 0x8901, struct.pack("i", int("@canary_pid@")))
    fcntl.fcntl(here, fcntl.F_SETFL, fcntl.fcntl(here, fcntl.F_GETFL) | os.O_ASYNC)
    there.send(b"x")
    time.sleep(0.1)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
