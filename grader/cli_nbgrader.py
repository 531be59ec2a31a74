"""`grader pack nbgrader` and `grader push nbgrader`: an assignment for nbgrader, and marks into its gradebook.

What they need is imported when they run: `grader --help` waits for none of it.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli_options import RUBRIC
from grader.cli_output import say, say_list
from grader.report.clean import clean

if TYPE_CHECKING:
    from grader.gradebooks.nbgrader_push import Pushed

__all__ = ["pack_nbgrader", "push_nbgrader"]


@click.command("nbgrader")
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Or the folder for it.")
@RUBRIC
@click.option("--force", is_flag=True, help="Write over a notebook that is there.")
def pack_nbgrader(out: Path, rubric: Path | None, *, force: bool) -> None:
    """Write the template as an nbgrader source notebook, with a locked cell of points for each check.

    FILE is, say, source/ps1/rnn_counting.ipynb. `nbgrader generate_assignment` makes of it what students get.
    """
    from grader.packs.nbgrader_assignment import write_assignment
    from grader.report.marks import points_text
    from grader.rubric import Rubric
    from grader.rubric_file import load_rubric

    rules = load_rubric(rubric) if rubric else Rubric()
    path = write_assignment(out, rules, rubric, force=force)
    total = points_text(sum(rules.points.values(), Fraction(0)))
    say(f"{clean(str(path))}: {len(rules.points)} cells, {total} points\n")


@click.command("nbgrader")
@click.argument("marks", type=click.Path(path_type=Path), metavar="MARKS")
@click.option("--course-root", "course", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--assignment", required=True, metavar="NAME", help="As nbgrader calls it: the folder below source/.")
@click.option("--db", "url", metavar="URL", help="The course's db_url. Default: gradebook.db in DIR.")
@click.option("--dry-run", is_flag=True, help="Only read, and say what would change. So it is without --yes.")
@click.option("--yes", is_flag=True, help="Write it.")
@click.option("--add-students", is_flag=True, help="Add students who are not in the gradebook.")
def push_nbgrader(marks: Path, **given: Any) -> None:
    """Write the marks in MARKS into the gradebook of the nbgrader course in DIR.

    MARKS is the folder that `grade -o MARKS/` wrote. Marks go where `nbgrader autograde` puts its own, with what
    students may see as comments; what a person scored there stays and counts.
    """
    if given["dry_run"] and given["yes"]:
        raise click.UsageError("--dry-run and --yes contradict each other: give one of them")
    from grader.cohort.marks import read_marks
    from grader.gradebooks.nbgrader_gradebook import database, open_book
    from grader.gradebooks.nbgrader_push import due, push

    url = database(given["course"], given["url"])
    dues = due(read_marks(marks), given["assignment"])
    with open_book(url, given["assignment"]) as book:
        pushed = push(dues, book, given["course"], write=given["yes"], add_students=given["add_students"])
    _show(pushed)
    if given["yes"]:
        say("Written.\n" if pushed.writes else "There was nothing to write.\n")
    else:
        asked = "" if given["dry_run"] else " (--dry-run says the same)"
        say(f"Nothing was written. --yes writes it{asked}.\n" if pushed.writes else "There is nothing to write.\n")


def _show(pushed: Pushed) -> None:
    say_list("No mark, and no zero either", pushed.no_mark)
    say_list("Not in the gradebook: --add-students adds them", pushed.unknown)
    say_list("Their submission there lacks cells of the assignment: autograde it again", pushed.incomplete)
    say_list("To look at first, needs_review.csv says more", pushed.doubtful)
    say_list("Scored by a person, which stays", pushed.kept)
    say_list("Not there before", pushed.new)
    say_list("Changed", pushed.changed)
    if pushed.same:
        say(f"There already: {pushed.same}\n")
