"""A report as text for people: marks first, then what to do about them."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.contract import CHECK_BY_NAME
from grader.contract_flat import FLAT_BY_NAME
from grader.model import CheckVerdict, Diagnosis, Isolation, PropertyVerdict
from grader.report.case import case_lines
from grader.report.marks import points_text, shown_points, shown_total
from grader.report.phrases import MARKS, OUTCOMES, causes_to_tell, hint_of
from grader.report.prepare import all_notices, prepare
from grader.result import Audience, Feedback, Report, ScoredCheck

__all__ = ["Look", "check_text", "render", "summary_text", "to_line", "to_text"]

_NAME_WIDTH = max(len(name) for name in CHECK_BY_NAME)


@dataclass(frozen=True)
class Look:
    """How to print: columns (60 to 120), colours or none, and for whom."""

    width: int = 80
    colour: bool = False
    verbose: bool = False
    audience: Audience = "teacher"
    feedback: Feedback | None = None


def to_text(report: Report, look: Look) -> str:
    """Write the whole report: the mark, a line for each check with what it lacks, notes, isolation, the next step."""
    report = prepare(report, look.audience, look.feedback)
    return render(lambda console: _print_report(console, report, look), look)


def to_line(report: Report, look: Look) -> str:
    """Write the mark in one line."""
    report = prepare(report, look.audience, look.feedback)
    return render(lambda console: console.print(_mark_line(report), soft_wrap=True), look)


def check_text(check: ScoredCheck, width: int) -> str:
    """Write what stands below a prepared check's line in the whole report; empty where there is nothing to say."""
    text = render(lambda console: _print_details(console, check.verdict, verbose=False), Look(width=width))
    return textwrap.dedent(text).strip("\n")


def summary_text(reports: Sequence[Report]) -> str:
    """One line for several submissions: how many there are of each outcome."""
    counts = {
        "passed": sum(report.passed is True for report in reports),
        OUTCOMES["below"]: sum(report.passed is False for report in reports),
        OUTCOMES["unreadable"]: sum(report.outcome == "unreadable" for report in reports),
        OUTCOMES["ungraded"]: sum(report.outcome == "ungraded" for report in reports),
    }
    parts = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    plural = "submission" if len(reports) == 1 else "submissions"
    return f"{len(reports)} {plural}: {parts}\n"


def render(show: Callable[[Console], None], look: Look) -> str:
    """Catch what `show` prints to a console of this look, without trailing blanks. Text is never read as markup."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=min(max(look.width, 60), 120),
        force_terminal=look.colour,
        color_system="standard" if look.colour else None,
        no_color=not look.colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    show(console)
    lines = re.sub(r"[ \t]+$", "", out.getvalue(), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", lines)


# ---------------------------------------------------------------------------- the report, from above
def _print_report(console: Console, report: Report, look: Look) -> None:
    _print_indented(console, _mark_line(report))
    if report.checks:
        console.print()
    points = shown_points(report) if report.outcome == "graded" else [None] * len(report.checks)
    for check, shown in zip(report.checks, points, strict=True):
        console.print(_check_line(check, shown))
        _print_details(console, check.verdict, verbose=look.verbose)
    _print_notes(console, report)
    _print_items(console, "For review", list(report.review))
    if report.isolation:
        console.print()
        console.print(Text(_isolation_line(report.isolation, report.provenance.get("seed"))))
    if look.verbose:
        _print_provenance(console, report)
    if hint := _next_step(report, look.audience):
        console.print(Text.assemble(("Next: ", "bold"), hint))


def _print_indented(console: Console, line: Text) -> None:
    """Print `line`, what goes on below indented: a long file name must not begin a line that looks like another's."""
    first = line.wrap(console, console.width)[0]
    console.print(first)
    rest = line[len(first) :]
    blanks = len(rest) - len(rest.plain.lstrip())
    if blanks < len(rest):
        console.print(Padding(rest[blanks:], (0, 0, 0, 4)))


def _mark_line(report: Report) -> Text:
    path = Text(report.submission.path, "bold")
    total = shown_total(report)
    if report.outcome != "graded" or total is None:
        word = Text(OUTCOMES[report.outcome], "red" if report.outcome == "unreadable" else "magenta")
        return Text.assemble(path, ": ", word, f": {report.reason}" if report.reason else "")
    full = points_text(report.max_score)
    verdict = Text(OUTCOMES["passed"], "green") if report.passed else Text(OUTCOMES["below"], "red")
    pass_mark = points_text(report.pass_points)
    bar = f" (pass mark {pass_mark})" if report.passed else f" of {pass_mark}"
    line = Text.assemble(path, ": ", (f"{points_text(total)} of {full} points", "bold"), ", ", verdict, bar)
    if _unconfined(report.isolation):
        line.append(f", {OUTCOMES['unconfined']}")
    return line


def _unconfined(isolation: Isolation | None) -> bool:
    return isolation is not None and isolation.level in {"basic", "none"}


def _check_line(check: ScoredCheck, shown: Fraction | None) -> Text:
    mark = MARKS[check.verdict.status]
    earned = "-" if shown is None else points_text(shown)
    points = f"{earned:>6} / {points_text(check.max_points)}" if check.max_points else "   not counted"
    head = Text.assemble("  ", (f"{mark.symbol} {mark.word:<7}", f"bold {mark.style}"), "  ")
    return head.append(f"{check.verdict.name:<{_NAME_WIDTH}}  {points}")


def _print_details(console: Console, verdict: CheckVerdict, *, verbose: bool) -> None:
    passed = verdict.status == "passed"
    if verdict.message and (verbose or not passed):
        console.print(Padding(Text(verdict.message), (0, 0, 0, 4)))
    properties = [item for item in verdict.properties if _worth_a_line(item, verdict, verbose=verbose)]
    for item in properties:
        # where the smallest case is shown, the property's own would only be more to read
        told = item.message if verbose or not (verdict.counterexample or item.message == verdict.message) else ""
        console.print(_property_line(verdict.name, item, told))
    label = "Likely cause: "
    for diagnosis in causes_to_tell(verdict):
        console.print(Padding(_diagnosis_text(diagnosis, label), (0, 0, 0, 4)))
        label = "Together with: "
    if verdict.counterexample:
        console.print(Padding(Text("Smallest case that fails:"), (0, 0, 0, 4)))
        for line in case_lines(verdict.counterexample, console.width - 8):
            console.print(Padding(Text(line), (0, 0, 0, 8)))
    if (verdict.message and not passed) or properties or verdict.counterexample:
        console.print()


def _worth_a_line(item: PropertyVerdict, verdict: CheckVerdict, *, verbose: bool) -> bool:
    """Say whether a property failed, other than one of many that only repeat that the whole check is missing, say."""
    repeats = verdict.status != "failed" and {other.status for other in verdict.properties} == {verdict.status}
    return verbose or (item.status != "passed" and not (repeats and item.message in {"", verdict.message}))


def _property_line(check: str, item: PropertyVerdict, message: str) -> Table:
    mark = MARKS[item.status]
    asked = (*FLAT_BY_NAME[check].properties, *CHECK_BY_NAME[check].properties)
    titles = {spec.name: spec.title for spec in asked}
    text = Text(f"{item.name}: {titles.get(item.name, '')}".removesuffix(": "))
    if item.status == "passed":
        text.append(f" ({item.examples} {'case' if item.examples == 1 else 'cases'})")
    elif message:
        text.append(f". {message}")
    return _hanging("    ", Text(f"{mark.symbol} {mark.word.lower():<7}", mark.style), text)


def _hanging(indent: str, label: Text, body: Text) -> Table:
    """Lay out a label and a paragraph beside it that wraps in its own column."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(indent).append_text(label), body)
    return grid


def _diagnosis_text(diagnosis: Diagnosis, label: str) -> Text:
    text = Text.assemble((label, "bold"), diagnosis.message)
    if diagnosis.matched is not None and diagnosis.of:
        text.append(f" (explains {diagnosis.matched} of {diagnosis.of} answers)")
    return text.append(f" [{diagnosis.code}]")


def _print_notes(console: Console, report: Report) -> None:
    notices = all_notices(report)
    lines = [f"{notice.location}: {notice.message}" if notice.location else notice.message for notice in notices]
    _print_items(console, "Notes", lines)


def _print_items(console: Console, heading: str, lines: Sequence[str]) -> None:
    if lines:
        console.print()
        console.print(Text(f"{heading}:", "bold"))
    for line in lines:
        console.print(_hanging(" ", Text("-"), Text(line)))


def _isolation_line(isolation: Isolation, seed: str | None) -> str:
    layers = f" ({', '.join(isolation.layers)})" if isolation.layers else ""
    public = "; cases: public seed" if seed == "public" else ""
    return f"Isolation: {isolation.level}{layers}{public}"


def _print_provenance(console: Console, report: Report) -> None:
    for layer, reason in report.isolation.missing if report.isolation else ():
        console.print(Padding(Text(f"without {layer}: {reason}"), (0, 0, 0, 2)))
    facts = [("sha256", report.submission.sha256), *report.provenance.items()]
    facts += [(f"time: {name.removesuffix('_s')}", f"{seconds:.3f} s") for name, seconds in report.timings.items()]
    wide = max((len(name) for name, _ in facts), default=0)
    for name, value in facts:
        if value is not None:
            console.print(_hanging("  ", Text(name.ljust(wide)), Text(value)))


def _next_step(report: Report, audience: Audience) -> str:
    """Say what to do first: the first check of the chain that did not pass, since later ones build on it."""
    if report.outcome != "graded":
        return ""
    first = next((check.verdict for check in report.checks if check.verdict.status != "passed"), None)
    flat = report.submission.style == "flat"
    return "" if first is None else hint_of(first, options=audience == "teacher", flat=flat)
