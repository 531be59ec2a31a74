"""What a combinator template grader of Moodle's CodeRunner prints: one JSON object.

Without a `fraction` CodeRunner leaves the question unmarked and takes no penalty, showing what was printed: its way to
say "not graded". (`showoutputonly` would be full marks.)
"""

from __future__ import annotations

import html
from typing import Any

from grader.publish.told import Told, cut, fit, tell
from grader.report.as_json import to_json_text
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "to_coderunner"]

LIMIT_BYTES = 256 * 1024
"""Well below what the servers that run the template let it print."""

_HEADER = ("iscorrect", "Check", "Points", "Feedback")
_FORMATS = ("%s", "%s", "%s")  # one for each column but `iscorrect`: CodeRunner escapes these


def to_coderunner(report: Report, *, feedback: Feedback) -> str:
    """Write the object; every cell of its table is plain text, its two passages of HTML are escaped."""
    told = tell(report, feedback, width=70)
    return fit(lambda room: to_json_text(_combined(told, room)), LIMIT_BYTES)


def _combined(told: Told, room: int) -> dict[str, Any]:
    headline = f"<p>{html.escape(told.headline)}</p>"
    if told.share is None:
        return {"prologuehtml": headline}
    data: dict[str, Any] = {"fraction": float(told.share), "prologuehtml": headline}
    if told.items:
        rows = (
            [int(item.passed), item.name, item.points_text, f"{item.mark}\n{cut(item.text, room)}".strip()]
            for item in told.items
        )
        data |= {"testresults": [list(_HEADER), *rows], "columnformats": list(_FORMATS)}
    if told.notes:
        data["epiloguehtml"] = f"<pre>{html.escape(cut(told.notes, room))}</pre>"
    return data
