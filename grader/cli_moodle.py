"""`grader fill moodle`: the marks of a class in Moodle's grading worksheet, and a page for each student in a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli_output import say
from grader.report.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grader.gradebooks.moodle_worksheet import Filled, Left

__all__ = ["fill_moodle"]

_PATH = click.Path(path_type=Path)


@click.command("moodle")
@click.argument("marks", type=_PATH)
@click.argument("worksheet", type=_PATH)
@click.option("-o", "out", required=True, type=_PATH, metavar="FILE", help="The filled worksheet.")
@click.option(
    "--feedback-zip", type=_PATH, metavar="ZIP", help="Also write each student's page, for Moodle to hand out."
)
@click.option("--comments/--no-comments", default=True, help="Whether to fill the comments as well.  [default: yes]")
@click.option("--overwrite", is_flag=True, help="Replace grades and comments that say something else.")
@click.option("--scale", is_flag=True, help="Convert the marks to the assignment's maximum grade.")
@click.option("--decimal-comma/--decimal-point", "comma", default=None, help="83,5 or 83.5; else as in the worksheet.")
@click.option("--id-column", "identifier", metavar="NAME", help="In a language not known here: Moodle's “Identifier”.")
@click.option("--grade-column", "grade", metavar="NAME", help="… and “Grade”.")
@click.option("--comments-column", "column", metavar="NAME", help="… and “Feedback comments”.")
@click.option("--ignore-names", is_flag=True, help="Trust the participants' numbers where names differ.")
def fill_moodle(  # noqa: PLR0913 - one for each option
    *,
    marks: Path,
    worksheet: Path,
    out: Path,
    feedback_zip: Path | None,
    comments: bool,
    overwrite: bool,
    scale: bool,
    comma: bool | None,
    identifier: str | None,
    grade: str | None,
    column: str | None,
    ignore_names: bool,
) -> None:
    """Fill MARKS, which `grade … -o MARKS/` wrote, into WORKSHEET, Moodle's “Download grading worksheet”.

    Only grades and comments change. What stays as it was is listed with the reason.
    """
    from grader.cohort.marks import read_marks
    from grader.errors import UsageError
    from grader.gradebooks.exact_csv import read_sheet
    from grader.gradebooks.files import check_new_file, write_bytes
    from grader.gradebooks.moodle_columns import Named
    from grader.gradebooks.moodle_feedback import feedback_zip as zipped
    from grader.gradebooks.moodle_worksheet import Wishes, fill_worksheet

    for target in (out, feedback_zip):
        if target is not None:
            check_new_file(target, [worksheet])
    if out == feedback_zip:
        raise UsageError(f"{out}: worksheet and zip cannot be one file")
    sheet = read_sheet(worksheet)
    everybody = list(read_marks(marks))
    wishes = Wishes(
        named=Named(identifier, grade, column),
        comments=comments,
        overwrite=overwrite,
        scale=scale,
        ignore_names=ignore_names,
        sign=None if comma is None else "," if comma else ".",
    )
    filled = fill_worksheet(sheet, str(worksheet), everybody, wishes)
    pages = None if feedback_zip is None else zipped(everybody)
    write_bytes(out, filled.content)
    say(_told(out, filled, wanted=comments))
    doubtful = sum(mark.outcome == "graded" and bool(mark.doubts) for mark in everybody)
    if doubtful:
        say(f"{_counted(doubtful, 'mark')} to look at first: {clean(str(marks / 'needs_review.csv'))}\n")
    if feedback_zip is not None and pages is not None:
        write_bytes(feedback_zip, pages[0])
        say(f"{clean(str(feedback_zip))}: {_counted(pages[1], 'page')}\n")


def _told(out: Path, filled: Filled, *, wanted: bool) -> str:
    written = f"{_counted(filled.grades, 'grade')} and {_counted(filled.comments, 'comment')} written"
    there = f", {_counted(filled.same, 'grade')} there already" if filled.same else ""
    lines = [f"{clean(str(out))}: {written}{there}"]
    if wanted and not filled.has_comments:
        lines.append("no column for comments: the assignment's feedback types lack it, or --comments-column names it")
    lines += _listed("left as it is:", filled.left)
    lines += _listed("graded in Moodle before; if it passes over them, tick “Allow updating records …”:", filled.again)
    if filled.without:
        lines.append(f"{_counted(filled.without, 'row')} without a mark here: nobody handed in, or elsewhere")
    return "\n".join(lines) + "\n"


def _listed(title: str, people: Iterable[Left]) -> list[str]:
    lines = [f"  {clean(_name(one))}: {clean(one.why)}" for one in people]
    return [title, *lines] if lines else []


def _name(one: Left) -> str:
    return f"{one.name} ({one.participant})" if one.participant else one.name


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
