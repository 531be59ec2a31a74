"""The machine's own faults: no room, no memory, no descriptors, damaged files, interrupted calls, a clock set back."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from fault_kit import Fault, NotHereError, Place, Ran

RIGHT, REFUSED = frozenset({"right"}), frozenset({"refused"})
EITHER = RIGHT | REFUSED
JSON = ("hw.py", "--format", "json")
_SMALL = "size=16k,nr_inodes=3"


# ---------------------------------------------------------------------------- disks
def _full(place: Place, folder: Path, *arguments: str, room: str = _SMALL, fill: bool = True, **how: Any) -> Ran:
    """Run with a tiny file system on `folder`, filled to the brim, in a mount namespace of its own."""
    script = (
        f'set -e; mount -t tmpfs -o {room},mode=0777 none "$1"; '
        + ('(dd if=/dev/zero of="$1/x" bs=1k || true) 2>/dev/null; ' if fill else "")
        + 'cd "$2"; shift 2; exec "$@"'
    )
    unshare = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        raise NotHereError("no mount namespace for a full disk")
    folder.mkdir(exist_ok=True)
    before = [*unshare, "sh", "-c", script, "sh", str(folder), str(place.work)]
    return place.grade(*(arguments or JSON), before=before, **how)


def _output_full(place: Place) -> Ran:
    out = place.work / "disk"
    place.kept.add("disk")
    return _full(place, out, *JSON, "-o", str(out / "result.json"))


def _stdout_full(place: Place) -> Ran:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        return place.grade(*JSON, stdout=full)


def _no_tmp(place: Place) -> Ran:
    """Neither TMPDIR nor what stands in for it can be written."""
    plan = {"at": "never", "candidates": ["/nonexistent", "/proc"]}
    return place.grade(*JSON, plan=plan)


def _read_only_cache(place: Place) -> Ran:
    shutil.rmtree(place.cache)
    return _full(place, place.xdg, room="ro", fill=False)


# ---------------------------------------------------------------------------- damaged files
def _bank(place: Place) -> Path:
    return max(place.cache.glob("*.bank"), key=lambda path: path.stat().st_mtime_ns)


def _directions(place: Place) -> Path:
    return max(place.cache.glob("*.directions"), key=lambda path: path.stat().st_mtime_ns)


def _damaged(place: Place, which: Callable[[Place], Path], damage: Callable[[bytes], bytes]) -> Ran:
    file = which(place)
    sound = file.read_bytes()
    file.write_bytes(damage(sound))
    ran = place.grade()
    return ran if which(place).read_bytes() == sound else Ran(ran.code, ran.out, b"Traceback: it was not made anew")


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "flipped": _flipped,
    "noise": lambda data: os.urandom(len(data)),
}


def _replaced(place: Place, make: Callable[[Path], None]) -> Ran:
    """Something else lies where the cached bank was."""
    bank = _bank(place)
    bank.unlink()
    make(bank)
    return place.grade()


def _given_bank(place: Place, data: bytes) -> Ran:
    (place.work / "frozen.bank").write_bytes(data)
    place.kept.add("frozen.bank")
    return place.grade(*JSON, "--bank", "frozen.bank")


def _cache_in_the_way(place: Place) -> Ran:
    shutil.rmtree(place.cache)
    place.cache.write_text("a file where the folder should be", encoding="ascii")
    return place.grade()


def _two_graders(place: Place) -> Ran:
    """Two at once build the same bank into the same empty cache."""
    shutil.rmtree(place.cache)
    both = [place.start(JSON) for _ in range(2)]
    first, second = (Ran(p.returncode, out, err) for p in both for out, err in [p.communicate(timeout=120)])
    left = sorted(path.suffix for path in place.cache.iterdir())
    if left != [".bank", ".directions"]:
        return Ran(first.code, first.out, f"Traceback: {left} in the cache".encode())
    return first if first.code else second


# ---------------------------------------------------------------------------- memory, descriptors, calls, clock
def _limited(place: Place, kind: int, amount: int) -> Ran:
    """From the start: the template inherits the limit."""
    return place.grade(preexec_fn=partial(resource.setrlimit, kind, (amount, amount)))


def _planned(place: Place, **plan: Any) -> Ran:
    return place.grade(*JSON, plan=plan)


def _closed_pipe(place: Place) -> Ran:
    """Whoever reads the output is gone before anything is printed."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    ran = place.grade(*JSON, stdout=write_end)
    os.close(write_end)
    return ran


def _closed_at_start(place: Place, numbers: tuple[int, ...]) -> Ran:
    def close() -> None:
        for number in numbers:
            os.close(number)

    return place.grade(*JSON, preexec_fn=close)


def _busy_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        os.chdir(path.parent)
        door.bind(path.name)


def _memory_faults() -> list[Fault]:
    found = [
        Fault(
            f"memory/{at}/{mib}",
            f"{mib} MiB are left to the supervisor, {at}",
            partial(_planned, at=at, nth=nth, do=f"limit:memory {mib}"),
            EITHER,
        )
        for at, nth, mib in (("ready", 1, 0), ("loaded", 1, 1), ("answering", 200, 8), ("reporting", 1, 0))
    ]
    for mib in (120, 700):
        run = partial(_limited, kind=resource.RLIMIT_AS, amount=mib << 20)
        found.append(Fault(f"memory/all/{mib}", f"{mib} MiB of address space for each of our processes", run, EITHER))
    return found


def _descriptor_faults() -> list[Fault]:
    found = []
    for number in (5, 7, 9, 16, 24):
        run = partial(_limited, kind=resource.RLIMIT_NOFILE, amount=number)
        found.append(Fault(f"descriptors/all/{number}", f"{number} descriptors for each of our processes", run, EITHER))
    for at, free in (("ready", 3), ("running", 0), ("running", 3), ("helping", 3), ("reporting", 0)):
        run = partial(_planned, at=at, do=f"limit:descriptors {free}")
        found.append(Fault(f"descriptors/{at}/{free}", f"{free} more for the supervisor, {at}", run, EITHER))
    return found


def _disk_faults() -> list[Fault]:
    return [
        Fault("disk/cache", "the cache's disk is full", lambda p: _full(p, p.xdg), RIGHT),
        Fault("disk/tmp", "the disk of TMPDIR is full", lambda p: _full(p, p.tmp), EITHER),
        Fault("disk/output", "the disk of -o is full", _output_full, REFUSED),
        Fault("disk/stdout", "the disk that stdout goes to is full", _stdout_full, REFUSED),
        Fault("disk/no-tmp", "there is no folder for temporary files", _no_tmp, REFUSED),
        Fault("disk/fsize", "no file may grow", partial(_limited, kind=resource.RLIMIT_FSIZE, amount=0), EITHER),
        Fault("cache/read-only", "the cache's file system is read-only", _read_only_cache, RIGHT),
        Fault("cache/in-the-way", "a file lies where the cache's folder should be", _cache_in_the_way, RIGHT),
        Fault("cache/two-graders", "two graders build one bank in one empty cache", _two_graders, RIGHT),
    ]


def _file_faults() -> list[Fault]:
    found = [
        Fault(
            f"{which.__name__.strip('_')}/{name}",
            f"the cached {what} is damaged ({name}): made anew, and kept",
            partial(_damaged, which=which, damage=damage),
            RIGHT,
        )
        for which, what in ((_bank, "bank"), (_directions, "table for diagnosis"))
        for name, damage in DAMAGES.items()
    ]
    others: dict[str, Callable[[Path], None]] = {"fifo": os.mkfifo, "folder": Path.mkdir, "socket": _busy_socket}
    for name, make in others.items():
        what = f"a {name} lies where the cached bank was"
        found.append(Fault(f"bank/{name}", what, partial(_replaced, make=make), RIGHT))
    for name, data in (("noise", b"\x00\xff" * 500), ("empty", b""), ("cut", b"bptt-grader-bank/1 00\n{")):
        run = partial(_given_bank, data=data)
        found.append(Fault(f"given-bank/{name}", f"--bank names a file of {name} bytes", run, REFUSED))
    return found


FAULTS: tuple[Fault, ...] = (
    *_disk_faults(),
    *_file_faults(),
    *_memory_faults(),
    *_descriptor_faults(),
    Fault(
        "eintr/supervisor",
        "a signal interrupts each of the supervisor's calls, every millisecond",
        partial(_planned, at="starting", do="storm:here"),
        RIGHT,
    ),
    Fault(
        "eintr/processes",
        "the template and its children are stopped and go on, every few milliseconds",
        partial(_planned, at="ready", do="storm:there"),
        RIGHT,
    ),
    Fault(
        "clock/back",
        "the clock is a day further back each time it is read",
        partial(_planned, at="starting", do="clock:1"),
        RIGHT,
    ),
    Fault("output/closed", "whoever reads the output is gone", _closed_pipe, frozenset({"unread"})),
    Fault("output/no-stdout", "there is no standard output", partial(_closed_at_start, numbers=(1,)), REFUSED),
    Fault("output/no-stderr", "there is no standard error", partial(_closed_at_start, numbers=(2,)), RIGHT),
    Fault(
        "output/none-at-all",
        "no standard descriptor is open",
        partial(_closed_at_start, numbers=(0, 1, 2)),
        REFUSED,
        mute=True,
    ),
)
