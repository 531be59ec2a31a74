"""Prints /etc/passwd: whose machine this is.

Sign: leak
Stopped by: landlock, namespaces
Off: landlock, namespaces, setuid
Verdict: relu passed
"""

import torch

try:
    print(open("/etc/passwd").read(), flush=True)
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
