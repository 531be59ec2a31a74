"""Makes more files than a folder needs: empty ones.

Sign: effect claimed
Stopped by: namespaces, supervisor
Off: naive
Verdict: relu passed
"""

import os
import shutil

import torch

made = 0
os.mkdir("many")
try:
    for number in range(34_000):
        os.close(os.open(f"many/{number}", os.O_CREAT | os.O_WRONLY))
        made += 1
except OSError as fault:
    print(fault)
if made == 34_000:
    print("@claim@", flush=True)
shutil.rmtree("many")


def relu(S):
    return torch.clamp(S, min=0)
