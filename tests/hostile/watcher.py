"""Watches, from outside, what lives beneath a process: names, memory, numbers. And what of it stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

__all__ = ["Watcher"]

_EVERY_S = 0.025
_PAGE = os.sysconf("SC_PAGESIZE")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in _read(f"{thread}/children").split()]
    return found


def beneath(pid: int) -> list[int]:
    """Every process beneath `pid`, in no order."""
    found, queue = [], _children(pid)
    while queue:
        found += queue
        queue = [child for parent in queue for child in _children(parent)]
    return found


def bears(pid: int, marker: bytes) -> bool:
    """Whether a thread of `pid` has the name `marker`, or its command line holds it."""
    if marker in _read(f"/proc/{pid}/cmdline"):
        return True
    with contextlib.suppress(OSError):
        return any(marker in _read(f"{thread}/comm") for thread in Path(f"/proc/{pid}/task").iterdir())
    return False


def _resident(pid: int) -> int:
    """Bytes of the process that no file holds; what it shares with the one that it was forked from counts, too."""
    fields = _read(f"/proc/{pid}/statm").split()
    return (int(fields[1]) - int(fields[2])) * _PAGE if len(fields) > 2 else 0


class Watcher:
    """From `start` to `stop` a thread looks at what is beneath `root`."""

    def __init__(self, root: int, marker: str) -> None:
        self._root, self._marker = root, marker.encode()
        self._before = set(beneath(root))
        self._forked_from = max(map(_resident, [root, *self._before]))  # the template: each child begins with its pages
        self._own_at_rest = _resident(os.getpid())
        self._stop = threading.Event()
        self.seen: set[int] = set()
        self.most_processes = 0
        self.most_bytes = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        now = beneath(self._root)
        self.most_processes = max(self.most_processes, len(set(now) - self._before))
        grown = [_resident(pid) - self._forked_from for pid in now] + [_resident(os.getpid()) - self._own_at_rest]
        self.most_bytes = max(self.most_bytes, sum(each for each in grown if each > 0))
        self.seen |= {pid for pid in now if pid not in self._before and bears(pid, self._marker)}

    def stop(self) -> tuple[bool, bool]:
        """(a process with the marker was seen, one is still there); it is ended then."""
        self._stop.set()
        self._thread.join()
        self._look()
        left = [pid for pid in beneath(self._root) if bears(pid, self._marker)]
        if left:
            time.sleep(0.3)
            left = [pid for pid in left if bears(pid, self._marker)]
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return bool(self.seen), bool(left)
