"""GitHub Actions: annotations, which are lines on standard output, and the step's summary, a file.

A line is `::error file=…,title=…::message` with its own escapes: what a submission says cannot begin a line, so it
gives the runner no orders. A step shows ten annotations of a type and drops the rest, so the last says how many there
are more. The summary is HTML, in which Markdown is not read as long as no line is blank; what a submission says stands
in `pre` and `code` besides, where nobody is mentioned either.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.publish.told import Told, cut, fit, tell
from grader.report.prepare import all_notices, prepare
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "PER_TYPE", "GithubOutput", "to_github"]

LIMIT_BYTES = 1024 * 1024
PER_TYPE = 10
_MESSAGE = 3000
"""Characters of a message: more cannot be read beside a line of code."""


@dataclass(frozen=True)
class GithubOutput:
    """`annotations`: lines for standard output. `summary`: for the file that GITHUB_STEP_SUMMARY names."""

    annotations: str
    summary: str


@dataclass(frozen=True)
class _Annotation:
    level: str  # error, warning or notice
    message: str
    properties: Mapping[str, str | int | None]


def to_github(reports: Sequence[Report], *, feedback: Feedback) -> GithubOutput:
    """Annotate what failed and what should be known, sum up all marks."""
    every = [tell(report, feedback) for report in reports]
    found = [note for report, told in zip(reports, every, strict=True) for note in _annotations(report, told, feedback)]
    lines = [
        _line(note)
        for level in ("error", "warning", "notice")
        for note in _at_most([note for note in found if note.level == level])
    ]
    summary = fit(lambda room: "".join(_section(told, room) for told in every), LIMIT_BYTES)
    return GithubOutput("".join(f"{line}\n" for line in lines), summary)


# ---------------------------------------------------------------------------- annotations
def _annotations(report: Report, told: Told, feedback: Feedback) -> list[_Annotation]:
    if told.total is None or not told.items:
        level = "notice" if told.passed else "error"
        return [_Annotation(level, told.headline, {"file": told.path, "title": "grade"})]
    found = [_Annotation("notice", told.headline, {"file": told.path, "title": "grade"})]
    for item in told.items:
        if not item.passed:
            message = item.text or f"{item.name}: {item.mark}"
            title = f"{item.name}: {item.status}, {item.points_text} points"
            found.append(_Annotation("error", message, {"file": told.path, "title": title}))
    for notice in all_notices(prepare(report, "student", feedback)):
        place = notice.location
        line = place.line if place and place.cell is None else None  # a cell's line is no line of the file
        title = str(place) if place and line is None else notice.code
        found.append(_Annotation("warning", notice.message, {"file": told.path, "line": line, "title": title}))
    return found


def _at_most(notes: Sequence[_Annotation]) -> Sequence[_Annotation]:
    if len(notes) <= PER_TYPE:
        return notes
    kept = notes[: PER_TYPE - 1]
    more = len(notes) - len(kept)
    return [*kept, _Annotation(notes[0].level, f"{more} more: see the step's summary", {"title": "grade"})]


def _line(note: _Annotation) -> str:
    properties = ",".join(f"{key}={_escaped_property(str(value))}" for key, value in note.properties.items() if value)
    return f"::{note.level} {properties}::{_escaped(cut(note.message, _MESSAGE))}"


def _escaped(text: str) -> str:
    """As the runner takes escapes back in a message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


# ---------------------------------------------------------------------------- summary
def _section(told: Told, room: int) -> str:
    short = max(room, 200)  # what is sure to hold the mark
    symbol = "✅" if told.passed else "❌"
    lines = [f"<p>{symbol} <code>{_safe(told.path, short)}</code>: <code>{_safe(told.verdict, short)}</code></p>"]
    if told.items:
        rows = (
            f"<tr><td><code>{item.name}</code></td><td>{item.mark}</td><td>{item.points_text}</td></tr>"
            for item in told.items
        )
        lines += ["<table><tr><th>Check</th><th>Result</th><th>Points</th></tr>", *rows, "</table>"]
    said = [(item.name, item.text) for item in told.items if item.text]
    if told.notes:
        said.append(("Notes", told.notes))
    for name, text in said:
        lines.append(f"<details><summary>{name}</summary>{_pre(cut(text, room))}</details>")
    return "\n".join(lines) + "\n\n"


def _pre(text: str) -> str:
    return f"<pre>{_safe(text, len(text))}</pre>"


def _safe(text: str, room: int) -> str:
    """Escape `text`, line breaks too: at a blank line Markdown would begin again."""
    return html.escape(cut(text, room), quote=False).replace("\n", "&#10;")
