"""Scripts without functions, which the self-check does not look into: they run like any other program."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["facts", "load_flat", "looks_flat"]


def looks_flat(*_program: object) -> bool:
    """Whether a program is one of them: here none is taken for one."""
    return False


def load_flat(*_program: object, **_how: object) -> NoReturn:
    """Never called."""
    raise NotImplementedError


def facts(*_script: object) -> dict[str, Any]:
    """Never called."""
    raise NotImplementedError
