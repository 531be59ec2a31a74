"""The outside half of the canaries: a secret, an open door of each kind, and a look at whether anyone came."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path

from grader.errors import SandboxError
from grader.sandbox import paths
from grader.sandbox.inside.frames import FrameError
from grader.sandbox.line import BROKEN, ChildLine

__all__ = ["run_canaries"]

_WITHIN_S = 30.0


def _knocked(listener: socket.socket) -> bool:
    listener.settimeout(0)
    try:
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(16)
        else:
            listener.accept()[0].close()
    except OSError:
        return False
    return True


def run_canaries(spawn: Callable[[], ChildLine], folder: Path, *, device: str, memory_bytes: int) -> dict[str, bool]:
    """Have a real child try what must not succeed; what is seen from outside overrules what it says.

    Raises SandboxError if the child cannot be asked.
    """
    token = secrets.token_hex(8)
    secret = folder / "secret"
    secret.write_text(token, encoding="ascii")
    outside = folder / "outside"
    outside.mkdir(mode=0o777)
    outside.chmod(0o777)
    secret.chmod(0o600)
    with contextlib.ExitStack() as stack:
        doors = {
            "tcp": stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
            "udp": stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
            "unix": stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
            "abstract": stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
            "datagram": stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)),
        }
        doors["tcp"].bind(("127.0.0.1", 0))
        doors["udp"].bind(("127.0.0.1", 0))
        handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        stack.callback(os.close, handle)
        doors["unix"].bind(f"/proc/self/fd/{handle}/door")  # a socket's path may have 107 bytes, a folder's more
        doors["datagram"].bind(f"/proc/self/fd/{handle}/post")
        for path in (folder / "door", folder / "post"):
            path.chmod(0o777)
        doors["abstract"].bind("\0" + token)
        for name in ("tcp", "unix", "abstract"):
            doors[name].listen(1)
        question = {
            "secret": str(secret),
            "outside": str(outside),
            "tcp": doors["tcp"].getsockname()[1],
            "udp": doors["udp"].getsockname()[1],
            "unix": str(folder / "door"),
            "datagram": str(folder / "post"),
            "abstract": token,
            "supervisor": os.getpid(),
            "memory_bytes": memory_bytes,
            "masked": list(paths.MASKED_PACKAGES),
            "device": device,
        }
        held = _ask(spawn(), question)
        for name, door in doors.items():
            if _knocked(door):
                held[name if name in held else "unix"] = False
    if any(outside.iterdir()):
        held["write"] = False
    return held


def _ask(line: ChildLine, question: dict[str, object]) -> dict[str, bool]:
    deadline = time.monotonic() + _WITHIN_S
    try:
        line.send({"canaries": question}, deadline=deadline)
        answer, _ = line.receive(deadline=deadline)
    except (*BROKEN, FrameError) as fault:
        end = line.close()
        said = line.printed.decode("utf-8", "replace").strip()[-300:]
        raise SandboxError(f"the sandbox's own probe failed ({type(fault).__name__}, {end}): {said}") from fault
    line.close()
    return {str(name): bool(ok) for name, ok in answer["canaries"].items()}
