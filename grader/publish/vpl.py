"""What Moodle's VPL reads from the output of `vpl_evaluate.sh`.

It takes the last line that begins with `Grade :=>>`, and as comment what stands between `<|--` and `--|>`. In a
comment a line that begins with `-` is a heading, one that begins with `>` is shown as it stands. Text of a submission
always stands behind a `>`: there it can neither end the comment nor be a heading, a link or a grade. Without a grade
line VPL gives none: its way to say "not graded".
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from fractions import Fraction

from grader.publish.told import Told, cut, fit, tell
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "to_vpl"]

LIMIT_BYTES = 64 * 1024
_WIDTH = 78


def to_vpl(report: Report, *, feedback: Feedback, out_of: Fraction | None = None) -> str:
    """Write comment and grade; `out_of` is the activity's highest grade (`VPL_GRADEMAX`), if not the rubric's."""
    told = tell(report, feedback, out_of=out_of, width=_WIDTH)
    return fit(lambda room: _evaluation(told, room), LIMIT_BYTES)


def _evaluation(told: Told, room: int) -> str:
    lines = ["<|--", "-Mark", *_quoted(told.headline)]
    for item in told.items:
        lines.append(f"-{item.mark} {item.name}: {item.points_text}")
        lines += _quoted(cut(item.text, room))
    if told.notes:
        lines += ["-Notes", *_quoted(cut(told.notes, room))]
    lines.append("--|>")
    if told.total is not None:
        lines.append(f"Grade :=>>{_number(told.total)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> Iterable[str]:
    """Every line behind a `>`, wrapped: VPL does not wrap such lines itself."""
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.wrap(line, _WIDTH, subsequent_indent=indent[: _WIDTH // 2], drop_whitespace=False)
        yield from (f">{part}".rstrip() for part in (wrapped or [""]))


def _number(points: Fraction) -> str:
    """Hundredths, without zeros that say nothing: VPL computes with what it reads."""
    return f"{float(points):.2f}".removesuffix(".00")
