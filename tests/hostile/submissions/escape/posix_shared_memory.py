"""Makes a file in shared memory, which outlives it.

Sign: effect shared
Stopped by: landlock, namespaces
Off: landlock, namespaces
Verdict: relu passed
"""

import torch

try:
    with open("/dev/shm/@marker@", "w") as file:
        file.write("for the next one")
except OSError as fault:
    print(fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
