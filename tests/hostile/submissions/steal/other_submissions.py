"""Lists the folder of submissions and prints what the other students wrote.

Sign: leak
Stopped by: landlock, namespaces
Off: landlock, namespaces, setuid
Verdict: relu passed
"""

import pathlib

import torch

try:
    for path in pathlib.Path("@other_file@").parent.iterdir():
        if path.is_file():
            print(path, path.read_text(), flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
