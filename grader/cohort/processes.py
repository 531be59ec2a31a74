"""Worker processes of this machine, each with a sandbox of its own, as an executor.

A worker has one job at a time, so it is plain which one it died of; the next is ready here when the answer comes. They
are started as jobs come in: a run in which everything is reused starts none, a small one few.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from grader.cases import CaseBank
from grader.cohort.environment import this_environment
from grader.cohort.executors import FATAL, Job, Result
from grader.cohort.wire import encode_settings
from grader.cohort.worker import command
from grader.errors import SandboxError
from grader.pipeline import Settings

__all__ = ["LocalProcesses"]

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # as many workers as cores
_START_S = 180.0
_END_S = 10.0
_LOOK_EVERY_S = 5.0
_MOST_FAILED_STARTS = 3
_SUBMISSION_SHARES = 20  # a submission is opened up to a dozen times, each bounded by its whole limit


class _Worker:
    """One process; a thread of its own puts what it says, then None, into `events`."""

    def __init__(self, opening: bytes, events: queue.SimpleQueue[tuple[_Worker, bytes | None]]) -> None:
        self.job: Job | None = None
        self.ready = False
        self.late = False
        self.refusal = ""
        self.deadline = time.monotonic() + _START_S
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("GRADE_DEBUG_TEMPLATE") else subprocess.DEVNULL,
                env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        except OSError as fault:
            raise SandboxError(f"a worker process could not be started: {fault}") from fault
        threading.Thread(target=self._listen, args=(events,), daemon=True).start()
        self._send(opening)

    def _listen(self, events: queue.SimpleQueue[tuple[_Worker, bytes | None]]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                events.put((self, line))
        events.put((self, None))

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it died: `_listen` tells
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()

    def give(self, job: Job, patience_s: float) -> None:
        """Have it judge a job; while it is still starting, the time for that counts."""
        self.job = job
        if self.ready:
            self.deadline = _in(patience_s)
        self._send(json.dumps({"key": job.key, "program": job.program}).encode("ascii"))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def let_go(self) -> None:
        """Tell it to end: its input does."""
        assert self._process.stdin is not None
        with suppress(OSError):  # it died with something unread
            self._process.stdin.close()

    def ended(self) -> str:
        """Wait for its end, and say how it ended."""
        self.let_go()
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self.late:
            return "a worker process did not answer and was ended"
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return f"a worker process was ended by {name}"
        return f"a worker process ended (exit status {code})"


def _in(seconds: float) -> float:
    return time.monotonic() + seconds


class LocalProcesses:
    """At most `count` worker processes; one that dies, or has not answered for `patience_s`, is replaced."""

    def __init__(self, settings: Settings, bank: CaseBank, count: int, *, patience_s: float | None = None) -> None:
        self._opening = json.dumps(encode_settings(settings, bank)).encode("ascii")
        self._count = count
        self._patience_s = patience_s or settings.limits.whole_s * _SUBMISSION_SHARES
        self._workers: list[_Worker] = []
        self._waiting: deque[Job] = deque()
        self._events: queue.SimpleQueue[tuple[_Worker, bytes | None]] = queue.SimpleQueue()
        self._failed_starts = 0

    @property
    def environment(self) -> Mapping[str, str | None]:
        """Versions of this interpreter, which is the workers' too."""
        return this_environment()

    @property
    def room(self) -> int:
        """One job for each worker, and one more that is ready for it."""
        return 2 * self._count - len(self._waiting) - sum(worker.job is not None for worker in self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that live now."""
        return tuple(worker.pid for worker in self._workers)

    def submit(self, job: Job) -> None:
        """Hand the job to a worker that is free, to a new one, or keep it until one is. Raises SandboxError."""
        self._waiting.append(job)
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting:
            free = next((worker for worker in self._workers if worker.job is None), None)
            if free is None:
                if len(self._workers) >= self._count:
                    return
                free = _Worker(self._opening, self._events)
                self._workers.append(free)
            free.give(self._waiting.popleft(), self._patience_s)

    def results(self) -> Iterator[Result]:
        """Wait for one result, then give all that are there. Raises one of FATAL, or SandboxError."""
        given = 0
        while self._busy and not (given and self._events.empty()):
            self._end_late_ones()
            try:
                worker, line = self._events.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
            result = self._bury(worker) if line is None else self._hear(worker, json.loads(line))
            self._hand_out()  # before the result is worked on
            if result is not None:
                given += 1
                yield result

    @property
    def _busy(self) -> bool:
        return bool(self._waiting) or any(worker.job is not None for worker in self._workers)

    def _hear(self, worker: _Worker, message: dict[str, Any]) -> Result | None:
        if "refused" in message:
            fatal = next((kind for kind in FATAL if kind.__name__ == message["refused"]), None)
            if fatal is not None:
                raise fatal(message["reason"])
            worker.refusal = message["reason"]  # it ends now, and another is tried
            return None
        if "ready" in message:
            worker.ready, self._failed_starts = True, 0
            worker.deadline = _in(self._patience_s)
            return None
        worker.job = None
        return Result(**message)

    def _bury(self, worker: _Worker) -> Result | None:
        """Take a dead worker out; what it died of is its job's result, unless it had not yet begun."""
        self._workers.remove(worker)
        how, job = worker.ended(), worker.job
        if worker.ready:
            return None if job is None else Result(job.key, None, fault=how)
        self._failed_starts += 1
        if self._failed_starts >= _MOST_FAILED_STARTS:
            raise SandboxError(worker.refusal or f"{how} before it was ready, {_MOST_FAILED_STARTS} times over")
        if job is not None:
            self._waiting.appendleft(job)
        return None

    def _end_late_ones(self) -> None:
        for worker in self._workers:
            if worker.job is not None and time.monotonic() > worker.deadline:
                worker.late = True
                worker.kill()

    def withdraw(self) -> tuple[str, ...]:
        """Give up the jobs that no worker has."""
        keys = tuple(job.key for job in self._waiting)
        self._waiting.clear()
        return keys

    def close(self) -> None:
        """End all workers, and the submissions that run in them."""
        workers, self._workers = self._workers, []
        self._waiting.clear()
        for worker in workers:
            worker.let_go()
        for worker in workers:
            worker.ended()
