"""Holds more on disk than it may, in files that have no name any more, open or only mapped.

Sign: effect claimed
Stopped by: namespaces, seccomp, supervisor
Off: namespaces, seccomp
Verdict: relu passed|error
"""

import mmap
import os
import time

import torch

held = []


def hold(numbers):
    for number in numbers:
        file = open(f"held{number}", "w+b", buffering=0)
        os.unlink(f"held{number}")
        if os.fstat(file.fileno()).st_nlink:
            raise OSError("it still has a name")
        for _ in range(8):
            file.write(bytes(1 << 20))
        if number % 2:
            held.append(file)
        else:
            held.append(mmap.mmap(file.fileno(), 8 << 20))
            file.close()
        time.sleep(0.02)


hold(range(5))
hold(range(5, 10))
hold(range(10, 15))
if len(held) == 15:
    print("@claim@", flush=True)
held.clear()


def relu(S):
    return torch.clamp(S, min=0)
