"""Leaves an environment that leads astray: a temporary folder that is not there, other libraries, other options.

Sign: harm
Stopped by: separation
Off: naive
Verdict: relu passed
"""

import os
import tempfile

import torch

for name in ("TMPDIR", "HOME", "LD_PRELOAD", "PYTHONPATH", "OMP_NUM_THREADS", "XDG_CACHE_HOME"):
    os.environ[name] = "/nowhere"
tempfile.tempdir = "/nowhere"


def relu(S):
    return torch.clamp(S, min=0)
