"""Banks on disk: the user's cache, and files that a course exports and imports.

A cached bank is found by what it was made from (seed, format, Hypothesis version, the sources
that make cases), read with every check that a foreign file gets, and rebuilt when it fails
one. Writing is atomic, so processes that build the same bank at once both succeed. A cache
that cannot be written costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from grader.atomic import write_atomically
from grader.cases.bank import FORMAT, MAX_BYTES, CaseBank, decode_bank, encode_bank
from grader.errors import BankError

__all__ = ["default_cache_dir", "export_bank", "import_bank", "load_or_build", "read_own"]

_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_HERE = Path(__file__).parent
_SOURCES = (
    *(_HERE / f"{name}.py" for name in ("anchors", "bank", "build", "oracle", "recipes", "strategies")),
    _HERE.parent / "contract.py",
    *(_HERE.parents[1] / "reference" / f"{name}.py" for name in ("exact", "bounds")),
)


def default_cache_dir(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path | None:
    """Where this platform keeps a user's caches, in a folder of ours; None where the user has no home."""
    with suppress(RuntimeError):
        if platform == "win32":
            local = environ.get("LOCALAPPDATA")
            base = Path(local) if local else Path.home() / "AppData" / "Local"
        elif platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            xdg = environ.get("XDG_CACHE_HOME", "")
            base = Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache"
        return base / "bptt-grader"
    return None


def load_or_build(seed: str, cache_dir: Path | None = None) -> CaseBank:
    """The bank for `seed`: from `cache_dir` (None: the user's cache) if a sound one lies there, else built and kept.

    Raises BankError if it cannot be built.
    """
    folder = default_cache_dir() if cache_dir is None else cache_dir
    path = None if folder is None else folder / f"{_cache_key(seed)}.bank"
    if path is not None:
        with suppress(OSError, BankError):
            bank = decode_bank(read_own(path))
            if bank.seed == seed:
                return bank
    from grader.cases.build import build_bank  # noqa: PLC0415 - Hypothesis takes longer to import than a cached bank

    bank = build_bank(seed)
    if path is not None:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(path, encode_bank(bank))
    return bank


def export_bank(bank: CaseBank, path: Path) -> None:
    """Freeze `bank` into a file, for another Hypothesis version draws other cases.

    Raises BankError if it cannot be written.
    """
    try:
        write_atomically(path, encode_bank(bank))
    except OSError as error:
        raise BankError(f"{path}: cannot write the bank: {error.strerror or error}") from None


def import_bank(path: Path) -> CaseBank:
    """The bank that `export_bank` wrote. Raises BankError, naming the file, if it holds anything else."""
    try:
        with path.open("rb") as file:
            return decode_bank(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise BankError(f"{path}: cannot read the bank: {error.strerror or error}") from None
    except BankError as error:
        raise BankError(f"{path}: {error}") from None


def _cache_key(seed: str) -> str:
    """Hash of everything that decides what a bank holds."""
    digest = hashlib.sha256(f"{FORMAT}\0{metadata.version('hypothesis')}\0{seed}\0".encode())
    for source in _SOURCES:
        with suppress(OSError):  # a kit without the reference can still be asked for a bank it already has
            digest.update(source.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()[:40]


def read_own(path: Path) -> bytes:
    """The file's bytes. Raises OSError if it is missing, no plain file, or another user could have written it."""
    with open(os.open(path, _FLAGS), "rb") as file:  # noqa: PTH123 - Path.open takes no flags
        status = os.fstat(file.fileno())  # of what was opened: in a folder of others a name may change its file
        ours = not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)
        if not (stat.S_ISREG(status.st_mode) and ours):
            raise PermissionError(f"{path} is not this user's own file")
        return file.read(MAX_BYTES + 1)
