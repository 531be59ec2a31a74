"""The filter's directions on disk, beside the bank that they belong to.

They depend on the bank and on the sources of the algebra, not on any submission. A file is one header line,
`bptt-grader-directions/1 SHA256`, and float32 numbers; it is found by what it was made from, verified like a bank, made
anew when it fails, and written whole or not at all. One that cannot be written costs time, nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from grader.atomic import write_atomically
from grader.cases import Case, CaseBank, default_cache_dir
from grader.cases.cache import read_own
from grader.diagnose.batch import pack
from grader.diagnose.family import AXES, fingerprint, telling_rows
from grader.errors import BankError

__all__ = ["FORMAT", "directions"]

FORMAT = 1
_MAGIC = f"bptt-grader-directions/{FORMAT}"
_HERE = Path(__file__).parent
_SOURCES = tuple(_HERE / f"{name}.py" for name in ("algebra", "batch", "family"))
_LONGEST = 1 + 1e-4


def directions(bank: CaseBank, cache_dir: Path | None = None) -> np.ndarray:
    """`family.fingerprint` over the telling cases: from `cache_dir` (None: the user's cache), else made and kept."""
    cases = bank["bptt_gradients"]
    every = [case for _, case in cases]
    rows = [every[r] for r in telling_rows(cases)]
    folder = default_cache_dir() if cache_dir is None else cache_dir
    path = None if folder is None else folder / f"{_key(bank)}.directions"
    if path is not None:
        with suppress(OSError, BankError):
            return _decode(read_own(path), len(rows))
    found = _made(rows)
    if path is not None:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(path, _encode(found))
    return found


def _made(rows: Sequence[Case]) -> np.ndarray:
    return fingerprint(pack(rows)) if rows else np.zeros((*AXES, 0), dtype=np.float32)


def _key(bank: CaseBank) -> str:
    digest = hashlib.sha256(f"{_MAGIC}\0{bank.sha256}\0".encode())
    for source in _SOURCES:
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()[:40]


def _encode(found: np.ndarray) -> bytes:
    body = found.astype("<f4").tobytes()
    return f"{_MAGIC} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def _decode(data: bytes, rows: int) -> np.ndarray:
    """The directions of `rows` cases. Raises BankError unless every byte is as `_encode` writes it."""
    header, _, body = data.partition(b"\n")
    if header != f"{_MAGIC} {hashlib.sha256(body).hexdigest()}".encode():
        raise BankError("the contents do not match the first line")
    shape = (*AXES, rows)
    if len(body) != 4 * int(np.prod(shape)):
        raise BankError(f"expected {int(np.prod(shape))} numbers, got {len(body) / 4:g}")
    found = np.frombuffer(body, dtype="<f4").astype(np.float32, copy=False).reshape(shape)
    if not (np.abs(found).max(initial=0.0) <= _LONGEST):  # NaN fails too
        raise BankError("a direction is longer than 1")
    return found
