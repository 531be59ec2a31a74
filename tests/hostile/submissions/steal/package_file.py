"""Prints the source of the judge, to look for its tolerances.

Sign: leak
Stopped by: landlock, namespaces
Off: landlock, namespaces, setuid
Verdict: relu passed
"""

import torch

try:
    print(open("@package_file@").read(), flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
