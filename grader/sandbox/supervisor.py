"""The supervisor's side: probe what confines the children, and open them. It trusts nothing that comes back.

The template is another process of ours: what it says is believed. The child is not: its frames are read with
bounds and deadlines, and a frame that cannot be read is the submission's fault.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

from grader.closing import Closing
from grader.errors import DeviceError, SandboxError
from grader.model import Isolation, Program
from grader.sandbox.inside.frames import FrameError
from grader.sandbox.inside.scratch import remove_tree
from grader.sandbox.launch import Switches, Template
from grader.sandbox.levels import Level, Limits, conclude, require, unconfined
from grader.sandbox.line import BROKEN, ChildGoneError, ChildLine, Finish, LineEnd
from grader.sandbox.probe import run_canaries
from grader.sandbox.unconfined import spawn_unconfined

__all__ = ["Sandbox"]

_START_S = 60.0
_END_S = 10.0
_GRACE_S = 0.5
_LOADS_LATE = re.compile(r"optim|torch\.func\b|import func\b|functorch|utils\.checkpoint|utils import checkpoint")


class Sandbox(Closing):
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
        self._ended: dict[int, LineEnd] = {}
        self._forgotten: set[int] = set()
        self._spare: ChildLine | None = None
        self._has_late = False
        self.facts: Mapping[str, Any] = {}
        _let_children_work()

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
        self._template.make_private()
        folder = self._template.private / "probe"
        try:
            folder.mkdir(mode=0o711)
            held = run_canaries(self.spawn, folder, device=self.device, memory_bytes=self.limits.memory_bytes)
        except OSError as fault:
            raise SandboxError(f"the sandbox could not be probed: {fault}") from fault
        # soon, so that nothing is left on disk should this process be killed; the template removes the rest itself
        remove_tree(str(self._template.private if self.facts["namespaces"] else folder))
        if held.get("device") is False:
            raise DeviceError(
                f"--device {self.device} was asked for, but there is no such device here; try --device cpu"
            )
        return conclude(self.facts, held)

    # ------------------------------------------------------------------ children
    def spawn(self) -> ChildLine:
        """Give a fresh child, confined and waiting. The caller closes it. Raises SandboxError."""
        line, self._spare = self._spare or self._begin(), None
        self._greet(line)
        return line

    def prepare(self) -> None:
        """Begin the next child now, so that it is confined while another core grades. Raises SandboxError."""
        if self._spare is None:
            self._spare = self._begin()

    def warm_for(self, program: Program) -> None:
        """Have the template import what torch loads with the first optimizer, if the program's text speaks of one.

        `torch.func` and checkpoints load the same. It takes as long as torch itself: no time of the submission's, and
        not to be spent on those without. What is told of the program is this one bit. Raises SandboxError.
        """
        if self._has_late or not self._template.confining:
            return
        texts = (*(cell.source for cell in program.cells), *(companion.source for companion in program.companions))
        if not any(_LOADS_LATE.search(text) for text in texts):
            return
        self._has_late = True
        self._drop_spare()
        self._template.send({"warm": "optimizers"})

    def _drop_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.close("forget")

    def _begin(self) -> ChildLine:
        if self._template.confining:
            self._hear_ends()
            return self._fork()
        return spawn_unconfined(tempfile.mkdtemp(prefix="run-", dir=self._template.private))

    def _fork(self) -> ChildLine:
        (question_read, question_write), (answer_read, answer_write), (output_read, output_write) = _pipes(3)
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
            end = line.close("let" if isinstance(fault, ChildGoneError) else "kill")
            said = line.printed.decode("utf-8", "replace").strip()[-300:]
            raise SandboxError(f"a child could not be confined ({type(fault).__name__}, {end}): {said}") from fault
        if header != {"confined": True}:
            raise SandboxError(f"a child began with {header!r}")

    def _finisher(self, run: int) -> Callable[[Finish], LineEnd | None]:
        """What ends run `run` and says how it ended."""

        def finish(how: Finish) -> LineEnd | None:
            deadline = time.monotonic() + _END_S
            # one that is ending by itself is let end, to learn how
            if how != "let" or not self._heard_of(run, time.monotonic() + _GRACE_S):
                self._template.send({"kill": run})
            if how == "forget":
                self._forgotten.add(run)
                return None
            if not self._heard_of(run, deadline):
                raise SandboxError(f"a child could not be ended within {_END_S:.0f} s")
            return self._ended.pop(run)

        return finish

    def _heard_of(self, run: int, deadline: float) -> bool:
        """Whether the template reports the end of `run` by the deadline; the ends of others are kept."""
        while run not in self._ended:
            left = deadline - time.monotonic()
            if left <= 0 or not self._template.answers_within(left):
                return False
            self._hear_end()
        return True

    def _hear_end(self) -> None:
        message = self._template.hear(1.0)
        run = int(message["ended"])
        if run in self._forgotten:
            self._forgotten.remove(run)
            return
        self._ended[run] = LineEnd(
            code=int(message["code"]),
            killed=str(message["killed"]),
            cpu_s=float(message["cpu_s"]),
            peak_bytes=int(message["peak_kib"]) * 1024,
        )

    def _hear_ends(self) -> None:
        """Take in what the template reports unasked: it stops once some hundred reports wait in its socket."""
        while self._template.answers_within(0):
            self._hear_end()

    def close(self) -> None:
        """End the template and whatever it started; remove what lies on disk."""
        with contextlib.suppress(SandboxError):  # the template is gone, and its children with it
            self._drop_spare()
        self._template.close()


def _pipes(count: int) -> list[tuple[int, int]]:
    """So many pipes, or none. Raises SandboxError."""
    made: list[tuple[int, int]] = []
    try:
        while len(made) < count:
            made.append(os.pipe())
    except OSError as fault:
        for fd in (fd for pipe in made for fd in pipe):
            os.close(fd)
        raise SandboxError(f"no pipe to a child can be made: {fault.strerror}") from fault
    return made


def _let_children_work() -> None:
    """Have the kernel treat this process as batch work: an answer must not interrupt the child that gives it.

    Where waking up preempts, child and supervisor take turns on one core, and a grading takes a fifth longer.
    """
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # a policy set from outside may not be ours to change
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
