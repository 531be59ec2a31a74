"""Where submissions are judged: the protocol that the engine speaks, and the simplest that speaks it.

A job goes out as plain data and comes back as plain data, so an executor may be this process, processes of this
machine (`grader.cohort.processes`) or machines elsewhere. It never sees a path, a name or a rubric's points.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from grader.cases import CaseBank
from grader.cohort.environment import this_environment
from grader.cohort.plain import canonical
from grader.cohort.wire import decode_program, encode_judged
from grader.errors import BankError, DeviceError, IsolationError, SandboxError
from grader.pipeline import Grader, Settings
from grader.sandbox.launch import Template

__all__ = ["FATAL", "Bench", "Executor", "InProcess", "Job", "Result"]

FATAL = (BankError, DeviceError, IsolationError)
"""What keeps this machine from grading at all: trying again changes nothing."""


@dataclass(frozen=True)
class Job:
    """A submission to judge: `program` is what `wire.encode_program` wrote, `key` names the result."""

    key: str
    program: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    """What became of a job: `judged`, for `wire.decode_judged`, or None and the `fault` of ours that prevented it."""

    key: str
    judged: Mapping[str, Any] | None
    wall_s: float = 0.0
    fault: str = ""


class Executor(Protocol):
    """Judges jobs, in any order. Whoever made it closes it.

    `environment` is what it judges with (`environment.this_environment()`, there): part of every verdict's key, so it
    must be known before anything starts, and the same for each of its workers.
    """

    @property
    def environment(self) -> Mapping[str, str | None]:
        """Versions that it judges with."""
        ...

    @property
    def room(self) -> int:
        """How many more jobs it takes now: enough to be busy, few enough that memory does not grow with the cohort."""
        ...

    def submit(self, job: Job) -> None:
        """Take a job on; call only while there is `room`. Raises one of FATAL, or SandboxError."""
        ...

    def results(self) -> Iterator[Result]:
        """Wait for at least one result, then give all there are; nothing if no job is on.

        Each job gives one result: a worker that dies gives a `fault`, and is replaced; it is for the engine to try
        again. Raises one of FATAL, or SandboxError where no worker can be started.
        """
        ...

    def withdraw(self) -> tuple[str, ...]:
        """Give up the jobs that have not begun; return their keys."""
        ...

    def close(self) -> None:
        """End it, and whatever it started. May be called twice."""
        ...


class Bench:
    """A `Grader` that judges data, replaced by a new one after a fault of ours; use it as `InProcess` does."""

    def __init__(self, settings: Settings, bank: CaseBank, *, template: Template | None = None) -> None:
        self._settings, self._bank = settings, bank
        self._grader: Grader | None = Grader(settings, several=True, template=template, bank=bank)

    def judge(self, job: Job) -> Result:
        """Judge one job. Raises one of FATAL if the sandbox has to be started anew and cannot be."""
        began = time.monotonic()
        try:
            if self._grader is None:
                self._grader = Grader(self._settings, several=True, bank=self._bank)
            judged = self._grader.judge(decode_program(job.program), "")
            data = encode_judged(judged)
            canonical(data)  # what cannot be written must not get as far as the store
        except FATAL:
            raise
        except SandboxError as fault:
            return self._at_fault(job, str(fault))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is a fault of ours and no mark
            place = traceback.extract_tb(fault.__traceback__)[-1]
            where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
            return self._at_fault(job, f"internal error: {type(fault).__name__}: {fault} ({where})")
        if judged.outcome == "ungraded":
            self.close()  # who knows what state it is in
        return Result(job.key, data, time.monotonic() - began)

    def _at_fault(self, job: Job, fault: str) -> Result:
        self.close()
        return Result(job.key, None, fault=fault)

    def close(self) -> None:
        """End the sandbox."""
        grader, self._grader = self._grader, None
        if grader is not None:
            grader.close()


class InProcess:
    """Judges here, one job after another; the sandbox starts with the first one, unless a `template` is starting."""

    def __init__(self, settings: Settings, bank: CaseBank, *, template: Template | None = None) -> None:
        self._settings, self._bank, self._template = settings, bank, template
        self._bench: Bench | None = None
        self._jobs: list[Job] = []

    @property
    def environment(self) -> Mapping[str, str | None]:
        """Versions of this process."""
        return this_environment()

    @property
    def room(self) -> int:
        """One, or none."""
        return 1 - len(self._jobs)

    def submit(self, job: Job) -> None:
        """Take the job on; `results` judges it."""
        self._jobs.append(job)

    def results(self) -> Iterator[Result]:
        """Judge what was submitted. Raises one of FATAL or SandboxError if the sandbox does not start."""
        while self._jobs:
            if self._bench is None:
                self._bench = Bench(self._settings, self._bank, template=self._template)
            yield self._bench.judge(self._jobs.pop())

    def withdraw(self) -> tuple[str, ...]:
        """Give up what was submitted and not yet judged."""
        keys = tuple(job.key for job in self._jobs)
        self._jobs.clear()
        return keys

    def close(self) -> None:
        """End the sandbox, one that was never used included."""
        if self._bench is not None:
            self._bench.close()
        elif self._template is not None:
            self._template.close()
