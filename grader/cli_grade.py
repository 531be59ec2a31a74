"""What `grade` does once its command line is understood.

Nothing heavy is imported up here: the sandbox's template process is started first, and this
process imports the rest while that one warms up.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grader.cli_output import OutputClosedError, check_target, complain, say, wants_colour, width, write_file
from grader.cli_publish import PUBLISHED, check_number, publish, publish_fault
from grader.cohort.discover import Found, find_submissions
from grader.errors import DeviceError, GraderError, IsolationError, SandboxError, UnreadableError, UsageError

if TYPE_CHECKING:
    from grader.cohort.handins import Source
    from grader.pipeline import Grader, Settings
    from grader.report.as_text import Look
    from grader.result import Feedback, Outcome, Report
    from grader.rubric import Rubric

__all__ = ["Options", "grade", "pick_seed", "settings_of"]


@dataclass(frozen=True)
class Options:
    """The command line of `grade`, each value checked for itself."""

    paths: tuple[str, ...]
    program: str = "grade"
    command: str = "grade"  # as it was typed
    format: str = "text"  # "json", "html" or one of PUBLISHED
    out: Path | None = None
    rubric: Path | None = None
    seed: str | None = None
    bank: Path | None = None
    device: str = "cpu"
    isolation: Literal["strong", "standard", "basic", "none"] = "standard"
    time_limit_s: float | None = None
    mapping: tuple[str, ...] = ()
    legacy_torch: Literal["auto", "on", "off"] = "auto"
    feedback: Feedback | None = None
    jobs: int | None = None
    source: Source | Literal["auto"] | None = None
    scheduler: str | None = None
    drop_missing: bool = False
    anonymous: bool = False
    exit_zero: bool = False
    quiet: bool = False
    verbose: bool = False


def grade(options: Options) -> int:
    """Grade what `options` name, print it, return the exit status. Raises GraderError where nothing can be graded."""
    if options.quiet and options.verbose:
        raise UsageError("-q and -v contradict each other: give one of them")
    found = find_submissions(options.paths)
    if options.format == "html" and found.several:
        raise UsageError("--format html is a page for one submission; pages for several: say -o FOLDER/")
    check_number(options.format, several=found.several)
    if options.out:
        check_target(options.out, found.paths)
    reports: list[Report] = []
    try:
        with closing(_reports(found, options)) as graded:  # so that the sandbox ends even if the output is gone
            for report in graded:
                reports.append(report)
                _complain_of(report, options, several=found.several)
                if options.format == "text" and not options.out:
                    _say_text(report, options, several=found.several)
        _finish(reports, options, several=found.several)
    except OutputClosedError:
        pass  # what was graded so far still decides the status
    except Exception as error:
        if options.format in PUBLISHED and getattr(error, "exit_status", GraderError.exit_status) == 3:
            publish_fault(options.format, reports, found.paths[len(reports) :], options.out)
        raise
    return _status(reports, several=found.several, exit_zero=options.exit_zero)


# ---------------------------------------------------------------------------- settings
def _load_rubric(path: Path | None) -> Rubric:
    from grader.rubric import Rubric
    from grader.rubric_file import load_rubric

    return load_rubric(path) if path else Rubric()


def pick_seed(seed: str | None, rubric_path: Path | None) -> str | None:
    """Choose the seed given, else the rubric's, else None, the public one. Raises UsageError."""
    from grader.rubric import check_seed

    if seed is None:
        return _load_rubric(rubric_path).seed
    try:
        return check_seed(seed)
    except ValueError as error:
        raise UsageError(f"--seed: {error}") from None


def settings_of(options: Options) -> Settings:
    """How to grade, from the command line and the rubric it names. Raises UsageError."""
    from grader.pipeline import Settings
    from grader.rubric import read_mapping

    rubric = _load_rubric(options.rubric)
    mapping: Mapping[str, str] = {**rubric.mapping, **read_mapping(options.mapping)}
    return Settings(
        rubric=rubric,
        seed=rubric.seed if options.seed is None else pick_seed(options.seed, None),
        device=options.device,
        isolation=options.isolation,
        time_limit_s=options.time_limit_s or rubric.limits.time_limit_s,
        mapping=mapping,
        legacy_torch=options.legacy_torch,
        bank=options.bank,
        walk=options.format == "html",
    )


# ---------------------------------------------------------------------------- grading
def _reports(found: Found, options: Options) -> Generator[Report, None, None]:
    """Grade one path after another; the sandbox is started only if there is a file to grade."""
    if not any(Path(path).is_file() for path in found.paths):
        settings = settings_of(options)
        yield from (_not_graded(path, _why_no_file(path), settings) for path in found.paths)
        return
    from grader.sandbox.launch import Template

    several = len(found.paths) > 1
    template = Template(device=options.device)  # before what imports NumPy: rubric and pipeline
    try:
        settings = settings_of(options)
        from grader.pipeline import Grader

        submissions = frozenset(Path(path).resolve() for path in found.paths if Path(path).is_file())
        with Grader(settings, several=several, template=template) as grader:
            for path in found.paths:
                yield _grade_one(grader, path, submissions, settings, options)
    finally:
        template.close()


def _why_no_file(path: str) -> UnreadableError:
    return UnreadableError("not a file" if Path(path).exists() else "no such file")


def _grade_one(grader: Grader, path: str, submissions: frozenset[Path], settings: Settings, options: Options) -> Report:
    """Grade `path`, which must not import other `submissions`; a fault of ours costs it its mark, not them theirs."""
    if not Path(path).is_file():
        return _not_graded(path, _why_no_file(path), settings)
    try:
        return grader.grade(path, exclude=submissions)
    except (UnreadableError, SandboxError) as error:
        if isinstance(error, (IsolationError, DeviceError)):
            raise
        return _not_graded(path, error, settings)
    except GraderError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault of ours and no mark
        if options.verbose:
            traceback.print_exc()
        return _not_graded(path, error, settings)


def _not_graded(path: str, error: Exception, settings: Settings) -> Report:
    from grader.result import Judged, Submission
    from grader.score import report_of

    reason = str(error).removeprefix(f"{path}: ")
    if not isinstance(error, GraderError):
        reason = f"internal error: {type(error).__name__}: {reason} (-v shows where)"
    outcome: Outcome = "unreadable" if isinstance(error, UnreadableError) else "ungraded"
    return report_of(Judged(outcome, Submission(path), reason=reason), settings.rubric)


# ---------------------------------------------------------------------------- printing
def _look(options: Options) -> Look:
    from grader.report.as_text import Look

    return Look(
        width=width(),
        colour=wants_colour() and not options.out,
        verbose=options.verbose,
        audience="student" if options.feedback else "teacher",
        feedback=options.feedback,
    )


def _text(report: Report, options: Options, *, several: bool) -> str:
    from grader.report.as_text import to_line, to_text

    in_full = options.verbose or not (several or options.quiet)
    return to_text(report, _look(options)) if in_full else to_line(report, _look(options))


def _say_text(report: Report, options: Options, *, several: bool) -> None:
    if several or report.outcome == "graded":  # the only one's trouble is told on stderr
        say(_text(report, options, several=several))


def _complain_of(report: Report, options: Options, *, several: bool) -> None:
    if report.outcome == "graded" or (several and report.outcome == "unreadable"):
        return
    path, reason = report.submission.path, report.reason
    if report.outcome == "ungraded":
        reason = f"not graded: {reason}"
    named = reason.startswith((path, Path(path).name + " "))
    complain(options.program, reason if named else f"{path}: {reason}")


def _finish(reports: list[Report], options: Options, *, several: bool) -> None:
    """Print what needs all reports: the summary, JSON, a platform's result, or the whole of the output file."""
    if options.format in PUBLISHED:
        feedback = options.feedback or _load_rubric(options.rubric).feedback_before_due
        publish(options.format, reports, feedback, options.out)
        return
    if options.format == "json":
        from grader.report.as_json import to_json_object, to_json_text

        audience: Literal["teacher", "student"] = "student" if options.feedback else "teacher"
        objects = [to_json_object(report, audience, options.feedback) for report in reports]
        text = to_json_text(objects if several else objects[0])
    elif options.format == "html":
        from grader.report.html import to_html

        text = to_html(reports[0], audience="student" if options.feedback else "teacher", feedback=options.feedback)
    else:
        from grader.report.as_text import summary_text

        text = f"\n{summary_text(reports)}" if several and not options.quiet else ""
        if options.out:
            text = "".join(_text(report, options, several=several) for report in reports) + text
    if options.out:
        write_file(options.out, text)
    elif text:
        say(text)


def _status(reports: list[Report], *, several: bool, exit_zero: bool) -> int:
    """The contract's exit status: 3 a fault of ours, 2 the only input unusable, 1 below the mark, else 0."""
    if any(report.outcome == "ungraded" for report in reports):
        return 3
    if not several and any(report.outcome == "unreadable" for report in reports):
        return 2
    return 0 if exit_zero or all(report.passed for report in reports) else 1
