"""Says for ever, while it is loaded, that another statement has begun.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu passed | timeout | error
"""

import json
import os
import struct

import torch


def relu(S):
    return torch.clamp(S, min=0)


text = json.dumps({"started": 3}).encode()
while True:
    for descriptor in (4, 1):
        try:
            os.write(descriptor, struct.pack("<II", len(text), 0) + text)
        except OSError:
            pass
