"""Peak memory of a whole process tree, sampled from outside."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

_PROC = Path("/proc")
_PAGE = 4096
_EVERY_S = 0.005


def _parent(pid):
    # pid (name) state ppid …; the name may hold anything, so read from its end
    return int((_PROC / pid / "stat").read_text().rpartition(")")[2].split()[1])


def _tree(root):
    """`root` and all its descendants that live now."""
    parents = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = _parent(entry.name)
            except (OSError, IndexError):
                continue
    family, more = set(), {root}
    while more:
        family |= more
        more = {pid for pid, parent in parents.items() if parent in more} - family
    return family


def _bytes(pid):
    """Proportional set size; where it is hidden, the resident set, which counts shared pages again; 0 once it ended."""
    try:
        rollup = (_PROC / str(pid) / "smaps_rollup").read_text()
        return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    except (PermissionError, StopIteration):
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def peak_bytes(command, *, every_s=_EVERY_S, **options):
    """(peak bytes, most processes at once) while `command` runs, looked at so often."""
    process = subprocess.Popen(command, **options)
    peak, most = 0, 0
    done = threading.Event()

    def watch():
        nonlocal peak, most
        while not done.is_set():
            sizes = [_bytes(pid) for pid in _tree(process.pid)]
            peak, most = max(peak, sum(sizes)), max(most, len(sizes))
            time.sleep(every_s)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        if process.wait() != 0:
            message = f"{command} ended with status {process.returncode}"
            raise RuntimeError(message)
    finally:
        done.set()
        thread.join()
    return peak, most
