"""Fills its scratch with links to what is outside, so that whoever cleans up deletes that.

Sign: effect changed
Stopped by: seccomp, landlock, namespaces
Off: seccomp, landlock, namespaces
Verdict: relu passed
"""

import os

import torch

for name, target in (("folder", "@outside@"), ("file", "@victim@"), ("up", "..")):
    try:
        os.symlink(target, name)
        with open(name, "w") as file:
            file.write("written through a link")
    except OSError as fault:
        print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
