"""Learns which files exist from the way they are refused.

Sign: leak
Stopped by: namespaces, setuid
Off: namespaces, setuid
Verdict: relu passed
Allowed: standard
"""

import os

import torch


def there(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True


print(f"oracle-{sum(there(f'@oracle@/{bit}') << bit for bit in range(64)):016x}", flush=True)


def relu(S):
    return torch.clamp(S, min=0)
