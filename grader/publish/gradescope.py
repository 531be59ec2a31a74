"""Gradescope's `results.json`.

The total overrides the sum of the tests. The platform takes a file without any score for a failed autograder, which
is what "not graded" has to be: the caller ends with a status other than 0 as well. A file that cannot be read is 0
until another is handed in: the platform knows nothing in between.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from grader.publish.told import Item, Told, cut, fit, tell
from grader.report.as_json import to_json_text
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "to_gradescope"]

LIMIT_BYTES = 512 * 1024
"""The platform names no limit; a page with more is no help to anybody."""


def to_gradescope(report: Report, *, feedback: Feedback, out_of: Fraction | None = None) -> str:
    """Write `results.json`; `out_of` is what the assignment is worth there, if not as much as in the rubric."""
    told = tell(report, feedback, out_of=out_of)
    return fit(lambda room: to_json_text(_results(told, room)), LIMIT_BYTES)


def _results(told: Told, room: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "output": f"{told.headline}\n\n{cut(told.notes, room)}".strip(),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(item, room) for item in told.items],
    }
    if told.total is not None:
        return {"score": float(told.total), **data}
    if told.outcome == "unreadable":
        return {"score": 0.0, **data, "tests": [_no_test("The file can be read", told)]}
    return {**data, "tests": [_no_test("Not graded", told)]}


def _test(item: Item, room: int) -> dict[str, Any]:
    test: dict[str, Any] = {"name": item.name, "status": "passed" if item.passed else "failed"}
    if item.max_points and item.points is not None:
        test |= {"score": float(item.points), "max_score": float(item.max_points)}
    said = [item.mark] if item.max_points else [f"{item.mark} (not counted)"]
    return {**test, "output": "\n".join([*said, *([cut(item.text, room)] if item.text else [])])}


def _no_test(name: str, told: Told) -> dict[str, Any]:
    return {"name": name, "status": "failed", "output": told.headline}
