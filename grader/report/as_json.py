"""A report as JSON: `grade-result/1`, whose schema is `result.schema.json` beside this file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from importlib import resources
from typing import Any

from grader.model import CheckVerdict, Counterexample, Isolation, Notice
from grader.report.marks import shown_machine_total, shown_points, shown_total
from grader.report.prepare import all_notices, prepare
from grader.result import Audience, Feedback, Override, Report, ScoredCheck, Submission

__all__ = ["SCHEMA_NAME", "schema_text", "to_json_object", "to_json_text"]

SCHEMA_NAME = "grade-result/1"


def to_json_object(report: Report, audience: Audience = "teacher", feedback: Feedback | None = None) -> dict[str, Any]:
    """Turn the report into plain JSON data: finite numbers, clean strings, the same for the same report, timings apart.

    What the audience may not see is absent (a hash, the seed) or empty (checks at "score", properties at "verdict").
    """
    report = prepare(report, audience, feedback)
    total = shown_total(report)
    shown = shown_points(report) if report.outcome == "graded" else (None,) * len(report.checks)
    data: dict[str, Any] = {
        "schema": SCHEMA_NAME,
        "outcome": report.outcome,
        "submission": _submission(report.submission, audience),
        "score": None if total is None else float(total),
        "max_score": float(report.max_score),
        "passed": report.passed,
        "reason": None if report.outcome == "graded" else report.reason,
        "checks": [_check(check, points) for check, points in zip(report.checks, shown, strict=True)],
        "notices": [_notice(notice) for notice in all_notices(report)],
        "isolation": report.isolation and _isolation(report.isolation, audience),
        "provenance": dict(report.provenance),
        "timings": {name: round(seconds, 4) for name, seconds in report.timings.items()},
    }
    if audience == "teacher":
        data["pass_mark"] = float(report.pass_points)
        data["review"] = list(report.review)
    if report.overrides:
        machine = shown_machine_total(report)
        data["machine_score"] = None if machine is None else float(machine)
        data["overrides"] = [_override(item, audience) for item in report.overrides]
    return data


def to_json_text(data: dict[str, Any] | Sequence[dict[str, Any]]) -> str:
    """One object, or a list of them, as UTF-8 text that ends in a line break."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def schema_text() -> str:
    """Read the JSON Schema (draft 2020-12) of what `grade --format json` prints."""
    return resources.files("grader.report").joinpath("result.schema.json").read_text("utf-8")


def _submission(submission: Submission, audience: Audience) -> dict[str, str | None]:
    data = {"path": submission.path, "sha256": submission.sha256, "kind": submission.kind, "style": submission.style}
    if audience == "student":
        del data["sha256"]
    return data


def _check(check: ScoredCheck, points: Fraction | None) -> dict[str, Any]:
    verdict = check.verdict
    return {
        "name": verdict.name,
        "status": verdict.status,
        "score": None if points is None else float(points),
        "max_score": float(check.max_points),
        "message": verdict.message,
        "properties": [
            {"name": item.name, "status": item.status, "examples": item.examples, "message": item.message}
            for item in verdict.properties
        ],
        "diagnoses": _diagnoses(verdict),
        "counterexample": verdict.counterexample and _counterexample(verdict.counterexample),
    }


def _diagnoses(verdict: CheckVerdict) -> list[dict[str, Any]]:
    return [
        {"code": item.code, "message": item.message, "matched": item.matched, "of": item.of}
        for item in verdict.diagnoses
    ]


def _counterexample(example: Counterexample) -> dict[str, Any]:
    data = {**example.inputs, "expected": example.expected, "got": example.got}
    return data if example.trace is None else {**data, "trace": example.trace}


def _override(item: Override, audience: Audience) -> dict[str, Any]:
    data: dict[str, Any] = {
        "check": item.check,
        "score": round(float(item.points), 2),
        "machine_score": round(float(item.machine), 2),
    }
    return data if audience == "student" else {**data, "reason": item.reason, "who": item.who}


def _notice(notice: Notice) -> dict[str, Any]:
    place = notice.location
    return {
        "code": notice.code,
        "message": notice.message,
        "location": None if place is None else {"cell": place.cell, "line": place.line},
    }


def _isolation(isolation: Isolation, audience: Audience) -> dict[str, Any]:
    unconfined = isolation.level in {"basic", "none"}
    data: dict[str, Any] = {"level": isolation.level, "unconfined": unconfined, "layers": list(isolation.layers)}
    if audience == "teacher":
        data["missing"] = [{"layer": layer, "reason": reason} for layer, reason in isolation.missing]
        data["canaries"] = dict(isolation.canaries)
    return data
