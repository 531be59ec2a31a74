"""JUnit XML, which CI services show: a suite for each submission, a case for each check.

JUnit knows no points: they are properties of the suite, `score` and `max_score`, and the same for each check with its
name behind a dot. A submission that has no mark is an `error`: no failure, and nothing that passed.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from fractions import Fraction

from grader.publish.told import Item, Told, cut, fit, tell
from grader.result import Feedback, Report

__all__ = ["LIMIT_BYTES", "to_junit"]

LIMIT_BYTES = 30_000_000 - 1


def to_junit(reports: Sequence[Report], *, feedback: Feedback) -> str:
    """Write one document for all `reports`, without times: the same bytes for the same reports."""
    every = [tell(report, feedback) for report in reports]
    return fit(lambda room: _document(every, room), LIMIT_BYTES)


def _document(every: Sequence[Told], room: int) -> str:
    root = ET.Element("testsuites", name="grade")
    for told in every:
        _add_suite(root, told, room)
    for kind in ("tests", "failures", "errors", "skipped"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_suite(root: ET.Element, told: Told, room: int) -> None:
    suite = ET.SubElement(root, "testsuite", name=told.path)
    properties = ET.SubElement(suite, "properties")

    def say(name: str, value: str | Fraction | None) -> None:
        if value is not None:
            text = value if isinstance(value, str) else f"{float(value):.2f}"
            ET.SubElement(properties, "property", name=name, value=text)

    say("outcome", told.outcome)
    say("score", told.total)
    say("max_score", told.max_total)
    for item in told.items:
        say(f"score.{item.name}", item.points)
        say(f"max_score.{item.name}", item.max_points)
    if told.total is None:
        _add_case(suite, told.path, "grading", ("error", told.outcome, told.headline, ""))
    elif told.items:
        for item in told.items:
            _add_case(suite, told.path, item.name, _fault(item, room))
    else:
        below = ("failure", "below", told.headline, "")
        _add_case(suite, told.path, "mark", None if told.passed else below)
    if told.notes:
        ET.SubElement(suite, "system-out").text = cut(told.notes, room)
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    suite.set("tests", str(len(suite.findall("testcase"))))
    for kind, tag in kinds.items():
        suite.set(kind, str(len(suite.findall(f"testcase/{tag}"))))


def _fault(item: Item, room: int) -> tuple[str, str, str, str] | None:
    if item.passed:
        return None
    tag = "failure" if item.status in {"failed", "missing"} else "error"
    return tag, item.status, f"{item.mark}: {item.points_text} points", cut(item.text, room)


def _add_case(suite: ET.Element, group: str, name: str, fault: tuple[str, str, str, str] | None) -> None:
    case = ET.SubElement(suite, "testcase", classname=group, name=name)
    if fault:
        tag, kind, message, text = fault
        ET.SubElement(case, tag, type=kind, message=message).text = text
