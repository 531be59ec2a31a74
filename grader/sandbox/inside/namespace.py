"""The namespace that a submission runs in."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

__all__ = ["fresh_namespace"]


def fresh_namespace(*, script: bool = True) -> dict[str, Any]:
    """Namespace of a module `submission`, not `__main__`, that pickle, dataclasses and inspect can find."""
    module = ModuleType("submission")
    if script:
        module.__file__ = "submission.py"
    sys.modules["submission"] = module
    return module.__dict__
