"""Leaves folders where the next student wants to write files, in the working and the temporary folder.

Sign: harm
Stopped by: separation, namespaces
Off: naive
Verdict: relu passed
"""

import os
import tempfile

import torch

for folder in (os.getcwd(), tempfile.gettempdir()):
    for name in ("left", "cache", "torch", "numpy"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            os.unlink(path)
        os.mkdir(path)


def relu(S):
    return torch.clamp(S, min=0)
