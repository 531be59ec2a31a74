"""PrairieLearn's `results.json`: a score from 0 to 1, less than 1 MiB, every test with points.

`gradable` false costs no attempt and gives no mark: right where nothing could be read, and where the fault is ours.
"""

from __future__ import annotations

from typing import Any

from grader.publish.told import Item, Told, cut, fit, tell
from grader.report.as_json import to_json_text
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "to_prairielearn"]

LIMIT_BYTES = 1024 * 1024 - 1


def to_prairielearn(report: Report, *, feedback: Feedback) -> str:
    """Write `results.json`."""
    told = tell(report, feedback)
    return fit(lambda room: to_json_text(_results(told, room)), LIMIT_BYTES)


def _results(told: Told, room: int) -> dict[str, Any]:
    if told.share is None:
        return {"gradable": False, "message": told.headline, "format_errors": [told.headline]}
    return {
        "gradable": True,
        "score": float(told.share),
        "message": told.headline,
        "output": cut(told.notes, room),
        "tests": [_test(item, room) for item in told.items],
    }


def _test(item: Item, room: int) -> dict[str, Any]:
    return {
        "name": item.name,
        "points": float(item.points or 0),
        "max_points": float(item.max_points),
        "message": item.mark if item.max_points else f"{item.mark} (not counted)",
        "output": cut(item.text, room),
    }
