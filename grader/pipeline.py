"""The only composer: from a path to a report. Nothing here runs or parses a submission.

A fault of the submission becomes a verdict or an outcome; a fault of ours ends as `ungraded`, without a score.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from grader import __version__
from grader.cases import PUBLIC_SEED, CaseBank, default_cache_dir, import_bank, load_or_build
from grader.closing import Closing
from grader.contract import CHECKS, CheckSpec
from grader.diagnose import Diagnoser
from grader.errors import DeviceError, GraderError, UnreadableError
from grader.judge import (
    FlatJudge,
    FlatResult,
    InConvention,
    helper_in,
    helpers_to_answer,
    judge_check,
    judge_flat,
    kept,
    lower_failed,
    readings,
    right_answer,
    shrink_live,
    with_help,
)
from grader.judge.flat.cases import Fixed
from grader.judge.flat.subject import FlatSubject
from grader.judge.general import with_loss
from grader.load import load_program
from grader.messages import say
from grader.model import CheckVerdict, FlatFacts, Isolation, Notice, Program, Subject
from grader.result import DoctorFacts, Judged, Report, Submission, TrainingPath
from grader.rubric import Rubric
from grader.sandbox.launch import Template
from grader.sandbox.levels import HELP, Level, Limits
from grader.sandbox.subject import ConfinedSubject
from grader.sandbox.supervisor import Sandbox
from grader.score import earned_share, report_of
from grader.walk import training_path

__all__ = ["Grader", "Settings", "bank_for", "diagnose_machine"]


@dataclass(frozen=True)
class Settings:
    """How to grade; what is None here comes from the rubric. `bank` is a file that `grader bank export` wrote.

    `walk`: also record one training, to be drawn.
    """

    rubric: Rubric = field(default_factory=Rubric)
    seed: str | None = None
    device: str = "cpu"
    isolation: Level = "standard"
    time_limit_s: float | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    bank: Path | None = None
    legacy_torch: Literal["auto", "on", "off"] = "auto"
    walk: bool = False

    @property
    def limits(self) -> Limits:
        """What one submission may use."""
        limits = self.rubric.limits
        return Limits(
            time_s=self.time_limit_s or limits.time_limit_s,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.output_bytes,
        )


class Grader(Closing):
    """Grades submissions one after another in a warm sandbox; use it as a context, or close it.

    The constructor starts the sandbox (or takes a `template` that is starting) and reads the case bank meanwhile.
    `several`: more than one submission follows, so the next one's child is got ready while one is graded. `bank`
    stands in for the one that the settings name.
    Raises IsolationError, DeviceError, BankError or SandboxError.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        several: bool = False,
        template: Template | None = None,
        bank: CaseBank | None = None,
    ) -> None:
        self.settings = settings
        self._several = several
        self._sandbox = Sandbox(
            limits=settings.limits,
            device=settings.device,
            least=settings.isolation,
            template=template,
        )
        try:
            self._bank = bank or bank_for(settings)
            self._diagnoser = Diagnoser(self._bank)
            self.isolation: Isolation = self._sandbox.ready()
        except BaseException:
            self._sandbox.close()
            raise

    def grade(self, path: Path | str, *, exclude: frozenset[Path] = frozenset()) -> Report:
        """The report on one submission; `exclude` (resolved paths) holds other people's files, never to be imported.

        A file that cannot be read, or holds nothing to grade, gives the outcome "unreadable".
        """
        started = time.monotonic()
        name = os.fspath(path)
        try:
            program = load_program(path, exclude=exclude)
        except UnreadableError as fault:
            judged = Judged("unreadable", Submission(name), reason=str(fault), **self._facts())
        else:
            judged = self.judge(program, name, started=started)
        return report_of(judged, self.settings.rubric)

    def judge(self, program: Program, name: str, *, started: float | None = None) -> Judged:
        """What there is to score in a program that was read; `name` is what to call it, `started` when it began.

        A fault of ours gives the outcome "ungraded".
        """
        started = time.monotonic() if started is None else started
        submission = Submission(name, program.sha256, program.kind)
        subject = self._open(program, {})
        try:
            self._sandbox.warm_for(program)
            return self._judge_all(submission, program, subject, started)
        except GraderError as fault:
            return self._ungraded(submission, str(fault), program.notices)
        finally:
            subject.close()

    def _judge_all(self, submission: Submission, program: Program, subject: Subject, started: float) -> Judged:
        loaded = subject.loaded
        if self._several:  # the next child is confined while this one answers
            self._sandbox.prepare()
        loaded_s = time.monotonic() - started
        submission = replace(submission, style="flat" if loaded.flat else "functions")
        notices = (*program.notices, *loaded.notices)
        ends_s = started + self.settings.limits.whole_s
        if loaded.flat:
            flat = self._judge_flat(program, subject, loaded.flat, ends_s)
            path = self._walk(flat.asked, flat.verdicts, flat.fixed)
            judged = self._graded(submission, flat.verdicts, (*notices, *flat.notices), loaded_s, started)
            return replace(judged, path=path)
        as_it_is: dict[str, CheckVerdict] = {}
        for spec in CHECKS:
            # where a lower function is wrong the check is judged again: what may be discarded is not explained
            as_it_is[spec.name] = self._judge(spec, subject, explain=not lower_failed(spec.name, as_it_is))
        verdicts = tuple(self._better(spec, program, as_it_is, ends_s) for spec in CHECKS)
        path = self._walk(subject, verdicts)
        return replace(self._graded(submission, verdicts, notices, loaded_s, started), path=path)

    def _walk(
        self, subject: Subject | FlatSubject, verdicts: Sequence[CheckVerdict], fixed: Fixed | None = None
    ) -> TrainingPath | None:
        """One training to draw, if that is wanted and `train` does not hang, end its process or lack altogether."""
        status = next(verdict.status for verdict in verdicts if verdict.name == "train")
        if not self.settings.walk or status not in {"passed", "failed"}:
            return None
        return training_path(subject, fixed or Fixed(), limit_s=self.settings.limits.time_s)

    def _graded(
        self,
        submission: Submission,
        verdicts: tuple[CheckVerdict, ...],
        notices: tuple[Notice, ...],
        loaded_s: float,
        started: float,
    ) -> Judged:
        timings = {"load_s": loaded_s, "total_s": time.monotonic() - started}
        return Judged("graded", submission, verdicts, notices=notices, timings=timings, **self._facts())

    def _judge_flat(self, program: Program, subject: Subject, facts: FlatFacts, ends_s: float) -> FlatResult:
        how = FlatJudge(
            bank=self._bank,
            limit_s=self.settings.limits.time_s,
            ends_s=ends_s,
            policy=self.settings.rubric.policy,
            shrink=shrink_live,
            diagnoser_of=Diagnoser,
            right_answer=right_answer,
            earns=self._earns,
        )
        return judge_flat(subject, facts, how, lambda: self._open(program, {}))

    def _better(
        self, spec: CheckSpec, program: Program, as_it_is: Mapping[str, CheckVerdict], ends_s: float
    ) -> CheckVerdict:
        """The verdict on a check as it is, or with its lower functions answered from outside if that earns more.

        Nothing is judged again after `ends_s` (monotonic), when the time for the whole submission is up.
        """
        verdict = as_it_is[spec.name]
        helpers = helpers_to_answer(spec.name, as_it_is)
        if not helpers or time.monotonic() > ends_s:
            return verdict
        with closing(self._open(program, helpers)) as subject:
            again = self._judge(spec, subject)
        if self._earns(spec, again) > self._earns(spec, verdict):
            return with_help(again, helpers)
        if time.monotonic() > ends_s:
            return kept(verdict, again, helpers, verdict)
        with closing(self._open(program, {})) as subject:
            explained = self._judge(spec, subject)
        return kept(verdict, again, helpers, explained)

    def _open(self, program: Program, helpers: Mapping[str, bool]) -> ConfinedSubject:
        mapping = {**self.settings.rubric.mapping, **self.settings.mapping}
        reading = self.settings.rubric.convention
        helper = helper_in("sum" if reading == "any" else reading, right_answer)
        return ConfinedSubject(
            self._sandbox, program, mapping, proxied=helpers, helper=helper, legacy=self.settings.legacy_torch
        )

    def _earns(self, spec: CheckSpec, verdict: CheckVerdict) -> Fraction:
        return earned_share(spec, verdict, self.settings.rubric)

    def _judge(self, spec: CheckSpec, subject: Subject, *, explain: bool = True) -> CheckVerdict:
        """The verdict on a check, in the allowed convention that earns most; `explain` it if it failed."""
        best: CheckVerdict | None = None
        for reading in readings(spec.name, self.settings.rubric.convention):
            verdict = self._judge_in(reading, spec, subject, explain=explain)
            if best is None or self._earns(spec, verdict) > self._earns(spec, best):
                best = verdict
            if best.status == "passed":
                break
        assert best is not None
        return best

    def _judge_in(self, reading: str, spec: CheckSpec, subject: Subject, *, explain: bool) -> CheckVerdict:
        verdict = judge_check(
            spec,
            self._bank[spec.name],
            subject if reading == "sum" else InConvention(subject, reading),
            limit_s=self.settings.limits.time_s,
            policy=self.settings.rubric.policy,
            shrinker=shrink_live if explain else None,
            diagnoser=self._diagnoser if explain else None,
        )
        verdict = with_loss(verdict, subject.loaded.notices)
        if reading == "sum":
            return verdict
        code = f"convention.{reading}"
        return replace(verdict, notices=(*verdict.notices, Notice(code, say(code, function=spec.name))))

    def _ungraded(self, submission: Submission, reason: str, notices: tuple[Notice, ...]) -> Judged:
        return Judged("ungraded", submission, reason=reason, notices=notices, **self._facts())

    def _facts(self) -> dict[str, Any]:
        return {"isolation": self.isolation, "provenance": self._provenance()}

    def _provenance(self) -> dict[str, str | None]:
        versions = self._sandbox.facts.get("versions", {})
        return {
            "bank_sha256": self._bank.sha256,
            "seed": self._bank.seed,
            "grader": __version__,
            "torch": versions.get("torch") or _version("torch"),
            "numpy": versions.get("numpy") or _version("numpy"),
            "hypothesis": self._bank.hypothesis_version,
            "python": platform.python_version(),
            "device": self.settings.device,
        }

    def close(self) -> None:
        """End the sandbox and whatever it started."""
        self._sandbox.close()


def bank_for(settings: Settings) -> CaseBank:
    """The cases that the settings name. Raises BankError."""
    if settings.bank is not None:
        return import_bank(settings.bank)
    return load_or_build(settings.seed or settings.rubric.seed or PUBLIC_SEED)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


# ---------------------------------------------------------------------------- the machine
def diagnose_machine(device: str = "cpu") -> DoctorFacts:
    """What this machine can do: the isolation really in force, the device, the cache, versions. Raises SandboxError."""
    problem = None
    try:
        with Sandbox(device=device, least="none") as sandbox:
            isolation = sandbox.examine()
            versions = dict(sandbox.facts.get("versions", {}))
    except DeviceError as fault:
        problem = str(fault)
        with Sandbox(least="none") as sandbox:
            isolation = sandbox.examine()
            versions = dict(sandbox.facts.get("versions", {}))
    folder = default_cache_dir()
    return DoctorFacts(
        isolation=isolation,
        helps={layer: HELP[layer] for layer, _ in isolation.missing if layer in HELP},
        device=device,
        device_name="one thread of the processor" if device == "cpu" else device,
        device_problem=problem,
        cache_dir=str(folder) if folder else "none",
        cache_problem=_cache_problem(folder),
        versions={
            "grader": __version__,
            "python": platform.python_version(),
            **{name: versions.get(name) or _version(name) for name in ("torch", "numpy")},
            "hypothesis": _version("hypothesis"),
            "system": f"{platform.system()} {platform.release()}",
        },
    )


def _cache_problem(folder: Path | None) -> str | None:
    if folder is None:
        return "there is no home folder: the case bank is built anew each time"
    probe = next(part for part in (folder, *folder.parents) if part.exists())
    return None if os.access(probe, os.W_OK) else f"{probe} cannot be written: the case bank is built anew each time"
