"""The line to one child: frames with deadlines over pipes, its output counted, its end explained."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from grader.sandbox.inside import frames

__all__ = ["BROKEN", "ChildFloodedError", "ChildGoneError", "ChildLine", "ChildSilentError", "Finish", "LineEnd"]

_CHUNK = 1 << 20
_FLOOD_FACTOR = 16


class ChildSilentError(Exception):
    """The child did not answer, or did not listen, by the deadline."""


class ChildGoneError(Exception):
    """The child closed its end."""


class ChildFloodedError(Exception):
    """The child printed beyond every measure."""


BROKEN = (ChildSilentError, ChildGoneError, ChildFloodedError)
"""What may come of reading from a child, besides a FrameError."""


Finish: TypeAlias = Literal["kill", "let", "forget"]
"""How to end a child: kill it; let it end by itself for a moment first; or kill it without waiting to hear how."""


@dataclass(frozen=True)
class LineEnd:
    """How a child ended: exit code (negative: a signal), why it was killed ("" if it was not), what it used."""

    code: int
    killed: str
    cpu_s: float
    peak_bytes: int


class ChildLine:
    """Pipes to a child. Not thread-safe; `close` must be called and may be called twice."""

    def __init__(
        self,
        *,
        questions: int,
        answers: int,
        output: int,
        output_bytes: int,
        finish: Callable[[Finish], LineEnd | None],
    ) -> None:
        self._questions, self._answers, self._output = questions, answers, output
        self._output_limit = output_bytes * _FLOOD_FACTOR
        self._kept_output = bytearray()
        self._output_bytes, self._keep = 0, output_bytes
        self._finish = finish
        self._buffer = bytearray()
        self._closed = False
        for fd in (questions, answers, output):
            os.set_blocking(fd, False)
        self._poll = select.poll()
        self._poll.register(answers, select.POLLIN)
        self._poll.register(output, select.POLLIN)
        self._poll_to_write = select.poll()
        self._poll_to_write.register(questions, select.POLLOUT)
        self._poll_to_write.register(output, select.POLLIN)

    @property
    def printed(self) -> bytes:
        """The first bytes of what the child printed."""
        return bytes(self._kept_output)

    # ------------------------------------------------------------------ output
    def _drain_output(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._output, _CHUNK):
                self._output_bytes += len(piece)
                self._kept_output += piece[: max(0, self._keep - len(self._kept_output))]
                if self._output_bytes > self._output_limit:
                    raise ChildFloodedError
            for poll in (self._poll, self._poll_to_write):  # closed at the other end: ready for ever
                poll.unregister(self._output)

    def _wait(self, deadline: float) -> None:
        """Wait until an answer may be read, draining output. Raises ChildSilentError at the deadline."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ChildSilentError
            for fd, _ in self._poll.poll(left * 1000):
                if fd == self._output:
                    self._drain_output()
                else:
                    return

    # ------------------------------------------------------------------ frames
    def send(self, header: object, payload: bytes | bytearray = b"", *, deadline: float) -> None:
        """Send one frame. Raises ChildSilentError, ChildGoneError, ChildFloodedError."""
        self.send_packed(frames.pack(header, payload), deadline=deadline)

    def send_packed(self, frame: bytes, *, deadline: float) -> None:
        """Send a frame that was packed before. Raises as `send` does."""
        view = memoryview(frame)
        while view:
            try:
                view = view[os.write(self._questions, view) :]
            except BlockingIOError:
                self._wait_to_write(deadline)
            except OSError:
                raise ChildGoneError from None

    def _wait_to_write(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChildSilentError
        if any(fd == self._output for fd, _ in self._poll_to_write.poll(left * 1000)):
            self._drain_output()

    def _need(self, count: int, deadline: float) -> None:
        while len(self._buffer) < count:
            try:
                piece = os.read(self._answers, _CHUNK)
            except BlockingIOError:
                self._wait(deadline)
                continue
            if not piece:
                raise ChildGoneError
            self._buffer += piece

    def receive(self, *, deadline: float) -> tuple[dict[str, Any], bytes]:
        """The next frame's header and payload.

        Raises FrameError for what is no frame, ChildSilentError, ChildGoneError, ChildFloodedError.
        """
        if time.monotonic() > deadline:
            raise ChildSilentError
        prefix = frames.PREFIX.size
        self._need(prefix, deadline)
        header, payload = frames.prefix_lengths(self._buffer[:prefix])
        self._need(prefix + header + payload, deadline)
        frame = bytes(self._buffer[prefix : prefix + header + payload])
        del self._buffer[: prefix + header + payload]
        return frames.parse_header(frame[:header]), frame[header:]

    # ------------------------------------------------------------------ the end
    def close(self, how: Finish = "kill") -> LineEnd | None:
        """End the child and say how it ended; None where that was not asked, or said before. Raises SandboxError."""
        if self._closed:
            return None
        self._closed = True
        for fd in (self._questions, self._answers, self._output):
            with contextlib.suppress(OSError):
                os.close(fd)
        return self._finish(how)
