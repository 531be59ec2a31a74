"""What a locked cell in nbgrader needs of a result: points by check, and what the student may see of each.

The cell runs where the submission's code ran, so this text is all that gets there: no seed, no bank, no value expected
but that of the failing case which the student is shown anyway. Points stand by check at every level of feedback, for
nbgrader shows them cell by cell whatever else is told.
"""

from __future__ import annotations

from typing import Any

from grader.publish.told import cut, fit, tell
from grader.report.as_json import to_json_text
from grader.report.marks import shown_points
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "to_nbgrader"]

LIMIT_BYTES = 512 * 1024
"""nbgrader names no limit; the cells' outputs are kept in the notebook and in the feedback."""


def to_nbgrader(report: Report, *, feedback: Feedback) -> str:
    """Write a JSON object: `outcome`, `reason`, and for each check `points`, `worth` and `text`."""
    told = tell(report, feedback)
    texts = {item.name: "\n".join(filter(None, (item.mark, item.text))) for item in told.items}
    graded = report.outcome == "graded"

    def render(room: int) -> str:
        points = zip(report.checks, shown_points(report), strict=True) if graded else ()
        data: dict[str, Any] = {
            "outcome": told.outcome,
            "reason": "" if graded else cut(told.verdict, room),
            "notes": cut(told.notes, room),
            "checks": {
                check.verdict.name: {
                    "points": float(earned),
                    "worth": float(check.max_points),
                    "text": cut(texts.get(check.verdict.name, ""), room),
                }
                for check, earned in points
            },
        }
        return to_json_text(data)

    return fit(render, LIMIT_BYTES)
