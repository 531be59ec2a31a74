"""What runs on a machine of a cluster, inside the process that the cluster started there: text in, text out.

The process itself judges nothing. It keeps worker processes like those of one machine, one for each job it is given at
once, so a submission that ends its worker does not end the cluster's; and when the cluster's is killed, they end too.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from grader.cohort.environment import this_environment
from grader.cohort.executors import Job, Result
from grader.cohort.processes import LocalProcesses
from grader.cohort.wire import decode_settings
from grader.errors import GraderError, SandboxError

__all__ = ["dismiss", "introduce", "judge"]

_IDLE_S = 60.0  # then a warm sandbox is ended: whoever asked may have been killed
_INSIST_EVERY_S = 0.05
_visits: dict[str, _Visit] = {}


# ---------------------------------------------------------------------------- called from afar
def introduce(visit: str, opening: str) -> str:
    """Keep how to grade (`wire.encode_settings`) for the jobs of a visit; tell what there is to grade with."""
    _visits[visit] = _Visit(opening)
    return json.dumps({"environment": this_environment()})


def judge(visit: str, job: str) -> str:
    """Judge a job: its `Result`, or `refused` and the reason, or `unknown` if nobody introduced the visit."""
    host = _visits.get(visit)
    if host is None:
        return json.dumps({"unknown": visit})
    try:
        result = host.judge(Job(**json.loads(job)))
    except GraderError as fault:
        return json.dumps({"refused": type(fault).__name__, "reason": str(fault)})
    except Exception as fault:  # noqa: BLE001 - an exception would travel as a pickle
        reason = f"internal error in a worker: {type(fault).__name__}: {fault}"
        return json.dumps({"refused": SandboxError.__name__, "reason": reason})
    return json.dumps(vars(result))


def dismiss(visit: str) -> None:
    """End a visit and what runs for it, soon: whoever calls this must not wait."""
    host = _visits.pop(visit, None)
    if host is not None:
        threading.Thread(target=host.end, daemon=True).start()


# ---------------------------------------------------------------------------- behind it
class _Visit:
    """One run of somebody's: its settings, and a pool of one worker process for each job at once."""

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._lock = threading.Lock()
        self._free: list[LocalProcesses] = []
        self._busy: list[LocalProcesses] = []
        self._over = False
        self._tidying: threading.Timer | None = None

    def judge(self, job: Job) -> Result:
        """What became of the job. Raises GraderError where nothing can be graded here."""
        with self._pool() as pool:
            pool.submit(job)
            (result,) = pool.results()
            return result

    @contextmanager
    def _pool(self) -> Iterator[LocalProcesses]:
        pool = self._take()
        try:
            yield pool
        except BaseException:
            self._give_back(pool, keep=False)
            raise
        self._give_back(pool, keep=True)

    def _take(self) -> LocalProcesses:
        with self._lock:
            if self._over:
                raise SandboxError("the run has ended")
            if self._tidying is not None:
                self._tidying.cancel()
            pool = self._free.pop() if self._free else LocalProcesses(*decode_settings(json.loads(self._opening)), 1)
            self._busy.append(pool)
            return pool

    def _give_back(self, pool: LocalProcesses, *, keep: bool) -> None:
        with self._lock:
            self._busy.remove(pool)
            keep = keep and not self._over
            if keep:
                self._free.append(pool)
            if not self._busy and not self._over:
                self._tidying = threading.Timer(_IDLE_S, self._tidy)
                self._tidying.daemon = True
                self._tidying.start()
        if not keep:
            pool.close()

    def _tidy(self) -> None:
        with self._lock:
            idle, self._free = self._free, []
        for pool in idle:
            pool.close()

    def end(self) -> None:
        """End its worker processes, those at work included."""
        with self._lock:
            self._over = True
        self._tidy()
        while self._busy:  # one that was only starting is replaced: then that one ends
            for pool in tuple(self._busy):
                for pid in pool.pids:
                    with suppress(OSError):
                        os.kill(pid, signal.SIGTERM)
            time.sleep(_INSIST_EVERY_S)
