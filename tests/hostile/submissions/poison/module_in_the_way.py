"""Leaves a module of its own in the working folder, in place of one that the next student imports.

Sign: harm
Stopped by: separation, namespaces
Off: naive
Verdict: relu passed
"""

import os
import sys
import tempfile

import torch

for folder in (os.getcwd(), tempfile.gettempdir()):
    for name in ("tempfile", "random", "numpy"):
        try:
            with open(os.path.join(folder, f"{name}.py"), "w") as file:
                file.write("raise OSError('mine')")
        except OSError as fault:
            print(fault)
sys.path.insert(0, os.getcwd())
sys.modules.pop("tempfile", None)


def relu(S):
    return torch.clamp(S, min=0)
