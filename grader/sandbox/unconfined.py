"""Level basic: a process of its own with time limits, where there is no confinement (macOS, Windows)."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from typing import IO

from grader.errors import SandboxError
from grader.sandbox.inside import frames
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
        self._pieces: queue.Queue[bytes] = queue.Queue(maxsize=64)
        self._buffer = bytearray()
        self._closed = False
        threading.Thread(target=self._read_all, args=(process.stdout,), daemon=True).start()

    @property
    def printed(self) -> bytes:
        """Output is thrown away at this level."""
        return b""

    def _read_all(self, stream: IO[bytes]) -> None:
        while piece := stream.read1(1 << 20):  # type: ignore[attr-defined]
            self._pieces.put(piece)
        self._pieces.put(b"")

    def _need(self, count: int, deadline: float) -> None:
        while len(self._buffer) < count:
            try:
                piece = self._pieces.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise ChildSilentError from None
            if not piece:
                raise ChildGoneError
            self._buffer += piece

    def send(self, header: object, payload: bytes | bytearray = b"", *, deadline: float) -> None:
        """Send one frame from a helper thread, so that a child that does not read cannot stop the supervisor."""
        data = frames.pack(header, payload)
        failed: list[OSError] = []

        def write() -> None:
            try:
                self._stdin.write(data)
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
        if killed:
            self._process.kill()
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired as fault:
            raise SandboxError("a child process could not be ended") from fault
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
        )
    except OSError as fault:
        raise SandboxError(f"a child process could not be started: {fault}") from fault
    return _ThreadedLine(process)
