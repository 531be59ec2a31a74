"""The data that the student kit holds: public cases with what is right, and what known mistakes answer to them.

Two files: `cases.bank`, a bank as any other, and `known.json`, which `grader.student.shipped.stock` reads. Labelling
the mistakes takes a quarter of a minute, so both are kept in the user's cache, found by the sources they depend on.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from grader.atomic import write_atomically
from grader.cases import CaseBank, CheckCases, default_cache_dir, load_or_build
from grader.cases.bank import encode_bank
from grader.cases.cache import read_own
from grader.errors import BankError
from grader.judge.findings import MAX_INLINE
from grader.judge.way import right_trace
from grader.kit.known import Known, known_mistakes

__all__ = ["KIT_SEED", "kit_data"]

KIT_SEED = "student-kit"
"""The public cases of the kit are drawn from this seed: other ones than a course without a seed is graded with."""

_DIGITS = 9
_MAGIC = "bptt-grader-kit/1"
_GRADER = Path(__file__).parents[1]
_SOURCES = (_GRADER / "kit" / "data.py", _GRADER / "kit" / "known.py", _GRADER / "messages.py")


def kit_data(cache_dir: Path | None = None) -> dict[str, bytes]:
    """File name to contents; kept in `cache_dir` (None: the user's cache). Raises BankError if none can be made."""
    bank = load_or_build(KIT_SEED, cache_dir)
    return {"cases.bank": encode_bank(bank), "known.json": _known(bank, cache_dir)}


def _known(bank: CaseBank, cache_dir: Path | None) -> bytes:
    folder = default_cache_dir() if cache_dir is None else cache_dir
    path = None if folder is None else folder / f"{_key(bank)}.known"
    if path is not None:
        with suppress(OSError, BankError):
            return _unwrapped(read_own(path))
    content = {
        check.name: {"traces": _traces(check), "known": [_written(each) for each in known]}
        for check, known in zip(bank.checks, known_mistakes(bank).values(), strict=True)
    }
    data = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    if path is not None:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(path, f"{_MAGIC} {hashlib.sha256(data).hexdigest()}\n".encode() + data)
    return data


def _key(bank: CaseBank) -> str:
    digest = hashlib.sha256(f"{_MAGIC}\0{bank.sha256}\0".encode())
    for source in (*_SOURCES, *sorted((_GRADER / "diagnose").glob("*.py"))):
        digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()[:40]


def _unwrapped(data: bytes) -> bytes:
    header, _, body = data.partition(b"\n")
    if header != f"{_MAGIC} {hashlib.sha256(body).hexdigest()}".encode():
        raise BankError("the contents do not match the first line")
    return body


# ---------------------------------------------------------------------------- writing
def _traces(cases: CheckCases) -> dict[str, Any]:
    """By the case's position, what a right solution computes on the way; of cases that a person can follow."""
    found = {}
    for at, (_, case) in enumerate(cases):
        if max(np.size(arg) for arg in case.args) <= MAX_INLINE:
            trace = right_trace(cases.name, case.args)
            if trace is not None:
                found[str(at)] = _plain(trace)
    return found


def _written(known: Known) -> dict[str, Any]:
    return {
        "diagnoses": [[diagnosis.code, diagnosis.message] for diagnosis in known.diagnoses],
        "answers": [[None if part is None else _numbers(part.ravel()) for part in parts] for parts in known.answers],
        "at": known.at,
        "trace": None if known.trace is None else _plain(known.trace),
    }


def _numbers(values: Iterable[float]) -> list[float | str]:
    return [float(f"{x:.{_DIGITS}g}") + 0.0 if math.isfinite(x) else "inf" for x in map(float, values)]


def _plain(value: Any) -> Any:
    """Plain data with numbers of nine digits: more than float32 has."""
    match value:
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float():
            return _numbers([value])[0]
        case _:
            return value
