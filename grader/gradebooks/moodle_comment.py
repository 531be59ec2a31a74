r"""What a student is told, as one cell of HTML that neither Moodle nor a spreadsheet takes for anything else.

Moodle shows the text of *Feedback comments* as HTML, to the teacher even unfiltered, when it asks whether the import is
right. So whatever HTML, a text filter of Moodle's (`$$…$$`, `{…}`, `[…]`) or the place holder `@@PLUGINFILE@@` would
act on is written as a character reference. So is the backslash: PHP reads `\"` in a CSV as no end of the cell. No line
ends either, and characters beyond the sixteen-bit plane as references, which an old MySQL cannot store.
"""

from __future__ import annotations

from fractions import Fraction

from grader.publish.told import Told, cut, fit, tell
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "to_comment"]

LIMIT_BYTES = 30_000
"""A spreadsheet's cell holds 32767 characters: a teacher may look at the file in one and save it."""

_WIDTH = 78
_ACTED_ON = {ord(sign): f"&#{ord(sign)};" for sign in "&<>\"'\\{[$@`"}


def to_comment(report: Report, feedback: Feedback, out_of: Fraction | None = None) -> str:
    """Write mark and checks, up to `feedback`; marks are scaled to `out_of` points."""
    told = tell(report, feedback, out_of=out_of, width=_WIDTH)
    return fit(lambda room: _html(told, room), LIMIT_BYTES)


def _html(told: Told, room: int) -> str:
    parts = [told.verdict]
    for item in told.items:
        parts += ["", f"{item.mark} {item.name}: {item.points_text}"]
        if item.text:
            parts.append(cut(item.text, room))
    if told.notes:
        parts += ["", cut(told.notes, room)]
    return "<pre>" + "<br>".join(map(_escape, "\n".join(parts).splitlines())) + "</pre>"


def _escape(line: str) -> str:
    r"""Make a line of text one of HTML.

    >>> _escape('<b> "x" \\ $$y$$ 😀')
    '&#60;b&#62; &#34;x&#34; &#92; &#36;&#36;y&#36;&#36; &#128512;'
    """
    text = line.rstrip().translate(_ACTED_ON)
    return "".join(sign if ord(sign) <= 0xFFFF else f"&#{ord(sign)};" for sign in text)
