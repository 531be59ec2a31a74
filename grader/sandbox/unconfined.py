"""Level basic: a process of its own with time limits, where there is no confinement (macOS, Windows)."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import IO

from grader.errors import SandboxError
from grader.sandbox.launch import boot_command, clean_environment
from grader.sandbox.line import ChildGoneError, ChildLine, ChildSilentError, Finish, LineEnd

__all__ = ["spawn_unconfined"]

_END_S = 10.0
_GRACE_S = 1.0


class _ThreadedLine(ChildLine):
    """The same line over a plain process's stdin and stdout: threads stand in for poll, which Windows lacks."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:  # nothing of the base class's to set up
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin: IO[bytes] = process.stdin
        self._stdout: IO[bytes] = process.stdout
        self._pieces: queue.Queue[bytes] = queue.Queue(maxsize=64)
        self._buffer = bytearray()
        self._closed = False
        self._reader = threading.Thread(target=self._read_all, daemon=True)
        self._reader.start()

    @property
    def printed(self) -> bytes:
        """Output is thrown away at this level."""
        return b""

    def _read_all(self) -> None:
        piece = b"-"
        while piece:
            piece = self._stdout.read1(1 << 20)  # type: ignore[attr-defined]
            self._put(piece)

    def _put(self, piece: bytes) -> None:
        while not self._closed:  # once it is, nobody takes what there is no room for
            with contextlib.suppress(queue.Full):
                self._pieces.put(piece, timeout=0.1)
                return

    def _need(self, count: int, deadline: float) -> None:
        while len(self._buffer) < count:
            try:
                piece = self._pieces.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise ChildSilentError from None
            if not piece:
                raise ChildGoneError
            self._buffer += piece

    def send_packed(self, frame: bytes, *, deadline: float) -> None:
        """Send one frame from a helper thread, so that a child that does not read cannot stop the supervisor."""
        failed: list[OSError] = []

        def write() -> None:
            try:
                self._stdin.write(frame)
                self._stdin.flush()
            except (OSError, ValueError) as fault:
                failed.append(OSError(str(fault)))

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        thread.join(max(0.0, deadline - time.monotonic()))
        if failed:
            raise ChildGoneError
        if thread.is_alive():
            raise ChildSilentError

    def _kill(self) -> None:
        """End the process and, where there are sessions, what it has started in its own."""
        if sys.platform == "win32":
            self._process.kill()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self, how: Finish = "kill") -> LineEnd | None:
        """End the process and say how it ended."""
        if self._closed:
            return None
        self._closed = True
        killed = how != "let"
        if how == "let":
            try:
                self._process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                killed = True
        self._kill()
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired as fault:
            raise SandboxError("a child process could not be ended") from fault
        self._reader.join(_GRACE_S)
        if not self._reader.is_alive():  # it lives where something has left the session, with the pipes: let go of them
            for stream in (self._stdin, self._stdout):
                with contextlib.suppress(OSError, ValueError):
                    stream.close()
        return LineEnd(code=code, killed="supervisor" if killed else "", cpu_s=0.0, peak_bytes=0)


def spawn_unconfined(home: str) -> ChildLine:
    """A fresh process that loads torch and serves. Raises SandboxError."""
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            boot_command("bare", home),
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as fault:
        raise SandboxError(f"a child process could not be started: {fault}") from fault
    return _ThreadedLine(process)
