"""Workers of a Dask cluster as an executor; whoever runs the cluster starts them (docs/cluster.md).

Each job is given to one worker that is known to be free, never to Dask's own queue: so nothing is stolen, whoever dies
is known to have been at work on it, and what has not begun stays here. What travels is text, both ways; answers are
read without pickle.

A worker joins at any time. It is asked first what it grades with, and set aside if that differs from what is here; a
worker that cannot isolate as asked is set aside as well. A worker that dies costs time: its job is tried elsewhere, up
to `_MOST_DEATHS` workers, so that a submission that kills its worker does not end them all.
"""

from __future__ import annotations

import itertools
import json
import queue
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from grader.cases import CaseBank
from grader.cohort.environment import this_environment
from grader.cohort.executors import FATAL, Executor, Job, Result
from grader.cohort.plain import WireError
from grader.cohort.remote import dismiss, introduce, judge
from grader.cohort.replies import cannot_run, differs, read_reply, read_result, told
from grader.cohort.wire import encode_settings
from grader.errors import SandboxError, UsageError
from grader.pipeline import Settings

__all__ = ["OnDask", "on_dask"]

_CONNECT_S = 15.0
_LOOK_EVERY_S = 1.0
_NO_WORKER_S = 300.0
_FETCH_S = 30.0
_END_S = 10.0
_MOST_DEATHS = 3
_AS_DATA = ("msgpack", "error")  # how answers may be read: pickle is not among them


def on_dask(address: str, refused: dict[str, str]) -> Callable[[Settings, CaseBank], Executor]:
    """What `grade_cohort` takes as `executor`: the cluster whose scheduler is at `address` (`tls://host:8786`).

    `refused` is told of workers that were set aside: why, by their address.
    """
    return lambda settings, bank: OnDask(settings, bank, address, refused=refused)


@dataclass(eq=False)
class _Worker:
    """A process of the cluster: `threads` jobs at once, once it is `ready`; never, if there is a `refusal`."""

    address: str
    threads: int
    ready: bool = False
    refusal: Exception | None = None
    jobs: set[int] = field(default_factory=set)

    @property
    def free(self) -> int:
        """How many jobs it can begin now."""
        return self.threads - len(self.jobs) if self.ready and not self.refusal else 0


@dataclass(frozen=True, eq=False)
class _Sent:
    """What a worker was asked; without a job, who it is."""

    worker: _Worker
    future: Any
    job: Job | None


class OnDask:
    """Judges on the cluster at `address`; waits `patience_s` for a first worker, or for another when all have gone.

    `refused` says of workers that were set aside why. Raises UsageError where Dask or the scheduler is not to be had.
    """

    def __init__(
        self,
        settings: Settings,
        bank: CaseBank,
        address: str,
        *,
        patience_s: float = _NO_WORKER_S,
        refused: dict[str, str] | None = None,
    ) -> None:
        self.refused: dict[str, str] = {} if refused is None else refused
        self._address, self._bank_sha256, self._patience_s = address, bank.sha256, patience_s
        self._opening = json.dumps(encode_settings(settings, bank))
        self._visit = secrets.token_hex(8)
        self._workers: dict[str, _Worker] = {}
        self._waiting: deque[Job] = deque()
        self._sent: dict[int, _Sent] = {}
        self._numbers = itertools.count()
        self._heard: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._lost: deque[Result] = deque()
        self._deaths: Counter[str] = Counter()
        self._look_at = self._ready_at = time.monotonic()
        self._client = _connect(address)
        self._look()

    @property
    def environment(self) -> Mapping[str, str | None]:
        """Versions of this process: a worker with others is set aside."""
        return this_environment()

    @property
    def room(self) -> int:
        """One job for each thread of each worker, and one more that is ready for it; one if there is no worker yet."""
        threads = sum(worker.threads for worker in self._workers.values() if not worker.refusal)
        at_work = sum(len(worker.jobs) for worker in self._workers.values())
        return max(2 * threads, 1) - len(self._waiting) - at_work

    def submit(self, job: Job) -> None:
        """Take the job on; it is sent to a worker that is free, or once one is."""
        if self._deaths[job.key] >= _MOST_DEATHS:
            self._lose(job, "")
            return
        self._waiting.append(job)
        self._hand_out()

    def results(self) -> Iterator[Result]:
        """Wait for one result, then give all that are there. Raises one of FATAL, or SandboxError."""
        given = 0
        while (self._waiting or self._lost or any(sent.job for sent in self._sent.values())) and not (
            given and self._heard.empty() and not self._lost
        ):
            self._look()
            if self._lost:
                result: Result | None = self._lost.popleft()
            else:
                result = self._hear()
            self._hand_out()  # before the result is worked on
            if result is not None:
                given += 1
                yield result

    def withdraw(self) -> tuple[str, ...]:
        """Give up the jobs that no worker has."""
        keys = tuple(job.key for job in self._waiting)
        self._waiting.clear()
        return keys

    def close(self) -> None:
        """End what runs for us on the cluster, and leave it; its workers stay."""
        client, self._client = self._client, None
        if client is None:
            return
        known = [worker.address for worker in self._workers.values() if worker.ready]

        def leave() -> None:
            with suppress(Exception):  # a worker that has gone, a scheduler that has: it ends by itself
                client.run(dismiss, self._visit, workers=known, on_error="ignore")
            with suppress(Exception):
                client.close(timeout=_END_S)

        leaving = threading.Thread(target=leave, daemon=True)
        leaving.start()
        leaving.join(2 * _END_S)  # one that hangs must not keep us

    # ------------------------------------------------------------------ who is there
    def _look(self) -> None:
        """Now and then: meet workers that are new, bury those that have gone. Raises SandboxError, or one of FATAL."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_S
        try:
            alive: dict[str, int] = self._client.nthreads()
        except Exception as fault:
            raise SandboxError(f"the scheduler at {self._address} is gone: {told(fault)}") from fault
        for address in self._workers.keys() - alive.keys():
            self._workers.pop(address)
            self._bury(address)
        for address in sorted(alive.keys() - self._workers.keys()):
            worker = self._workers[address] = _Worker(address, max(alive[address], 1))
            self._ask(worker, None, introduce, self._opening)
        self._hand_out()
        self._insist_on_someone(now)

    def _insist_on_someone(self, now: float) -> None:
        if any(worker.ready and not worker.refusal for worker in self._workers.values()):
            self._ready_at = now
        elif self._workers and all(worker.refusal for worker in self._workers.values()):
            raise next(worker.refusal for worker in self._workers.values() if worker.refusal)
        elif now > self._ready_at + self._patience_s:
            raise SandboxError(
                f"no worker at {self._address} for {self._patience_s:.0f} s: start some; what is graded is kept, and "
                "the same command goes on"
            )

    def _bury(self, address: str) -> None:
        for number, sent in tuple(self._sent.items()):
            if sent.worker.address == address:
                del self._sent[number]
                sent.future.release()
                if sent.job is not None:
                    self._try_elsewhere(sent.job, "the worker died")

    def _try_elsewhere(self, job: Job, trouble: str) -> None:
        self._deaths[job.key] += 1
        if self._deaths[job.key] >= _MOST_DEATHS:
            self._lose(job, f": {trouble}")
        else:
            self._waiting.appendleft(job)

    def _lose(self, job: Job, trouble: str) -> None:
        self._lost.append(Result(job.key, None, fault=f"{_MOST_DEATHS} workers of the cluster failed at it{trouble}"))

    def _refuse(self, worker: _Worker, refusal: Exception) -> None:
        worker.refusal = refusal
        self.refused[worker.address] = str(refusal)
        self._look_at = 0.0  # it may have been the last one

    # ------------------------------------------------------------------ what they are asked
    def _hand_out(self) -> None:
        while self._waiting:
            worker = max(self._workers.values(), key=lambda worker: worker.free, default=None)
            if worker is None or worker.free < 1:
                return
            job = self._waiting.popleft()
            self._ask(worker, job, judge, json.dumps({"key": job.key, "program": job.program}))

    def _ask(self, worker: _Worker, job: Job | None, function: Callable[[str, str], str], text: str) -> None:
        number = next(self._numbers)
        future = self._client.submit(
            function,
            self._visit,
            text,
            key=f"grade-{self._visit}-{number}",
            workers=[worker.address],
            allow_other_workers=False,
            pure=False,
        )
        self._sent[number] = _Sent(worker, future, job)
        if job is not None:
            worker.jobs.add(number)
        future.add_done_callback(lambda _: self._heard.put(number))

    def _hear(self) -> Result | None:
        """Wait a moment for one answer and act on it. Raises one of FATAL, or SandboxError."""
        try:
            number = self._heard.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            return None
        sent = self._sent.pop(number, None)
        if sent is None:  # of a worker that was buried
            return None
        sent.worker.jobs.discard(number)
        try:
            message = read_reply(sent.future.result(timeout=_FETCH_S))
        except Exception as fault:  # noqa: BLE001 - of Dask's, of many kinds: never a submission's
            self._fail(sent, fault)
            return None
        finally:
            sent.future.release()
        if sent.job is not None:
            return self._take(sent.worker, sent.job, message)
        self._meet(sent.worker, message)
        return None

    def _fail(self, sent: _Sent, fault: Exception) -> None:
        """Make do without an answer: there was an exception, or it was lost on the way."""
        if sent.job is not None:
            self._try_elsewhere(sent.job, told(fault))
        elif sent.future.status == "error":
            self._refuse(sent.worker, SandboxError(cannot_run(sent.worker.address, fault)))
        else:
            self._workers.pop(sent.worker.address, None)  # the next look meets it anew, if it is there

    def _meet(self, worker: _Worker, message: Mapping[str, Any]) -> None:
        here, there = this_environment(), message.get("environment")
        if there == here:
            worker.ready = True
        else:
            self._refuse(worker, SandboxError(differs(worker.address, here, there)))

    def _take(self, worker: _Worker, job: Job, message: Mapping[str, Any]) -> Result | None:
        if "refused" in message:
            kind = next((kind for kind in FATAL if kind.__name__ == message["refused"]), SandboxError)
            self._refuse(worker, kind(f"worker {worker.address}: {message.get('reason')}"))
            self._waiting.appendleft(job)
            return None
        if "unknown" in message:  # it died and came back under the same address
            worker.ready = False
            self._ask(worker, None, introduce, self._opening)
            self._try_elsewhere(job, "the worker died")
            return None
        try:
            return read_result(message, job, self._bank_sha256)
        except WireError as fault:
            return Result(job.key, None, fault=f"worker {worker.address} gave no result: {fault}")


# ---------------------------------------------------------------------------- Dask
def _connect(address: str) -> Any:
    try:
        import distributed  # noqa: PLC0415 - an optional package, and a second to import
    except ImportError as fault:
        raise UsageError("--scheduler needs Dask: pip install 'bptt-grader[cluster]'") from fault
    try:
        client: Any = distributed.Client
        return client(address, timeout=_CONNECT_S, set_as_default=False, deserializers=_AS_DATA)
    except Exception as fault:
        raise UsageError(f"--scheduler {address}: no Dask scheduler answers there: {told(fault)}") from fault
