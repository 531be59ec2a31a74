"""On Gradescope: grade what was handed in and write `results.json`; `python -m grader.packs.gradescope_run`.

Whatever the submission does ends in a result. Whatever we fail at ends without a score and with status 3. On standard
output there is a line of ours for the teacher, and nothing of the submission's.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grader.atomic import write_atomically
from grader.cohort.discover import find_submissions
from grader.errors import GraderError, UnreadableError, UsageError
from grader.load import load_program
from grader.packs.gradescope_layout import Course, Layout, course_in, total_points
from grader.packs.gradescope_room import shut
from grader.pipeline import Grader, Settings
from grader.publish.gradescope import to_gradescope
from grader.report.as_text import Look, to_line
from grader.report.clean import clean
from grader.result import Feedback, Report, Submission

__all__ = ["check_here", "choose", "grade_here", "main"]

_EXAMPLES = Path(__file__).parents[2] / "student_template" / "examples"
_TRIED = ("correct.py", "sign.py")  # the second makes ready what explaining a mistake needs
_FAULT = GraderError.exit_status


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade what lies there, or with `--check` an example; return the exit status."""
    layout = Layout.here()
    given = sys.argv[1:] if arguments is None else arguments
    return check_here(layout) if list(given) == ["--check"] else grade_here(layout)


# ---------------------------------------------------------------------------- a submission
def grade_here(layout: Layout) -> int:
    """Grade the submission, write `results.json`, return 0; 3 and no score through a fault of ours."""
    feedback: Feedback = "score"
    try:
        course = course_in(layout.source)
        feedback = course.feedback
        with _within(course.limit_s):
            report = _graded(layout, course)
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is ours, and no mark
        _complain(fault)
        report = Report("ungraded", Submission("submission"))
    else:
        if report.outcome == "ungraded":
            _complain(GraderError(report.reason))
    try:
        _write(layout, to_gradescope(report, feedback=feedback, out_of=total_points(layout.metadata)))
    except Exception as fault:  # noqa: BLE001 - the same
        _complain(fault)
        return _FAULT
    return _FAULT if report.outcome == "ungraded" else 0


def _graded(layout: Layout, course: Course) -> Report:
    try:
        path = choose(layout.submission)
    except UnreadableError as reason:
        return Report("unreadable", Submission("submission"), reason=str(reason))
    shut(layout)
    with _grader(course) as grader:
        return grader.grade(path)


@contextmanager
def _grader(course: Course) -> Iterator[Grader]:
    with Grader(Settings(rubric=course.rubric, bank=course.bank)) as grader:
        found = grader.isolation
        _tell(f"isolation {found.level}: {', '.join(found.layers)}")
        yield grader


def choose(folder: Path) -> Path:
    """The submission among the files handed in; a script that another one imports is its helper.

    Raises UnreadableError where nothing, or not one thing, can be graded, GraderError where there is no such folder.
    """
    if not folder.is_dir():
        raise GraderError(f"{folder}: the platform left no such folder")
    try:
        paths = [Path(path) for path in find_submissions([str(folder)]).paths]
    except UsageError:
        raise UnreadableError(
            "no file ending in .py or .ipynb was handed in; one inside a folder has to be handed in by itself"
        ) from None
    left = paths if len(paths) == 1 else [path for path in paths if path.stem not in _helpers(paths)]
    if len(left) != 1:
        names = ", ".join(sorted(path.name for path in left or paths))
        raise UnreadableError(f"{len(left or paths)} files could be the submission ({names}): hand in one of them")
    return left[0]


def _helpers(paths: Sequence[Path]) -> set[str]:
    """Modules that some of the files import."""
    found: set[str] = set()
    for path in paths:
        try:
            found |= {companion.name for companion in load_program(path).companions}
        except UnreadableError:
            continue
    return found


def _write(layout: Layout, text: str) -> None:
    layout.results.mkdir(exist_ok=True)
    target = layout.results / "results.json"
    write_atomically(target, text.encode("utf-8", "backslashreplace"))
    target.chmod(0o644)


# ---------------------------------------------------------------------------- when the autograder is built
def check_here(layout: Layout) -> int:
    """Grade examples as submissions will be; return 0 if that works, else 3."""
    try:
        course = course_in(layout.source)
        (layout.source / "home").mkdir(exist_ok=True)
        shut(layout)
        with _within(course.limit_s), _grader(course) as grader:
            reports = [_graded_example(grader, _EXAMPLES / name) for name in _TRIED]
        _tell(to_line(reports[0], Look(audience="student", feedback="score")).strip())
    except Exception as fault:  # noqa: BLE001 - whatever it is, the build must show it
        _complain(fault)
        return _FAULT
    _tell("ready: each submission will be graded like this one")
    return 0


def _graded_example(grader: Grader, path: Path) -> Report:
    report = grader.grade(path)
    if report.outcome != "graded":
        raise GraderError(f"an example could not be graded: {report.reason}")
    return report


# ---------------------------------------------------------------------------- both
@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise GraderError in what runs longer: then there is still time to say so."""

    def end(_number: int, _frame: object) -> None:
        raise GraderError(f"grading took longer than {seconds:g} s: pack with a higher --time-limit")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(fault: Exception) -> None:
    """Say on stderr, which the platform shows to the teacher alone, why there is no mark."""
    if not isinstance(fault, GraderError):
        traceback.print_exception(type(fault), fault, fault.__traceback__)
    sys.stderr.write(f"not graded, a fault of the autograder: {clean(f'{type(fault).__name__}: {fault}')}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
