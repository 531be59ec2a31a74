"""What became of a student's mark from one run to the next, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Any

from grader.cohort.plain import WireError, from_data
from grader.cohort.publish_folder import entries_of
from grader.cohort.records import Grading, Run
from grader.cohort.store import Store
from grader.result import Outcome, Report
from grader.rubric import Rubric
from grader.score import report_of

__all__ = ["Change", "by_hand", "history", "rubric_changes"]

_NAMES = {"bank_sha256": "cases", "code": "the grader's own code"}
_SHORT = 12  # digits of a hash
_UNTOLD = ("rubric.seed", "rubric.feedback_before_due", "rubric.feedback_after_due", "rubric.limits", "rubric.mapping")


@dataclass(frozen=True)
class Change:
    """A mark that a run gave a student, if it is the first or differs from the one before.

    `why` says what differs in what the two runs went by and in what was handed in, `checks` what it did to which check.
    """

    student: str
    path: str
    run: int
    when: str
    outcome: Outcome
    score: Fraction | None
    before: Fraction | None = None
    why: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


def history(store: Store, student: str | None = None) -> Iterator[Change]:
    """The changes of one student's marks, or of everyone's, by student, then time; runs that were stopped do not count.

    A grading that repeats the one before is left out.
    """
    runs = {run.number: run for run in store.runs() if run.finished}
    gradings = (grading for grading in store.gradings_of(student) if grading.run in runs)
    for _, own in groupby(gradings, key=lambda grading: grading.student):
        last: dict[str, Grading] = {}
        newest: Grading | None = None
        for grading in own:
            before = last.get(grading.path, newest)
            change = _change(before, grading, runs)
            last[grading.path] = newest = grading
            if change is not None:
                yield change


def by_hand(store: Store) -> dict[str, Report]:
    """The reports of the last run whose marks a person changed, by student. Raises as `read_overrides`."""
    with suppress(WireError):  # another version's run: what it would come to is not known
        return {entry.student: entry.report for entry, _ in entries_of(store) if entry.report.overrides}
    return {}


def _change(before: Grading | None, after: Grading, runs: Mapping[int, Run]) -> Change | None:
    run = runs[after.run]
    assert run.finished is not None
    made = Change(after.student, after.path, after.run, run.finished, after.outcome, after.score)
    if before is None:
        return made
    checks = _checks(before, after, runs)
    handed_in = _handed_in(before, after)
    told = (before.outcome, before.score, before.judged.reason)
    if told == (after.outcome, after.score, after.judged.reason) and not checks and not handed_in:
        return None
    why = (*handed_in, *_why(runs[before.run].facts, run.facts), *_isolation(before, after))
    return Change(**{**vars(made), "before": before.score, "why": why, "checks": checks})


def _handed_in(before: Grading, after: Grading) -> tuple[str, ...]:
    if before.key is None or after.key is None:
        changed = before.judged.submission.sha256 != after.judged.submission.sha256
    else:
        changed = before.key.content != after.key.content
    return ("another file was handed in",) if changed else ()


def _isolation(before: Grading, after: Grading) -> tuple[str, ...]:
    differs = before.level and after.level and before.level != after.level
    return (f"isolation: {before.level} → {after.level}",) if differs else ()


def _why(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Each thing that the two runs went by and that differs, once."""
    old, new = dict(_flat(before, "")), dict(_flat(after, ""))
    told: dict[str, None] = {}
    for place in sorted(old.keys() | new.keys()):
        if old.get(place) != new.get(place) and not place.startswith(_UNTOLD):
            area, _, name = place.partition(".")
            words = _NAMES.get(name, f"rubric {name}" if area in {"rubric", "judging"} else name)
            told[f"{words}: {_shown(old.get(place))} → {_shown(new.get(place))}"] = None
    return tuple(told)


def rubric_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs in the rubrics, the ways of judging and the cases that two runs went by."""
    return tuple(line for line in _why(before, after) if line.startswith(("rubric ", "cases: ")))


def _flat(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _shown(value: object) -> str:
    text = "none" if value is None else str(value)
    is_hash = len(text) == 64 and set(text) <= set("0123456789abcdef")
    return text[:_SHORT] if is_hash else text


def _checks(before: Grading, after: Grading, runs: Mapping[int, Run]) -> tuple[str, ...]:
    """What each check was and is, where that differs."""
    old, new = _report(before, runs[before.run]), _report(after, runs[after.run])
    if old is None or new is None:
        return ()
    was = {check.verdict.name: f"{check.verdict.status} {_points(check.points)}" for check in old.checks}
    now = {check.verdict.name: f"{check.verdict.status} {_points(check.points)}" for check in new.checks}
    return tuple(f"{name}: {was[name]} → {now[name]}" for name in now if name in was and was[name] != now[name])


def _points(points: Fraction) -> str:
    return f"{float(points):g}"


def _report(grading: Grading, run: Run) -> Report | None:
    """The report as it was; None where the rubric is one of another version of the grader."""
    try:
        return report_of(grading.judged, from_data(Rubric, run.facts["rubric"]))
    except (WireError, ValueError):
        return None
