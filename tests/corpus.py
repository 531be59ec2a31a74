"""The corpora through the real grader, and what fell short: mistakes missed or misnamed, right work accused.

    python tests/corpus.py [NAME ...]

Grades every twin, mutant, example and flat script (or those whose file names contain a NAME) and prints
    caught             wrong submissions that lose marks in every check that the manifest says
    diagnosed          of those with known mistakes, how many have each of them named
    false accusations  marks taken from a right submission, and codes given that no mistake there deserves
    collateral         marks lost by an innocent check
    published          texts of every report for every platform at every level of feedback, and the largest of each; one
                       that is not valid there, too large, or tells another mark or more than it may, falls short
    time               of judging a failing check, and of its diagnosis and shrinking alone.
Exit status 1 unless all are caught, 95 % are diagnosed, all are published, and nobody is accused or pays for another's
mistake.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "flat"))

import watched

from corpora import Entry, codes, lost, manifest
from grader import pipeline
from grader.judge.flat import judge as flat_judge
from grader.pipeline import Grader, Settings
from grader.result import Report
from publishable import Published

ROOT = Path(__file__).parent
FLAT = ROOT / "flat" / "submissions"
EXAMPLES = ROOT.parent / "student_template" / "examples"
RIGHT = Entry("", (), frozenset(), frozenset(), frozenset())
LEAST_DIAGNOSED = 95.0


@dataclass
class Tally:
    """What the whole corpus comes to; `short` holds a line for each thing that should not be."""

    twins: int = 0
    wrong: int = 0
    caught: int = 0
    known: int = 0
    diagnosed: int = 0
    accused: int = 0
    collateral: int = 0
    unpublished: int = 0
    published: Published = field(default_factory=Published)
    short: list[str] = field(default_factory=list)

    def note(self, name: str, what: str) -> None:
        self.short.append(f"  {name}: {what}")


class Clock:
    """Seconds spent in each failing check: all of it, and within what it wraps."""

    def __init__(self) -> None:
        self.checks: list[tuple[float, str]] = []
        self.searches: list[tuple[float, str]] = []
        self._searching = 0.0

    def search(self, function: Any) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._searching += time.perf_counter() - start

        return timed

    def judge(self, function: Any) -> Any:
        def timed(spec: Any, *args: Any, **kwargs: Any) -> Any:
            self._searching, start = 0.0, time.perf_counter()
            searches = {name: kwargs[name] for name in ("shrinker", "diagnoser") if kwargs[name] is not None}
            kwargs |= {name: self.search(function) for name, function in searches.items()}
            verdict = function(spec, *args, **kwargs)
            if verdict.status not in {"passed", "missing"}:
                self.checks.append((time.perf_counter() - start, spec.name))
                self.searches.append((self._searching, spec.name))
            return verdict

        return timed


def submissions(names: list[str]) -> list[tuple[Path, Entry]]:
    """Every submission, and what its manifest says."""
    found = [(path, RIGHT) for path in sorted((ROOT / "twins" / "submissions").iterdir())]
    for folder, listed in ((ROOT / "mutants" / "submissions", ROOT / "mutants"), (EXAMPLES, EXAMPLES)):
        found += [(folder / entry.file, entry) for entry in manifest(listed / "manifest.toml")]
    found += [(FLAT / flat.file, flat_entry(flat)) for flat in watched.manifest()]
    return [(path, entry) for path, entry in found if not names or any(name in path.name for name in names)]


def flat_entry(flat: watched.Flat) -> Entry:
    """A flat script's entry; what is said of it in a notice may be said as a diagnosis, too."""
    loses = frozenset((*flat.wrong, *flat.carried))
    sets = (loses, frozenset(flat.may_lose), frozenset(flat.carried))
    return Entry(flat.file, tuple(flat.codes), *sets, may_name=frozenset(flat.notices))


def weigh(tally: Tally, name: str, entry: Entry, report: Report) -> None:
    """Count one report."""
    missed, named = lost(report), codes(report)
    must = entry.loses - entry.carried
    innocent = missed - ((entry.loses | entry.may_lose) - entry.carried)
    if report.outcome != "graded":
        tally.note(name, f"{report.outcome}: {report.reason}")
    if entry.loses:
        tally.wrong += 1
        tally.caught += report.outcome == "graded" and must <= missed
        tally.collateral += len(innocent)
    else:
        tally.twins += 1
        tally.accused += len(innocent) + (report.outcome != "graded")
    if entry.codes:
        tally.known += 1
        tally.diagnosed += set(entry.codes) <= named
    false = named - set(entry.codes) - entry.may_name
    tally.accused += len(false)
    differences = (
        ("not caught in", must - missed),
        ("lost by an innocent check:", innocent),
        ("not named:", set(entry.codes) - named),
        ("falsely named:", false),
    )
    for title, names in differences:
        if names:
            tally.note(name, f"{title} {', '.join(sorted(names))}")


def publish(tally: Tally, report: Report) -> None:
    """Give one report to every platform."""
    try:
        tally.published.add(report)
    except AssertionError as refused:
        tally.unpublished += 1
        tally.note("published", str(refused))


def percent(part: int, whole: int) -> str:
    return f"{part} of {whole}, {100 * part / whole:.1f} %" if whole else "none asked"


def seconds(times: list[tuple[float, str]], names: list[str]) -> str:
    if not times:
        return "no check failed"
    (worst, check), of = max((each, name) for each, name in zip(times, names, strict=True))
    return f"median {statistics.median(s for s, _ in times):.2f} s, worst {worst:.2f} s ({of}, {check})"


def main() -> int:
    chosen = submissions(sys.argv[1:])
    tally, clock, names = Tally(), Clock(), []
    started = time.perf_counter()
    with (
        mock.patch.object(pipeline, "judge_check", clock.judge(pipeline.judge_check)),
        mock.patch.object(flat_judge, "judge_check", clock.judge(flat_judge.judge_check)),
        Grader(Settings(), several=True) as grader,
    ):
        for path, entry in chosen:
            report = grader.grade(path)
            weigh(tally, path.name, entry, report)
            publish(tally, report)
            names += [path.name] * (len(clock.checks) - len(names))
    wall_s = time.perf_counter() - started
    print(f"submissions        {len(chosen)}: {tally.twins} right, {tally.wrong} wrong, graded in {wall_s:.0f} s")
    print(f"caught             {percent(tally.caught, tally.wrong)}")
    print(f"diagnosed          {percent(tally.diagnosed, tally.known)}")
    print(f"false accusations  {tally.accused}")
    print(f"collateral         {tally.collateral}")
    print(f"published          {tally.published}; refused: {tally.unpublished}")
    print(f"a failing check    {seconds(clock.checks, names)}, {len(names)} in all")
    print(f"  its diagnosis and shrinking alone: {seconds(clock.searches, names)}")
    print("\n".join(["fell short:", *tally.short] if tally.short else ["nothing fell short"]))
    few = tally.known and 100 * tally.diagnosed < LEAST_DIAGNOSED * tally.known
    too_much = tally.accused or tally.collateral or tally.unpublished
    return int(tally.caught < tally.wrong or bool(few) or too_much > 0)


if __name__ == "__main__":
    sys.exit(main())
