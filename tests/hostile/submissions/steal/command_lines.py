"""Reads every process's command line: passwords are given there.

Sign: leak
Stopped by: landlock, namespaces
Off: landlock, namespaces
Verdict: relu passed
"""

import torch

for pid in ("@canary_pid@", "@supervisor@", "@template@"):
    for file in ("cmdline", "status", "maps"):
        try:
            print(open(f"/proc/{pid}/{file}").read(), flush=True)
        except OSError as fault:
            print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
