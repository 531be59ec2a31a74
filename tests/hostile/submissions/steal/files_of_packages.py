"""Walks the folders from which modules are imported for the grader's and the reference's files.

Sign: leak
Stopped by: landlock, namespaces
Off: landlock, namespaces, setuid
Verdict: relu passed
"""

import os
import sys

import torch

places = [*sys.path, os.path.dirname(os.path.dirname("@reference_file@"))]
for place in places:
    for package in ("reference", "grader", "grader/judge", "student_template"):
        folder = os.path.join(place, package)
        try:
            for name in sorted(os.listdir(folder)):
                if name.endswith(".py"):
                    print(open(os.path.join(folder, name)).read()[:4000], flush=True)
        except OSError:
            pass


def relu(S):
    return torch.clamp(S, min=0)
