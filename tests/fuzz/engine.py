"""Reads fuzzed inputs one by one and keeps what breaks a promise: an exception, time, memory."""

from __future__ import annotations

import gc
import random
import signal
import time
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

try:
    import resource
except ImportError:  # Windows has no limits of this kind
    resource = None

__all__ = ["Broken", "Outcome", "drawn", "fuzz", "strictly", "tried"]

LIMIT_S = 0.05
LIMIT_BYTES = 64 << 20
_HANGS_S = 20
_CHUNK = 1000


@dataclass(frozen=True)
class Broken:
    """An input that broke a promise, and how."""

    data: bytes
    how: str


@dataclass
class Outcome:
    """What became of a target's inputs; `slowest_s` and `time_s` are of reading, in processor seconds."""

    inputs: int = 0
    ends: Counter = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)
    slowest_s: float = 0.0
    time_s: float = 0.0


class _Hung(BaseException):
    pass


def _hung(*_):
    raise _Hung


@contextmanager
def strictly():
    """Warnings count as faults, a hang ends, and what is there already costs the collector of garbage no time."""
    gc.collect()
    gc.freeze()
    before = signal.signal(signal.SIGVTALRM, _hung) if hasattr(signal, "SIGVTALRM") else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        gc.unfreeze()
        if before is not None:
            signal.signal(signal.SIGVTALRM, before)


def drawn(target, seed, count):
    """The first `count` inputs of a target for a seed; every thousand can be drawn without those before it."""
    for chunk in range(0, count, _CHUNK):
        rng = random.Random(f"{seed}/{target.name}/{chunk // _CHUNK}")  # noqa: S311 - reproducible is what it must be
        for _ in range(min(_CHUNK, count - chunk)):
            yield target.make(rng)


def _peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 if resource else 0


def _read(target, data):
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, _HANGS_S)
    began = time.process_time()
    try:
        return target.read(data), None, time.process_time() - began
    except (Exception, _Hung) as fault:  # noqa: BLE001 - whatever it is, it is what is looked for
        told = "".join(traceback.format_exception(fault)[-4:])
        return type(fault).__name__, told, time.process_time() - began
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def tried(target, data, *, limit_s=LIMIT_S, limit_bytes=LIMIT_BYTES):
    """(how reading ended, what it broke or None, processor seconds)."""
    before = _peak_bytes()
    end, told, spent_s = _read(target, data)
    grown = _peak_bytes() - before
    if told is None and grown > limit_bytes:
        told = f"{grown >> 20} MiB more memory for {len(data)} bytes"
    if told is None and spent_s > limit_s:  # a page fault or another process may slow one reading, not three
        spent_s = min(spent_s, *(_read(target, data)[2] for _ in range(2)))
        told = f"{spent_s * 1000:.0f} ms for {len(data)} bytes" if spent_s > limit_s else None
    return end, told, spent_s


def fuzz(target, inputs, *, keep=20):
    """Read every input. Ends early once `keep` are broken."""
    outcome = Outcome()
    for data in inputs:
        end, told, spent_s = tried(target, data)
        outcome.inputs += 1
        outcome.ends[end] += 1
        outcome.time_s += spent_s
        outcome.slowest_s = max(outcome.slowest_s, spent_s)
        if told is not None:
            outcome.broken.append(Broken(data, told))
            if len(outcome.broken) >= keep:
                break
    return outcome
