"""What grades on this machine: the versions, and the very code, that a verdict may depend on.

Nothing is imported to find out, so a run in which everything is reused starts neither torch nor a worker.
"""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

from grader import __version__

__all__ = ["this_environment"]

_PACKAGES = ("torch", "numpy", "hypothesis")
_ROOT = Path(__file__).resolve().parents[1]
_NOT_JUDGING = (
    "cohort",
    "publish",
    "report",
    "cli.py",
    "cli_cohort.py",
    "cli_grade.py",
    "cli_options.py",
    "cli_output.py",
    "cli_publish.py",
    "doctor.py",
)


@cache
def this_environment() -> dict[str, str | None]:
    """Names and versions; None for what is not installed. `code` tells two states of the same version apart."""
    return {
        "grader": __version__,
        "code": _code(),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _code() -> str:
    """Hash of the sources that judge: a course that follows a branch gets no verdict of last week's code."""
    digest = hashlib.sha256()
    for source in sorted(_ROOT.rglob("*.py")):
        inner = source.relative_to(_ROOT)
        if inner.parts[0] not in _NOT_JUDGING:
            digest.update(f"{inner.as_posix()}\0".encode() + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
