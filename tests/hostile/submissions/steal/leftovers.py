"""Looks through the folders for temporary files for what an earlier submission left there.

Sign: leak
Stopped by: supervisor, landlock, namespaces
Off: naive
Verdict: relu passed
"""

import os
import tempfile

import torch

for folder in {os.getcwd(), os.path.dirname(os.getcwd()), tempfile.gettempdir()}:
    for place, _, names in os.walk(folder):
        for name in names[:100]:
            try:
                print(name, open(os.path.join(place, name)).read(200), flush=True)
            except (OSError, ValueError):
                pass


def relu(S):
    return torch.clamp(S, min=0)
