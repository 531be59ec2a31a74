"""A class end to end: `python tests/benchmarks/cohort.py [--submissions N] [--jobs N ...]`.

A mixed class (half of them correct, the rest making the mistakes of the examples, no two files the same) is graded into
a fresh folder with each number of worker processes, then once more, when everything is known.

rate     submissions a second, from the first that is done to the last
scaling  rate with 2 workers over rate with 1: goal 1.8. One worker alone is two processes, the grader's and the
         submission's, which work side by side where there is a second core; so also told: 2 workers on all cores over
         1 worker on one core
memory   peak with the whole class over peak with a fifth of it: goal 1.1 (flat), for the grading process alone (as the
         kernel counts) and for it and all that it starts (as seen from outside, now and then)

Exit status 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from memory import peak_bytes

from grader.cohort.engine import Work, grade_cohort
from grader.cohort.outputs import results_json, write_output
from grader.cohort.processes import LocalProcesses
from grader.pipeline import Settings

EXAMPLES = Path(__file__).parents[2] / "student_template" / "examples"
GOALS = {"scaling": 1.8, "memory, parent": 1.1, "memory, all": 1.1}
LOOK_EVERY_S = 0.25  # at 0.005 s, watching takes a tenth of a core


def make_class(folder, count):
    """`count` scripts, each its own student's and unlike all others."""
    folder.mkdir()
    mistaken = [path for path in sorted(EXAMPLES.glob("*.py")) if path.name != "correct.py"]
    for number in range(count):
        source = EXAMPLES / "correct.py" if number % 2 else mistaken[number // 2 % len(mistaken)]
        (folder / f"s{number:05}.py").write_text(f"{source.read_text(encoding='utf-8')}\n# {number}\n")


def grade(folder, out, jobs):
    """In this process: grade, write, print what it took."""
    works = [Work(path.stem, path, path.name) for path in sorted(folder.iterdir())]
    times = []
    began = time.perf_counter()
    marks = grade_cohort(
        works,
        Settings(),
        out,
        executor=lambda settings, bank: LocalProcesses(settings, bank, jobs),
        progress=lambda _progress: times.append(time.perf_counter()),
    )
    with marks:
        write_output(out / "results.json", results_json(marks))
    seconds = time.perf_counter() - began
    progress = marks.progress
    assert (progress.done, progress.ungraded) == (len(works), 0)
    taken = {
        "seconds": seconds,
        "rate": (len(works) - 1) / (times[-1] - times[0]),
        "reused": progress.reused,
        "parent_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(taken))


def measured(folder, out, jobs, cores=0):
    """The same in a fresh process, on so many cores (0: all there are); what it printed."""
    command = [sys.executable, __file__, "--grade", str(folder), str(out), str(jobs), str(cores)]
    with tempfile.TemporaryFile("w+") as output:
        peak, _ = peak_bytes(command, every_s=LOOK_EVERY_S, stdout=output)
        output.seek(0)
        return {**json.loads(output.read().splitlines()[-1]), "all_mib": peak / 2**20}


def show(name, taken):
    print(
        f"{name:28} {taken['seconds']:7.1f} s  {taken['rate']:7.2f} / s  "
        f"parent {taken['parent_mib']:5.0f} MiB  all {taken['all_mib']:5.0f} MiB",
        flush=True,
    )


def compare(count, jobs):
    """Goals by name: what was measured."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        make_class(place / "fifth", max(count // 5, 2))
        make_class(place / "class", count)
        measured(place / "fifth", place / "warming", 1)  # builds the bank, fills the page cache
        few = measured(place / "fifth", place / "few", jobs[-1])
        show(f"{max(count // 5, 2)} submissions, -j {jobs[-1]}", few)
        taken = {}
        for number in jobs:
            taken[number] = measured(place / "class", place / f"marks{number}", number)
            show(f"{count} submissions, -j {number}", taken[number])
        bytes_written = {(place / f"marks{number}" / "results.json").read_bytes() for number in jobs}
        assert len(bytes_written) == 1, "the number of workers shows in the results"
        known = measured(place / "class", place / f"marks{jobs[-1]}", jobs[-1])
        assert known["reused"] == count
        show(f"{count} known, -j {jobs[-1]}", known)
        if {1, 2} <= taken.keys():
            alone = measured(place / "class", place / "alone", 1, cores=1)
            show(f"{count} submissions, -j 1, one core", alone)
    most = taken[jobs[-1]]
    found = {
        "memory, parent": most["parent_mib"] / few["parent_mib"],
        "memory, all": most["all_mib"] / few["all_mib"],
    }
    if {1, 2} <= taken.keys():
        found["scaling"] = taken[2]["rate"] / taken[1]["rate"]
        print(f"-j 2 over -j 1 on one core    {taken[2]['rate'] / alone['rate']:6.2f}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--grade", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    if options.grade:
        folder, out, jobs, cores = options.grade
        if cores != "0":
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
        grade(Path(folder), Path(out), int(jobs))
        return 0
    missed = False
    for name, value in compare(options.submissions, options.jobs).items():
        met = value >= GOALS[name] if name == "scaling" else value <= GOALS[name]
        missed |= not met
        print(f"{name:28} {value:7.2f}    goal {GOALS[name]:.1f}  {'met' if met else 'MISSED'}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
