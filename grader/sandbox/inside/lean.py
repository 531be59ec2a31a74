"""Torch without a third of its import: what it knows of tensors that hold no numbers, which only compilers ask for.

That third is one module, `torch._meta_registrations`, and what it alone brings. Whoever imports any further module of
torch gets it first, so that modules which rely on the order find it: `torch.optim`, for one, when it is first used.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["import_torch"]

_KNOWN = {"2.13"}
"""Versions on which the corpora were graded so; another one is imported as it comes."""
_LEFT_OUT = "torch._meta_registrations"


def import_torch() -> Any:
    """Torch, imported for this process and those forked from it."""
    if "torch" in sys.modules or _version() not in _KNOWN:
        return importlib.import_module("torch")
    sys.modules[_LEFT_OUT] = ModuleType(_LEFT_OUT)
    torch = importlib.import_module("torch")
    del sys.modules[_LEFT_OUT]
    vars(torch).pop(_LEFT_OUT.rpartition(".")[2], None)
    repr(torch.zeros(1))  # imports one module more, which needs nothing of the rest
    sys.meta_path.insert(0, _Rest())
    return torch


def _version() -> str:
    """Major and minor number of the torch that there is to import; nothing where that cannot be told."""
    spec = importlib.util.find_spec("torch")
    try:
        text = Path(spec.origin or "").with_name("version.py").read_text("utf-8") if spec else ""
    except OSError:
        return ""
    found = re.search(r"^__version__ = '(\d+\.\d+)", text, re.MULTILINE)
    return found[1] if found else ""


class _Rest(MetaPathFinder):
    """Imports what was left out before the first further module of torch is looked for."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002 - the same
    ) -> ModuleSpec | None:
        if not fullname.startswith("torch."):
            return None
        sys.meta_path.remove(self)
        importlib.import_module(_LEFT_OUT)
        there = sys.modules.get(fullname)
        if there is None:
            return None
        spec = ModuleSpec(fullname, _There(there))
        there.__spec__ = spec  # what the import system goes by, once a module has appeared while it was looked for
        return spec


class _There(Loader):
    """Gives a module that is there already."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002 - the protocol's
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec
