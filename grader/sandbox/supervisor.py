"""The supervisor's side: probe what confines the children, and open them. It trusts nothing that comes back.

The template is another process of ours: what it says is believed. The child is not: its frames are read with
bounds and deadlines, and a frame that cannot be read is the submission's fault.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from grader.errors import DeviceError, SandboxError
from grader.model import Isolation
from grader.sandbox.inside.frames import FrameError
from grader.sandbox.launch import Switches, Template
from grader.sandbox.levels import Level, Limits, conclude, require, unconfined
from grader.sandbox.line import BROKEN, ChildGoneError, ChildLine, LineEnd
from grader.sandbox.probe import run_canaries
from grader.sandbox.unconfined import spawn_unconfined

__all__ = ["Sandbox"]

_START_S = 60.0
_END_S = 10.0
_GRACE_S = 0.5


class Sandbox:
    """A warm template process and the children forked from it, one at a time.

    The constructor starts the template (or takes one that is starting) and returns at once; `ready` waits for it,
    probes it with canaries and raises IsolationError below `least`, DeviceError without the device, SandboxError
    for other faults. Elsewhere than on Linux each child is a fresh, unconfined process (level `basic`, or `none`).
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        device: str = "cpu",
        least: Level = "standard",
        switches: Switches | None = None,
        template: Template | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.least = least
        self._template = template or Template(device=device, switches=switches)
        self.device = self._template.device
        self._isolation: Isolation | None = None
        self._runs = 0
        self._open: ChildLine | None = None
        self.facts: Mapping[str, Any] = {}

    def ready(self) -> Isolation:
        """Wait for the template, probe it once, and return what confines its children."""
        found = self.examine()
        require(found, self.least)
        return found

    def examine(self) -> Isolation:
        """Like `ready`, whatever the level found."""
        if self._isolation is None:
            confining = self._template.confining
            self._isolation = self._probe() if confining else unconfined("none" if self.least == "none" else "basic")
        return self._isolation

    def _probe(self) -> Isolation:
        message = self._template.hear(_START_S)
        if "ready" not in message:
            raise SandboxError(f"the sandbox could not be set up: {message.get('fault')}")
        self.facts = message["ready"]
        held = run_canaries(
            self.spawn, self._template.private, device=self.device, memory_bytes=self.limits.memory_bytes
        )
        if held.get("device") is False:
            raise DeviceError(
                f"--device {self.device} was asked for, but there is no such device here; try --device cpu"
            )
        return conclude(self.facts, held)

    # ------------------------------------------------------------------ children
    def spawn(self) -> ChildLine:
        """Fork a child, the one before it being closed first. Raises SandboxError."""
        if self._open is not None:
            self._open.close()
        if self._template.confining:
            self._open = self._fork()
        else:
            home = tempfile.mkdtemp(prefix="run-", dir=self._template.private)
            self._open = spawn_unconfined(home)
        self._greet(self._open)
        return self._open

    def _fork(self) -> ChildLine:
        question_read, question_write = os.pipe()
        answer_read, answer_write = os.pipe()
        output_read, output_write = os.pipe()
        self._runs += 1
        request = {
            "run": self._runs,
            "cpu_s": int(self.limits.whole_s) + 2,
            "memory_bytes": self.limits.memory_bytes,
            "scratch_bytes": self.limits.scratch_bytes,
        }
        try:
            self._template.send(request, [question_read, answer_write, output_write])
        except SandboxError:
            for fd in (question_write, answer_read, output_read):
                os.close(fd)
            raise
        finally:
            for fd in (question_read, answer_write, output_write):
                os.close(fd)
        return ChildLine(
            questions=question_write,
            answers=answer_read,
            output=output_read,
            output_bytes=self.limits.output_bytes,
            finish=self._finisher(self._runs),
        )

    @staticmethod
    def _greet(line: ChildLine) -> None:
        """Wait for the child to say that it is confined: before that, whatever fails is ours. Raises SandboxError."""
        try:
            header, _ = line.receive(deadline=time.monotonic() + _START_S)
        except (*BROKEN, FrameError) as fault:
            end = line.close(kill=not isinstance(fault, ChildGoneError))
            said = line.printed.decode("utf-8", "replace").strip()[-300:]
            raise SandboxError(f"a child could not be confined ({type(fault).__name__}, {end}): {said}") from fault
        if header != {"confined": True}:
            raise SandboxError(f"a child began with {header!r}")

    def _finisher(self, run: int) -> Callable[[bool], LineEnd]:
        """What ends run `run` and says how it ended: `finish(kill)`."""

        def finish(kill: bool) -> LineEnd:  # noqa: FBT001 - a callback with one question
            deadline = time.monotonic() + _END_S
            if kill or not self._template.answers_within(_GRACE_S):  # one that is ending is let end, to learn how
                self._template.send({"kill": run})
            while True:
                message = self._template.hear(max(0.01, deadline - time.monotonic()))
                if message.get("ended") == run:
                    return LineEnd(
                        code=int(message["code"]),
                        killed=str(message["killed"]),
                        cpu_s=float(message["cpu_s"]),
                        peak_bytes=int(message["peak_kib"]) * 1024,
                    )

        return finish

    def close(self) -> None:
        """End the template and whatever it started; remove what lies on disk."""
        try:
            if self._open is not None:
                self._open.close()
        except SandboxError:
            pass
        finally:
            self._open = None
            self._template.close()

    def __enter__(self) -> Sandbox:
        """Use as a context: closed at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
