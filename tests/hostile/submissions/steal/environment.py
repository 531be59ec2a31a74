"""Prints the environment: tokens of the course's platform are often there.

Sign: leak
Stopped by: separation
Off: naive
Verdict: relu passed
"""

import ctypes
import os

import torch

print(dict(os.environ), flush=True)
ctypes.CDLL(None).getenv.restype = ctypes.c_char_p
print(ctypes.CDLL(None).getenv(b"@env_name@"), flush=True)
try:
    print(open("/proc/self/environ").read(), flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
