"""Writes a file in a folder that anybody may write.

Sign: effect file
Stopped by: landlock, namespaces
Off: landlock, namespaces
Verdict: relu passed
"""

import os

import torch

for action in (
    lambda: open("@outside@/new", "w").close(),
    lambda: os.mkdir("@outside@/folder"),
    lambda: os.link("@victim@", "@outside@/link"),
    lambda: os.mknod("@outside@/pipe", 0o10600),
):
    try:
        action()
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
