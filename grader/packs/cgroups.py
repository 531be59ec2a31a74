"""A control group of one's own, with the platform's memory and share of a processor, where the system lets one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Group", "cgroups"]

_PERIOD_US = 100_000
_EVENTS = ("memory.events", "memory.oom_control")  # of version 2 and 1
_GONE_WITHIN_S = 2.0


@dataclass(frozen=True)
class Group:
    """What could be limited; `procs` are the files that a process writes its id to."""

    procs: tuple[Path, ...] = ()
    memory: bool = False
    cpu: bool = False

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended a process of the group to keep the limit; False once the group is removed."""
        return any(_killed(procs.with_name(name)) for procs in self.procs for name in _EVENTS)


@contextmanager
def cgroups(*, memory_bytes: int, cpus: float) -> Iterator[Group]:
    """Make groups of both kinds, version 2 or 1; what is refused is left out. They are removed afterwards."""
    name = f"bptt-emulate-{secrets.token_hex(6)}"
    made: dict[str, Path] = {}
    try:
        for kind, parent in _parents():
            if kind not in made and (folder := _made(parent / name, kind, memory_bytes, cpus)):
                made[kind] = folder
        procs = tuple(dict.fromkeys(folder / "cgroup.procs" for folder in made.values()))
        yield Group(procs, "memory" in made, "cpu" in made)
    finally:
        for folder in set(made.values()):
            _remove(folder)


def _killed(events: Path) -> bool:
    with suppress(OSError, ValueError):
        words = events.read_text(encoding="ascii").split()
        return "oom_kill" in words and int(words[words.index("oom_kill") + 1]) > 0
    return False


def _remove(folder: Path) -> None:
    """Remove a group, once the last of its processes, which were killed, has ended."""
    deadline = time.monotonic() + _GONE_WITHIN_S
    while folder.exists():
        with suppress(OSError):
            folder.rmdir()
            return
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _parents() -> Iterator[tuple[str, Path]]:
    """Folders in which a group with a limit of some kind could be made, best first."""
    own: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
        _, kinds, path = line.split(":", 2)
        own[kinds] = path
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, where, system, options, *_ = line.split(" ")
        for kind in ("memory", "cpu"):
            if system == "cgroup2" and (path := own.get("", "/").rstrip("/")):
                yield kind, Path(where + path).parent  # beside this one: a group holds processes or groups
            elif system == "cgroup" and kind in options.split(","):
                inside = next((path for kinds, path in own.items() if kind in kinds.split(",")), "/")
                yield from ((kind, folder) for folder in (Path(where + inside), Path(where)) if folder.is_dir())


def _made(folder: Path, kind: str, memory_bytes: int, cpus: float) -> Path | None:
    quota = int(cpus * _PERIOD_US)
    values = {
        "memory": (("memory.max", memory_bytes), ("memory.limit_in_bytes", memory_bytes)),
        "cpu": (("cpu.max", f"{quota} {_PERIOD_US}"), ("cpu.cfs_quota_us", quota)),
    }[kind]
    fresh = not folder.exists()  # version 2 has one folder for both kinds
    try:
        folder.mkdir(exist_ok=True)
        for name, value in values:
            if (folder / name).exists():
                (folder / name).write_text(str(value), encoding="ascii")
                return folder
    except OSError:
        pass
    if fresh:
        with suppress(OSError):
            folder.rmdir()
    return None
