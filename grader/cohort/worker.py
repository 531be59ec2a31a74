"""A worker process: judges what its parent sends, one submission after another, in a warm sandbox of its own.

`python -c "... main()"` with one line of JSON in, the settings, then a line for each job; lines of JSON out, the first
one when it is ready. It ends when its input does: at once, whatever it is doing, for then nobody waits for the answer.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from grader.errors import GraderError
from grader.sandbox.launch import Template

if TYPE_CHECKING:
    from grader.cohort.executors import Bench

__all__ = ["command", "main"]

_BOOT = "import sys; sys.path[:] = {path!r}; from grader.cohort.worker import main; main()"


def command() -> list[str]:
    """How to start a worker with our own interpreter and search path, whatever the environment says."""
    return [sys.executable, "-I", "-c", _BOOT.format(path=sys.path)]


class _Line:
    """The parent's end: what comes in is waiting in `inbox`, None once it has gone; only `tell` writes to it."""

    def __init__(self) -> None:
        self.inbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.busy = False
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whatever a library prints
        signal.signal(signal.SIGINT, self._interrupted)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin.buffer:
            self.inbox.put(line)
        self.inbox.put(None)
        main_thread = threading.main_thread().ident
        if hasattr(signal, "pthread_kill") and main_thread is not None:
            signal.pthread_kill(main_thread, signal.SIGINT)  # wakes it where it waits for a child
        else:
            signal.raise_signal(signal.SIGINT)

    def _interrupted(self, _number: int, _frame: Any) -> None:
        if self.busy:
            raise KeyboardInterrupt

    def tell(self, message: dict[str, Any]) -> None:
        """Send one line. Raises BrokenPipeError."""
        self._out.write(json.dumps(message).encode("ascii") + b"\n")
        self._out.flush()


def main() -> None:
    """Serve until the parent has gone."""
    line = _Line()
    opening = line.inbox.get()
    if opening is None:
        return
    line.busy = True
    try:
        _serve(line, json.loads(opening))
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the parent has gone
    except GraderError as fault:
        _refuse(line.tell, type(fault).__name__, str(fault))
    except Exception as fault:  # noqa: BLE001 - said by name, for nobody sees a traceback
        _refuse(line.tell, "SandboxError", f"internal error in a worker: {type(fault).__name__}: {fault}")


def _refuse(tell: Callable[[dict[str, Any]], None], kind: str, reason: str) -> None:
    with suppress(BrokenPipeError):
        tell({"refused": kind, "reason": reason})


def _serve(line: _Line, opening: dict[str, Any]) -> None:
    template = Template(device=opening["settings"]["device"])  # before what imports NumPy
    bench: Bench | None = None
    try:
        from grader.cohort.executors import Bench, Job  # noqa: PLC0415 - the template's torch loads meanwhile
        from grader.cohort.wire import decode_settings  # noqa: PLC0415 - the same

        bench = Bench(*decode_settings(opening), template=template)
        line.tell({"ready": os.getpid()})
        while True:
            line.busy = False
            request = line.inbox.get()
            line.busy = True
            if request is None:
                return
            result = bench.judge(Job(**json.loads(request)))
            line.tell(
                {"key": result.key, "judged": result.judged, "wall_s": result.wall_s, "fault": result.fault},
            )
    finally:
        line.busy = False
        if bench is not None:
            bench.close()
        template.close()
