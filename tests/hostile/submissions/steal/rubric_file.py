"""Prints the rubric, and with it the seed from which the hidden cases are drawn.

Sign: leak
Stopped by: landlock, namespaces
Off: landlock, namespaces, setuid
Verdict: relu passed
"""

import torch

try:
    print(open("@rubric_file@").read(), flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
