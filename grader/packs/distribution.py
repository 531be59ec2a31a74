"""Our distribution as a wheel, solution and all, made of the sources that run: for machines that grade.

Whoever packs has it installed, from a checkout or a wheel, so nothing need be fetched or built: its packages are read
from disk, its metadata from the environment. The same sources give the same bytes.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from grader import __version__
from grader.errors import GraderError
from grader.kit.wheel import sealed

__all__ = ["full_wheel", "full_wheel_name"]

_DISTRIBUTION = "bptt-grader"
_PACKAGES = ("grader", "reference", "student_template")
_ROOT = Path(__file__).parents[2]
_LEFT_OUT = ("__pycache__", ".pyc", ".pyo", "~")
_WHEEL = "Wheel-Version: 1.0\nGenerator: bptt-grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def full_wheel_name() -> str:
    """The wheel's file name."""
    return f"bptt_grader-{__version__}-py3-none-any.whl"


def full_wheel() -> bytes:
    """The wheel's bytes. Raises GraderError where the sources cannot be read, or are a student's."""
    try:
        installed = metadata.distribution(_DISTRIBUTION)
        told = {name: installed.read_text(name) for name in ("METADATA", "entry_points.txt")}
        files = {name: path.read_bytes() for name, path in sorted(_sources().items())}
    except metadata.PackageNotFoundError:
        raise GraderError("the grader is not installed here, so it cannot be packed: pip install it first") from None
    except OSError as error:
        raise GraderError(f"the grader cannot be packed: {error.filename}: {error.strerror}") from None
    if installed.version != __version__ or "reference/exact.py" not in files:
        raise GraderError("the grader cannot be packed from this installation: it is not whole, or a student's")
    info = f"bptt_grader-{__version__}.dist-info"
    files |= {f"{info}/{name}": (text or "").encode() for name, text in told.items()}
    files[f"{info}/WHEEL"] = _WHEEL.encode()
    return sealed(files, info)


def _sources() -> dict[str, Path]:
    """Every file of our packages by its path in the wheel."""
    found = {}
    for package in _PACKAGES:
        for path in (_ROOT / package).rglob("*"):
            inner = path.relative_to(_ROOT)
            if path.is_file() and not any(_is_left_out(part) for part in inner.parts):
                found[inner.as_posix()] = path
    return found


def _is_left_out(part: str) -> bool:
    return part.startswith(".") or part.endswith(_LEFT_OUT)
