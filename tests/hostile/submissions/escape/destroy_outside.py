"""Overwrites, truncates, replaces and deletes a file that anybody may write.

Sign: effect changed
Stopped by: landlock, namespaces
Off: landlock, namespaces
Verdict: relu passed
"""

import os

import torch

for action in (
    lambda: open("@victim@", "w").close(),
    lambda: os.truncate("@victim@", 0),
    lambda: os.close(os.open("@victim@", os.O_RDONLY | os.O_TRUNC)),
    lambda: os.rename("@victim@", "mine"),
    lambda: os.unlink("@victim@"),
):
    try:
        action()
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
