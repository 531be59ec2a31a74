"""`grade --format gradescope|…`: which formats of `grader.publish` there are, and where their text goes.

What they need is imported when they run: `grade --help` waits for none of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli_output import say, write_file
from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.result import Feedback, Report

__all__ = ["PUBLISHED", "check_no_folder", "check_number", "publish", "publish_fault"]

PUBLISHED = ("junit", "github", "gradescope", "prairielearn", "vpl", "coderunner", "nbgrader")
"""Results for a platform, always as a student may see them."""

_SEVERAL = ("junit", "github")
_GRADE_MAX = "VPL_GRADEMAX"
_SUMMARY = "GITHUB_STEP_SUMMARY"


def check_number(format_: str, *, several: bool) -> None:
    """Raise UsageError, before any work, where `format_` has room for one submission only and there may be several."""
    if several and format_ in PUBLISHED and format_ not in _SEVERAL:
        raise UsageError(f"--format {format_} is for one submission: name one file (several: {', '.join(_SEVERAL)})")


def check_no_folder(format_: str) -> None:
    """Raise UsageError where a class's folder is asked for in the format of a platform."""
    if format_ in PUBLISHED:
        raise UsageError(f"--format {format_} goes to a file or to standard output, not into a folder")


def publish(format_: str, reports: Sequence[Report], feedback: Feedback, out: Path | None) -> None:
    """Write the reports to `out`, else to standard output. Raises GraderError where that cannot be."""
    if format_ == "github":
        _annotate(reports, feedback, out)
        return
    text = _text(format_, reports, feedback)
    if out:
        write_file(out, text)
    else:
        say(text)


def publish_fault(format_: str, reports: Sequence[Report], left: Sequence[str], out: Path | None) -> None:
    """Write that the paths `left` are not graded, through a fault of ours: a platform waits for a result."""
    from grader.result import Report, Submission

    ungraded = [Report("ungraded", Submission(path)) for path in left]
    publish(format_, [*reports, *ungraded], "score", out)


def _text(format_: str, reports: Sequence[Report], feedback: Feedback) -> str:
    match format_:
        case "junit":
            from grader.publish.junit import to_junit

            return to_junit(reports, feedback=feedback)
        case "gradescope":
            from grader.publish.gradescope import to_gradescope

            return to_gradescope(reports[0], feedback=feedback)
        case "prairielearn":
            from grader.publish.prairielearn import to_prairielearn

            return to_prairielearn(reports[0], feedback=feedback)
        case "coderunner":
            from grader.publish.coderunner import to_coderunner

            return to_coderunner(reports[0], feedback=feedback)
        case "nbgrader":
            from grader.publish.nbgrader import to_nbgrader

            return to_nbgrader(reports[0], feedback=feedback)
        case "vpl":
            from grader.publish.vpl import to_vpl

            return to_vpl(reports[0], feedback=feedback, out_of=_grade_max())
    msg = f"{format_!r} is no format of a platform"
    raise AssertionError(msg)


def _grade_max() -> Fraction | None:
    """The activity's highest grade, which VPL tells its scripts; None outside of VPL."""
    told = os.environ.get(_GRADE_MAX, "").strip()
    if not told:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", told) or not Fraction(told):
        raise UsageError(f"{_GRADE_MAX}: expected a number above 0, got {told[:40]!r}")
    return Fraction(told)


def _annotate(reports: Sequence[Report], feedback: Feedback, out: Path | None) -> None:
    """Annotations go where the runner reads them; the summary to `out`, else behind what the step's summary has."""
    from grader.publish.github import to_github

    written = to_github(reports, feedback=feedback)
    if out:
        write_file(out, written.summary)
    elif target := os.environ.get(_SUMMARY):
        try:
            with Path(target).open("a", encoding="utf-8", newline="\n") as file:
                file.write(written.summary)
        except OSError as error:
            raise GraderError(f"{_SUMMARY}: cannot write the summary: {error.strerror or error}") from error
    say(written.annotations)
