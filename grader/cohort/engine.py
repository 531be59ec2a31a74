"""Grade a cohort: hand out what is new, reuse what is known, keep each result as it comes.

The parent reads submissions and never runs one. What it hands out is the program as read, not its path: the verdict
then belongs to the very bytes that its key names, and a worker sees nobody else's file. It holds as many programs as
are being judged, and no result: those are in the store, from which everything is written in the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from grader.cases import CaseBank
from grader.closing import Closing
from grader.cohort.executors import Executor, InProcess, Job, Result
from grader.cohort.plain import key_of, to_data
from grader.cohort.processes import LocalProcesses
from grader.cohort.records import VerdictKey
from grader.cohort.store import Store
from grader.cohort.wire import content_key, decode_judged, encode_program, judging_facts
from grader.errors import UnreadableError
from grader.load import load_program
from grader.load.files import shown
from grader.model import Program
from grader.pipeline import Settings, bank_for
from grader.result import Judged, Outcome, Report, Submission
from grader.score import report_of

__all__ = ["Graded", "Marks", "Progress", "StartExecutor", "Work", "grade_cohort"]

_TRIES = 2

StartExecutor: TypeAlias = Callable[[Settings, CaseBank], Executor]


@dataclass(frozen=True)
class Work:
    """One file of one student's; `name` is what to call it in the report, the path as given unless it says other.

    `exclude` (resolved paths) holds other people's files, never to be imported; empty: every file of the cohort.
    `fault` says why there is nothing to read at `path`, where that is known: it is then not opened; `missing`: nothing
    was handed in.
    """

    student: str
    path: Path
    name: str = ""
    exclude: frozenset[Path] = frozenset()
    fault: str = ""
    missing: bool = False

    @property
    def shown(self) -> str:
        """What the report calls it."""
        return self.name or str(self.path)


@dataclass(frozen=True)
class Progress:
    """How far a run is: `failing` of those `done` are below the pass mark, `reused` were known before the run.

    `same` are the same, byte for byte, as another that the run judged; a `missing` one is not among the `unreadable`.
    `rate` is new verdicts a second, `left_s` the seconds to go; None while nobody can say. `last` is the file that was
    done last, as the report calls it.
    """

    total: int
    done: int = 0
    failing: int = 0
    unreadable: int = 0
    missing: int = 0
    ungraded: int = 0
    reused: int = 0
    same: int = 0
    elapsed_s: float = 0.0
    rate: float | None = None
    left_s: float | None = None
    last: str = ""


@dataclass(frozen=True, eq=False)
class Graded:
    """A student's report, as the store gives it back: without timings."""

    student: str
    report: Report


class Marks(Closing):
    """What a run found, read from the store when asked; the store stays locked until this is closed.

    `interrupted`: it was told to stop, so some are missing, and the same call goes on where it stopped.
    """

    def __init__(self, store: Store, run: int, settings: Settings, progress: Progress, *, interrupted: bool) -> None:
        self.store, self.run, self.progress, self.interrupted = store, run, progress, interrupted
        self._settings = settings

    def __iter__(self) -> Iterator[Graded]:
        """The reports by student, then path: the same order and content however the work was done."""
        for grading in self.store.gradings(self.run):
            yield Graded(grading.student, report_of(grading.judged, self._settings.rubric))

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()


def grade_cohort(  # noqa: PLR0913 - the one way in
    works: Iterable[Work],
    settings: Settings,
    out: Path,
    *,
    jobs: int = 1,
    executor: StartExecutor | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Marks:
    """Grade `works` into the store in the folder `out` and return its marks, locked: close them.

    `jobs` worker processes judge, or with 1 this process; `executor` starts something else instead. What the store
    already knows is not judged again, and files that are the same are judged once. A worker that dies is replaced and
    its submission tried once more; after that it is "ungraded", as for any fault of ours, and the next run tries again.

    `progress` hears of every file that is done; once `stop` says so nothing new begins, and what runs is finished.
    Killed at any moment, the same call goes on where it stopped. Raises UsageError if another process is grading into
    `out`, GraderError if the disk is full, and IsolationError, DeviceError, BankError or SandboxError if nothing can be
    graded here.
    """
    wanted = tuple(works)
    store = Store(out)
    try:
        bank = bank_for(settings)
        start = executor or (InProcess if jobs == 1 else _processes(jobs))
        with closing(start(settings, bank)) as running:
            judging = judging_facts(settings, bank.sha256)
            run = store.begin(_facts(settings, judging, running.environment))
            grading = _Grading(store, run, settings, running, key_of(judging))
            grading.tell, grading.stopped = progress or _nobody, stop or _never
            interrupted = not grading.grade(wanted)
        if not interrupted:
            store.finish(run)
        return Marks(store, run, settings, grading.progress, interrupted=interrupted)
    except BaseException:
        store.close()
        raise


def _processes(jobs: int) -> StartExecutor:
    return lambda settings, bank: LocalProcesses(settings, bank, jobs)


def _facts(
    settings: Settings, judging: Mapping[str, object], environment: Mapping[str, str | None]
) -> dict[str, object]:
    """All that a run goes by, for its history."""
    return {"rubric": to_data(settings.rubric), "judging": dict(judging), "environment": dict(environment)}


def _nobody(_progress: Progress) -> None:
    """Nobody wants to know."""


def _never() -> bool:
    """Nobody stops it."""
    return False


@dataclass
class _Pending:
    """A job that is out, and everyone who handed in the same."""

    job: Job
    works: list[Work] = field(default_factory=list)
    tries: int = 1


class _Grading:
    """One run."""

    tell: Callable[[Progress], None]
    stopped: Callable[[], bool]

    def __init__(self, store: Store, run: int, settings: Settings, executor: Executor, judging: str) -> None:
        self._store, self._run, self._settings, self._executor = store, run, settings, executor
        self._judging, self._environment = judging, key_of(dict(executor.environment))
        self._pending: dict[str, _Pending] = {}
        self._judged: set[str] = set()
        self._began = time.monotonic()
        self.progress = Progress(0)

    def grade(self, works: tuple[Work, ...]) -> bool:
        """Grade all of them; False if stopped before."""
        self.progress = Progress(len(works))
        everyone = frozenset(_real_paths(works))
        for work in works:
            if self.stopped():
                break
            self._take(work, everyone)
        while self._pending:
            if self.stopped():
                for key in self._executor.withdraw():
                    self._pending.pop(key, None)
            self._collect()
        return self.progress.done == len(works)

    # ------------------------------------------------------------------ one submission
    def _take(self, work: Work, everyone: frozenset[Path]) -> None:
        """Settle a submission if that needs no judging, else hand it out once there is room."""
        if work.fault:
            self._record((work,), _nothing("unreadable", work.fault))
            return
        try:
            program = load_program(work.path, exclude=work.exclude or everyone)
        except UnreadableError as fault:
            reason = str(fault).replace(shown(work.path), shown(work.shown))
            self._record((work,), _nothing("unreadable", reason))
            return
        except Exception as fault:  # noqa: BLE001 - a fault of ours with one must not cost the others theirs
            self._record((work,), _nothing("ungraded", _internal(fault)))
            return
        content = content_key(program)
        if content not in self._pending:
            known = self._store.find(self._key(content), least=self._settings.isolation)
            if known is not None:
                self._record((work,), known.judged, verdict=known.number, known=1, same=content in self._judged)
                return
            self._hand_out(content, program)
        self._pending[content].works.append(work)

    def _hand_out(self, content: str, program: Program) -> None:
        while self._executor.room < 1:
            self._collect()
        job = Job(content, encode_program(program))
        self._pending[content] = _Pending(job)
        self._executor.submit(job)

    def _key(self, content: str) -> VerdictKey:
        return VerdictKey(content, self._judging, self._environment)

    # ------------------------------------------------------------------ results
    def _collect(self) -> None:
        for result in self._executor.results():
            self._settle(result)

    def _settle(self, result: Result) -> None:
        pending = self._pending[result.key]
        judged = self._read(result)
        if judged.outcome == "graded":
            kept = self._store.keep(self._key(result.key), judged, result.wall_s)
            del self._pending[result.key]
            self._judged.add(result.key)
            self._record(pending.works, kept.judged, verdict=kept.number, known=len(pending.works) - 1, same=True)
        elif pending.tries == _TRIES:
            del self._pending[result.key]
            self._record(pending.works, judged)
        elif self.stopped():
            del self._pending[result.key]  # the next run tries again
        else:
            pending.tries += 1
            self._executor.submit(pending.job)

    def _read(self, result: Result) -> Judged:
        """What was found, or the fault of ours that there was."""
        if result.judged is None:
            return _nothing("ungraded", result.fault)
        try:
            judged = decode_judged(result.judged, "")
            report_of(judged, self._settings.rubric)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is a fault of ours and no mark
            return _nothing("ungraded", _internal(fault))
        return judged

    def _record(
        self,
        works: Sequence[Work],
        judged: Judged,
        *,
        verdict: int | None = None,
        known: int = 0,
        same: bool = False,
    ) -> None:
        """Keep what became of files that are the same; the last `known` of them cost nothing, if `same` by this run."""
        report = report_of(judged, self._settings.rubric)
        for number, work in enumerate(works, 1):
            self._store.record(self._run, work.student, work.shown, judged, score=report.score, verdict=verdict)
            free = number > len(works) - known
            self.progress = self._counted(work, report, reused=free and not same, same=free and same)
            self.tell(self.progress)

    def _counted(self, work: Work, report: Report, *, reused: bool, same: bool) -> Progress:
        last = self.progress
        done, known = last.done + 1, last.reused + last.same + reused + same
        elapsed_s = time.monotonic() - self._began
        rate = (done - known) / elapsed_s if done > known and elapsed_s > 0 else None
        return replace(
            last,
            done=done,
            failing=last.failing + (report.passed is False),
            unreadable=last.unreadable + (report.outcome == "unreadable" and not work.missing),
            missing=last.missing + work.missing,
            ungraded=last.ungraded + (report.outcome == "ungraded"),
            reused=last.reused + reused,
            same=last.same + same,
            elapsed_s=elapsed_s,
            rate=rate,
            left_s=(last.total - done) / rate if rate else None,
            last=work.shown,
        )


def _real_paths(works: Iterable[Work]) -> Iterator[Path]:
    for work in works:
        if work.fault:
            continue
        with suppress(OSError, RuntimeError, ValueError):  # a loop of links, say: it will not be read either
            yield work.path.resolve()


def _nothing(outcome: Outcome, reason: str) -> Judged:
    """What is known where there is no verdict; whose it is stands beside it in the store."""
    return Judged(outcome, Submission(""), reason=reason)


def _internal(fault: Exception) -> str:
    return f"internal error: {type(fault).__name__}: {fault}"
