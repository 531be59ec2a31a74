"""Leaves another module under the name of torch, and an import hook that keeps it there.

Sign: harm
Stopped by: separation
Off: naive
Verdict: relu error
"""

import sys
import types

import torch


class Hook:
    def find_spec(self, name, path=None, target=None):
        raise ImportError(name)


real = torch.clamp
fake = types.ModuleType("torch")
fake.clamp = lambda S, **options: S
sys.modules["torch"] = fake
sys.meta_path.insert(0, Hook())
sys.path_importer_cache.clear()


def relu(S):
    return real(S, min=0)
