"""A class on the command line: `grade PATH... -o FOLDER`, `grader history` and `grader forget`.

What they need is imported when they run: `grade --help` and the grading of one file wait for none of it.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli_grade import Options, settings_of
from grader.cli_output import OutputClosedError, complain, say, width
from grader.errors import UsageError
from grader.report.clean import clean

if TYPE_CHECKING:
    from grader.cohort.engine import Marks, StartExecutor, Work
    from grader.cohort.history import Change
    from grader.cohort.publish_folder import Tally
    from grader.pipeline import Settings
    from grader.result import Report

__all__ = ["forget_command", "grade_class", "history_command", "output_folder"]

_INTERRUPTED = 130  # as a shell counts it
_PUBLIC = "Cases: by the public seed, so students can know them; `grader init` writes a rubric with a seed of your own."
_MOST_CHANGES = 3
_OTHER_RUBRIC = "The last grading here went by another rubric or other cases: {changes}."


# ---------------------------------------------------------------------------- which command it is
def output_folder(options: Options, out: str | None) -> Path | None:
    """The folder that a class is graded into; None where `out`, as it was typed, is a file or absent.

    Raises UsageError where only a folder will do and none was given.
    """
    zips = [path for path in options.paths if path.lower().endswith(".zip") and Path(path).is_file()]
    whole = bool(zips) or any(path and Path(path).is_dir() for path in options.paths)
    asked = [
        name
        for name, given in (
            ("--from", options.source),
            ("--scheduler", options.scheduler),
            ("--drop-missing", options.drop_missing),
            ("--anonymous", options.anonymous),
            (clean(zips[0]) if zips else "", bool(zips)),
        )
        if given
    ]
    if out and _means_folder(out, bare=whole or bool(asked)):
        return Path(out)
    if asked:
        got = f", got -o {out}" if out else ""
        raise UsageError(f"{asked[0]}: a class is graded into a folder: say -o FOLDER/{got}")
    return None


def _means_folder(out: str, *, bare: bool) -> bool:
    """Whether it is one or is written as one; `bare`: a name without an ending is one as well."""
    written = out.endswith(("/", os.sep))
    return written or Path(out).is_dir() or (bare and not Path(out).suffix and not Path(out).exists())


# ---------------------------------------------------------------------------- grade
def grade_class(options: Options, folder: Path) -> int:
    """Grade everybody in `options.paths` into `folder`, say how it went, return the exit status.

    Raises GraderError where nothing can be graded, or nothing be written.
    """
    if options.quiet and options.verbose:
        raise UsageError("-q and -v contradict each other: give one of them")
    from grader.cohort.out_folder import check_folder, prepare_folder

    check_folder(folder, options.paths)
    from grader.cohort.discover import discover
    from grader.cohort.earlier import check_nobody_is_lost, last_grading
    from grader.cohort.history import rubric_changes
    from grader.cohort.notes import ClassNote, keep_notes, notes_of, works_of
    from grader.cohort.overrides import read_overrides
    from grader.cohort.pseudonyms import read_names
    from grader.cohort.publish_folder import publish

    settings = replace(settings_of(options), walk=True)  # the pages draw it
    with discover(options.paths, options.source or "auto") as cohort:
        notes = notes_of(cohort)
        earlier = last_grading(folder)
        if earlier is not None and not options.drop_missing:
            check_nobody_is_lost(folder, earlier, notes)
        called = {student: note.name for student, note in notes.items()}
        rulings = read_overrides(folder, called, settings.rubric.points, read_names(folder))
        feedback = options.feedback or settings.rubric.feedback_before_due
        nobodys = tuple((problem.shown, problem.reason) for problem in cohort.problems if problem.student is None)
        prepare_folder(folder)
        told = ClassNote(options.anonymous, feedback, nobodys)
        changes: list[str] = []

        def write(marks: Marks) -> Tally:
            keep_notes(marks.store, marks.run, told, notes)
            if earlier is not None:
                changes.extend(rubric_changes(earlier.facts, marks.store.runs()[-1].facts))
            return publish(marks.store, marks.run, settings.rubric, rulings)

        tally = _grade(works_of(cohort), settings, options, folder, write)
    if tally is None:
        return _INTERRUPTED
    _say_tally(tally, changes, options, folder)
    several = len(options.paths) > 1 or not Path(options.paths[0]).is_file() or len(notes) > 1
    return _status(tally, several=several, exit_zero=options.exit_zero)


def _grade(
    works: Sequence[Work], settings: Settings, options: Options, folder: Path, write: Callable[[Marks], Tally]
) -> Tally | None:
    """Grade what is new, then `write` the outputs; None if told to stop before everything was graded."""
    from grader.cohort.engine import grade_cohort
    from grader.cohort.progress import watched

    jobs = min(options.jobs or cores(), max(len(works), 1))
    refused: dict[str, str] = {}
    executor = _executor(options, refused)
    with watched(sys.stderr, quiet=options.quiet, again=clean(options.command)) as (tell, stop):
        marks = grade_cohort(works, settings, folder, jobs=jobs, executor=executor, progress=tell, stop=stop)
        with marks:
            tally = None if marks.interrupted else write(marks)
    for _, reason in sorted(refused.items()):  # where none fitted, the error says why
        complain(options.program, f"set aside: {reason}")
    return tally


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _executor(options: Options, refused: dict[str, str]) -> StartExecutor | None:
    if options.scheduler is None:
        return None
    from grader.cohort.on_dask import on_dask

    return on_dask(options.scheduler, refused)


def _say_tally(tally: Tally, changes: Sequence[str], options: Options, folder: Path) -> None:
    if tally.ungraded:
        what = f"{tally.ungraded} not graded through a fault of ours: {folder / 'needs_review.csv'} says why"
        complain(options.program, what)
    if options.format == "json":
        return
    lines = [str(tally)]
    if not options.quiet:
        lines += [_PUBLIC] if tally.public else []
        more = [f"and {len(changes) - _MOST_CHANGES} more"] if len(changes) > _MOST_CHANGES else []
        lines += [_OTHER_RUBRIC.format(changes="; ".join([*changes[:_MOST_CHANGES], *more]))] if changes else []
    text = "".join(f"{_wrapped(line)}\n" for line in lines)
    with suppress(OutputClosedError):  # everything is written
        say(text if options.quiet else f"{text}{clean(str(folder / 'index.html'))}\n")


def _wrapped(line: str) -> str:
    return textwrap.fill(clean(line), width(), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _status(tally: Tally, *, several: bool, exit_zero: bool) -> int:
    """The contract's exit status; a submission that is missing counts as one that cannot be read."""
    if tally.ungraded:
        return 3
    nothing = tally.unreadable + tally.missing
    if nothing and not several:
        return 2
    return 1 if (tally.below or nothing) and not exit_zero else 0


# ---------------------------------------------------------------------------- history and forget
_FOLDER = click.argument("folder", type=click.Path(path_type=Path), metavar="OUT")


@click.command("history")
@_FOLDER
@click.argument("student", required=False)
def history_command(folder: Path, student: str | None) -> None:
    """Say how marks changed from one grading to the next, and why: everyone's, or STUDENT's.

    OUT is the folder that `grade -o OUT/` wrote. STUDENT is called as there, by name or by id.
    """
    from itertools import groupby

    from grader.cohort.history import by_hand, history
    from grader.cohort.roster import find_student, names_of
    from grader.cohort.store import Store

    with Store(folder, create=False) as store:
        names = names_of(store)
        key = None if student is None else find_student(store, student, names)
        changes = list(history(store, key))
        hands = by_hand(store)
    for who, own in groupby(changes, key=lambda change: change.student):
        called = f"{names[who]} ({who})" if who in names else who
        hand = [_hand_text(hands[who])] if who in hands else []
        say("".join([f"{clean(called)}\n", *map(_change_text, own), *hand]))


@click.command("forget")
@_FOLDER
@click.argument("student")
def forget_command(folder: Path, student: str) -> None:
    """Erase STUDENT from the store and every output in OUT, overrides.csv included.

    What they handed in stays where it is: take it away as well, or the next grading knows them again.
    """
    from grader.cohort.overrides import forget_in_file
    from grader.cohort.pseudonyms import read_names
    from grader.cohort.publish_folder import publish_again
    from grader.cohort.roster import find_student, names_of
    from grader.cohort.store import Store
    from grader.gradebooks.canvas_journal import forget_in_journal

    with Store(folder, create=False) as store:
        key = find_student(store, student, names_of(store))
        names = read_names(folder)
        forget_in_file(folder, (student, key, names.pseudonym(key) if names else key))
        forget_in_journal(folder, key)
        gone = store.forget(key)
        publish_again(store)
    say(f"{clean(student)}: forgotten, {gone} grading{'' if gone == 1 else 's'} erased\n")


def _told(points: Fraction | None) -> str:
    from grader.report.marks import hundredths, points_text

    return "no mark" if points is None else points_text(hundredths(points))


def _hand_text(report: Report) -> str:
    """What a person decided, as it stands in overrides.csv now."""
    lines = [f"  set by a person (overrides.csv)  {_told(report.machine_score)} → {_told(report.score)}"]
    for item in report.overrides:
        own = f"{item.check}: {_told(item.machine)} → {_told(item.points)}"
        lines.append(f"      {clean(f'{own}  ({item.who}: {item.reason})')}")
    return "\n".join(lines) + "\n"


def _change_text(change: Change) -> str:
    before = f"{_told(change.before)} → " if change.why or change.checks or change.before is not None else ""
    what = _told(change.score) if change.outcome == "graded" else f"no mark, {change.outcome}"
    when = change.when[:16].replace("T", " ")
    lines = [f"  {when} UTC  {before}{what}  ({clean(change.path)})"]
    lines += [f"      {clean(line)}" for line in (*change.why, *change.checks)]
    return "\n".join(lines) + "\n"
