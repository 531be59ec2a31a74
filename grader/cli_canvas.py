"""`grader fill canvas` and `grader push canvas`: the marks of a class into Canvas, by its files or its interface.

What they need is imported when they run: `grader --help` waits for none of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli_output import complain, say, say_list
from grader.errors import GraderError, UsageError
from grader.report.clean import clean

if TYPE_CHECKING:
    from grader.gradebooks.canvas_course import Course
    from grader.gradebooks.canvas_points import Due
    from grader.gradebooks.canvas_push import Plan
    from grader.gradebooks.exact_csv import Sheet

__all__ = ["fill_canvas", "push_canvas"]

_MARKS = click.argument("marks", type=click.Path(path_type=Path), metavar="MARKS")
_SCALE = click.option("--scale", is_flag=True, help="Convert marks to the points that the assignment is worth.")
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Put marks in the place of others that are there.")
_ABSENT = click.option("--ignore-absent", is_flag=True, help="Leave out marks of students who are not there.")
_BY_HELP = "What submissions are named by, where they are no download of Canvas's."


@click.command("canvas")
@_MARKS
@click.argument("gradebook", type=click.Path(path_type=Path))
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The file to write.")
@click.option("--assignment", metavar="ID_OR_TITLE", help="Which column; not needed where there is only one.")
@click.option("--by", type=click.Choice(["id", "sis-id", "login-id"]), help=_BY_HELP)
@_SCALE
@_OVERWRITE
@_ABSENT
def fill_canvas(marks: Path, gradebook: Path, out: Path, **given: Any) -> None:
    """Write the marks in MARKS into one column of GRADEBOOK, which Canvas exported; all else stays, byte for byte.

    MARKS is the folder that `grade -o MARKS/` wrote. Students are found by their Canvas ids, never by name. Whoever
    has no mark keeps the cell they have, and EX is never overwritten.
    """
    from grader.cohort.marks import read_marks
    from grader.gradebooks.canvas_fill import fill
    from grader.gradebooks.canvas_gradebook import Gradebook
    from grader.gradebooks.canvas_points import due
    from grader.gradebooks.exact_csv import read_sheet
    from grader.gradebooks.files import check_new_file, write_bytes

    check_new_file(out, [gradebook])
    sheet = read_sheet(gradebook)
    book = Gradebook(sheet, clean(str(gradebook)))
    column = book.column(given["assignment"])
    dues = due(read_marks(marks), possible=column.possible, where=column.label, scale=given["scale"], by=given["by"])
    filling = fill(book, column, dues, by=given["by"] or "id")
    say_list("Left as they are", filling.left)
    say_list("To look at first, needs_review.csv says more", filling.doubtful)
    say_list("Not in this gradebook", filling.absent)
    say_list("Another mark in place of the one that is there", filling.replaced)
    filling.check(overwrite=given["overwrite"], ignore_absent=given["ignore_absent"])
    write_bytes(out, sheet.bytes())
    say(f"{clean(str(out))}: {filling}\n")
    _warn_of_form(sheet)


def _warn_of_form(sheet: Sheet) -> None:
    """Canvas reads what it writes; a spreadsheet may have saved it otherwise."""
    if sheet.encoding != "utf-8" or sheet.delimiter not in ",;":
        what = "UTF-16" if sheet.encoding != "utf-8" else "parted by tabs"
        complain(
            "grader", f"the gradebook is {what}, as a spreadsheet saved it, and so is this: Canvas wants CSV UTF-8"
        )


# ---------------------------------------------------------------------------- push
@click.command("canvas")
@_MARKS
@click.option("--url", required=True, metavar="https://…", help="Where Canvas is: the first part of its addresses.")
@click.option("--course", required=True, type=click.IntRange(min=1), metavar="ID", help="The number after /courses/.")
@click.option("--assignment", required=True, type=click.IntRange(min=1), metavar="ID", help="… after /assignments/.")
@click.option("--dry-run", is_flag=True, help="Only read, and say what would be sent. So it is without --yes.")
@click.option("--yes", is_flag=True, help="Send it.")
@click.option("--comments/--no-comments", default=True, help="Send what the student may see. Default: yes.")
@click.option("--by", type=click.Choice(["id"]), help=_BY_HELP)
@_SCALE
@_OVERWRITE
@_ABSENT
@click.option("--resend", is_flag=True, help="What was under way when a push was stopped never arrived: send it again.")
@click.option("--wait", "wait_s", type=click.FloatRange(1, 3600), default=300.0, metavar="SECONDS", help="For a batch.")
@click.option("-v", "--verbose", is_flag=True, help="Show each comment.")
def push_canvas(marks: Path, **given: Any) -> int:
    """Send the marks in MARKS, and what students may see of them as comments, to an assignment in Canvas.

    MARKS is the folder that `grade -o MARKS/` wrote. The token is taken from the environment: CANVAS_API_TOKEN. A push
    that was stopped goes on with the same command; nobody is sent theirs twice.
    """
    if given["dry_run"] and given["yes"]:
        raise click.UsageError("--dry-run and --yes contradict each other: give one of them")
    from grader.gradebooks.canvas_link import Link, check_url, read_token

    url, token = check_url(given["url"]), read_token(os.environ)
    _need_canvasapi()
    from grader.cohort.marks import read_marks
    from grader.gradebooks.canvas_course import Course
    from grader.gradebooks.canvas_points import due

    course = Course(Link(url, token, say=lambda what: complain(_PUSH, what)), given["course"], given["assignment"])
    dues = due(read_marks(marks), possible=course.possible, where=course.label, scale=given["scale"], by=given["by"])
    return _push(marks, course, dues, **given)


_PUSH = "grader push canvas"


def _need_canvasapi() -> None:
    from importlib.util import find_spec

    if find_spec("canvasapi") is None:
        raise UsageError("grader push canvas needs canvasapi: install bptt-grader[canvas]")


def _push(marks: Path, to: Course, dues: Sequence[Due], **given: Any) -> int:
    """Plan, show, and with --yes send. Returns the exit status."""
    from grader.gradebooks.canvas_journal import FILE_NAME, Journal
    from grader.gradebooks.canvas_push import Pace, plan, push, settle_open
    from grader.report.marks import points_text

    pace = Pace(given["wait_s"])
    with ExitStack() as stack:
        journal = None
        if given["yes"] or (marks / FILE_NAME).exists():
            journal = stack.enter_context(Journal(marks, to.target))
        if journal is not None and given["yes"]:
            keys = {due.student: due.key for due in dues}
            if count := settle_open(to, journal, keys, pace, resend=given["resend"]):
                say(f"An earlier push was stopped while {count} students were sent theirs: looked up.\n")
        elif journal is not None and journal.open_batches():
            complain(_PUSH, "an earlier push was stopped half-way: --yes first looks what became of it")
        known = journal.arrived() if journal else set()
        made = plan(dues, to.states(), known, comments=given["comments"])
        say(f"{to.label}, out of {points_text(to.possible)}, at {to.target}\n")
        _show(made, verbose=given["verbose"])
        made.check(to.label, overwrite=given["overwrite"], ignore_absent=given["ignore_absent"])
        if journal is None or not given["yes"]:
            asked = "" if given["dry_run"] else " (--dry-run says the same)"
            say(f"Nothing was sent. --yes sends it{asked}.\n" if made.sendings else "There is nothing to send.\n")
            return 0
        count = len(made.sendings)
        pushed = push(to, journal, made.sendings, pace, lambda done: say(f"{done} of {count} sent and read back\n"))
    say_list("Not as they should be", pushed.failed)
    if pushed.failed:
        raise GraderError(f"{len(pushed.failed)} of {count} did not arrive, listed above; give the same command again")
    say("Everything is there.\n")
    return 0


def _show(made: Plan, *, verbose: bool) -> None:
    from rich.cells import set_cell_size

    from grader.report.marks import points_text

    say_list("Left as they are", made.left)
    say_list("To look at first, needs_review.csv says more", made.doubtful)
    say_list("Not there", made.absent)
    say_list("Another mark in place of the one that is there", made.replaced)
    if made.same:
        say(f"There already: {made.same}\n")
    lines = []
    for each in made.sendings:
        before = "-" if each.before is None else points_text(round(each.before, 2))
        after = before if each.points is None else points_text(each.points)
        size = f"comment of {len(each.comment.splitlines())} lines" if each.comment else "no comment"
        lines.append(f"{set_cell_size(each.name, 50)}  {before:>7} → {after:<7}  {size}")
        lines += [f"    {line}" for line in each.comment.splitlines()] if verbose else []
    if lines:
        say("".join(["To send:\n", *(f"  {line}\n" for line in lines)]))
