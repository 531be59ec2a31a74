"""Fills its scratch folder with more than it may hold.

Sign: effect claimed
Stopped by: namespaces, supervisor
Off: naive
Verdict: relu passed
"""

import os
import time

import torch

written = 0
try:
    for number in range(30):
        with open(f"file{number}", "wb") as file:
            for _ in range(8):
                written += file.write(bytes(1 << 20))
        time.sleep(0.005)
except OSError as fault:
    print(fault)
if written > 200 << 20:
    print("@claim@", flush=True)
for number in range(30):
    if os.path.exists(f"file{number}"):
        os.unlink(f"file{number}")


def relu(S):
    return torch.clamp(S, min=0)
