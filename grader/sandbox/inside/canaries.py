"""Canaries: try, from inside a real child, what confinement must prevent. True means: it held.

The supervisor checks from outside what can be checked there (a connection that arrived, a file that appeared).
"""

from __future__ import annotations

import errno
import importlib.machinery
import mmap
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["try_everything"]


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError):
        return True
    return False


def _connect(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as sock:
        sock.settimeout(0.5)
        if kind == socket.SOCK_DGRAM:
            sock.sendto(b"canary", address)
        else:
            sock.connect(address)


def _post(address: str) -> None:
    """Without `socket`: a datagram may go to any address from one of a pair."""
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        pair[0].sendto(b"canary", address)
    finally:
        for end in pair:
            end.close()


def _read(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.read(fd, 1)
    finally:
        os.close(fd)


def _write(folder: str) -> None:
    os.close(os.open(f"{folder}/written", os.O_CREAT | os.O_WRONLY, 0o600))


def _fork() -> bool:
    try:
        pid = os.fork()
    except OSError:
        return True
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return False


def _exec() -> bool:
    """Held if refused before the file is even looked for: one that does not exist cannot replace this process."""
    try:
        os.execv("/nonexistent/canary", ["canary"])  # noqa: S606 - that it fails is the point
    except OSError as fault:
        return fault.errno in (errno.EPERM, errno.EACCES)


def _allocate(size: int) -> None:
    mmap.mmap(-1, size).close()


def _packages_hidden(names: list[str]) -> bool:
    """Neither the reference nor the grader can be found, let alone read."""
    for name in names:
        spec = importlib.machinery.PathFinder.find_spec(name)
        origin = getattr(spec, "origin", None)
        if origin and not _refused(lambda path=origin: _read(path)):  # type: ignore[misc]
            return False
    return True


def try_everything(config: dict[str, Any]) -> dict[str, bool]:
    """Every canary, by name."""
    held = {
        "read": _refused(lambda: _read(config["secret"])),
        "stat": _refused(lambda: os.stat(config["secret"])),
        "write": _refused(lambda: _write(config["outside"])),
        "packages": _packages_hidden(config["masked"]),
        "tcp": _refused(lambda: _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", config["tcp"]))),
        "udp": _refused(lambda: _connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", config["udp"]))),
        "fork": _fork(),
        "exec": _exec(),
        "kill": _refused(lambda: os.kill(config["supervisor"], 0)),
        "memory": _refused(lambda: _allocate(config["memory_bytes"] + (1 << 28))),
    }
    if hasattr(socket, "AF_UNIX"):
        held["unix"] = all(
            [
                _refused(lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, config["unix"])),
                _refused(lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + config["abstract"])),
                _refused(lambda: _post(config["datagram"])),
            ]
        )
    if config["device"] != "cpu":
        held["device"] = _device_present(config["device"])
    return held


def _device_present(device: str) -> bool:
    torch = sys.modules["torch"]
    try:
        torch.zeros(1, device=device).cpu()
    except Exception:  # noqa: BLE001 - RuntimeError, AssertionError, NotImplementedError: all mean absent
        return False
    return True
