"""Ours beside its peers: `python tests/benchmarks/peers [--correct N] [--failing N] [--rounds N] [--work DIR]`.

otter-grader and nbgrader (with ipykernel) are installed into environments of their own, and get the equivalent
assignment: the same seven functions, `--cases` random cases each, in a notebook with nothing else in it. All then grade
the same notebooks, correct ones (tests/twins) and failing ones (tests/mutants), on one core, in turns, each first in
turn. Printed are submissions per second and medians over the rounds of the ratio within a round; and what each caught.

The core may be shared by other work: run it on a quiet machine. Processor time, beside it, depends less on that.
`--work` keeps the environments.

Exit status 1 if a goal is missed, a peer's mark is wrong (then there is no comparison), or a peer catches a mistake
that ours does not. Linux only.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # before NumPy

import numpy as np
from assignment import correct_students, failing_students
from graders import HELD, Nbgrader, Otter, Ours, adopt_orphans

from grader.cases import PUBLIC_SEED, load_or_build
from grader.contract import CHECKS

GOALS = {"correct": (30, 20), "failing": (10, 10)}
"""Of submissions per second, ours over otter's and nbgrader's."""


def lost(marks):
    """The checks that do not hold."""
    return {name for name, share in marks.items() if share != 1}


# ---------------------------------------------------------------------------- measuring
def measure(graders, students, rounds, kind):
    """Seconds (rounds, graders, [clock, processor]), and the marks of the last round."""
    seconds, marks = np.zeros((rounds, len(graders), 2)), [{} for _ in graders]
    for turn in range(rounds):
        for i in range(len(graders)):
            which = (turn + i) % len(graders)
            seconds[turn, which], marks[which] = graders[which].grade(students, f"{kind} {turn}")
            print(f"  round {turn + 1}: {graders[which].name:34} {seconds[turn, which, 0]:8.1f} s", flush=True)
    return seconds, marks


def show_speed(kind, graders, students, seconds):
    """Print the table; whether the goals are met."""
    each = np.median(seconds, axis=0) / len(students)
    ratios = np.median(seconds / seconds[:, -1:], axis=0)
    print(f"\n{kind}: {len(students)} notebooks, {len(seconds)} rounds, load average {os.getloadavg()[0]:.1f}")
    print(f"  {'':34} {'s each':>8} {'per s':>8} {'slower by':>9} {'cpu s':>8} {'slower by':>9}")
    met = True
    for grader, (clock, cpu), (ratio, cpu_ratio), goal in zip(graders, each, ratios, (*GOALS[kind], 0, 0), strict=True):
        line = f"  {grader.name:34} {clock:8.3f} {1 / clock:8.3f} {ratio:9.1f} {cpu:8.3f} {cpu_ratio:9.1f}"
        print(line + (f"  goal {goal:.0f}  {'met' if ratio >= goal else 'MISSED'}" if goal else ""))
        met &= ratio >= goal
    return met


# ---------------------------------------------------------------------------- marks
def wrong_marks(grader, students, marks):
    """Sentences on marks that are missing, or lower than they ought to be."""
    names = {check.name for check in CHECKS}
    for student in students:
        got = marks.get(student.name, {})
        if got.keys() != names:
            yield f"{grader.name}: no mark for {student.name}"
        elif unfair := lost(got) - student.loses - student.may_lose:
            yield f"{grader.name}: {student.name} is right in {', '.join(sorted(unfair))} and lost marks there"


def show_catches(graders, students, marks):
    """Print what each caught; sentences on what only a peer did."""
    print("\nwhat was caught of what is wrong")
    checks = sum(len(student.loses) for student in students)
    for grader, given in zip(graders, marks, strict=True):
        caught = {student.name: student.loses & lost(given.get(student.name, {})) for student in students}
        missed = [name for name, found in caught.items() if not found]
        held = sum(share == HELD for shares in given.values() for share in shares.values())
        print(
            f"  {grader.name:34} {len(caught) - len(missed):4} of {len(students)} submissions, "
            f"{sum(map(len, caught.values())):4} of {checks} checks"
            + (f", {held} of them forgiven" if held else "")
            + (f"; missed {', '.join(missed)}" if missed else "")
        )
    for grader, given in zip(graders[:2], marks[:2], strict=True):
        for student in students:
            found = lost(given.get(student.name, {})) & student.loses
            if only := found - lost(marks[-1].get(student.name, {})):
                yield f"{grader.name} alone finds {student.name} wrong in {', '.join(sorted(only))}"


def compare(options, work):
    """Sentences on what is not as it should be."""
    adopt_orphans()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    asked = ", ".join(f"{len(list(cases))} {cases.name}" for cases in load_or_build(PUBLIC_SEED).checks)
    print(f"peers ask {options.cases} random cases a check; ours the public bank: {asked}", flush=True)
    graders = [
        Otter(work, options.cases),
        Nbgrader(work, options.cases),
        Ours(work, whole=False),
        Ours(work, whole=True),
    ]
    faults = []
    for kind, students in (
        ("correct", correct_students(options.correct)),
        ("failing", failing_students(options.failing)),
    ):
        if not students:
            continue
        seconds, marks = measure(graders, students, options.rounds, kind)
        for grader, given in zip(graders, marks, strict=True):
            faults += wrong_marks(grader, students, given)
        if not show_speed(kind, graders, students, seconds):
            faults.append(f"a goal is missed with {kind} notebooks")
        if kind == "failing":
            faults += show_catches(graders, students, marks)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--correct", type=int, default=40, metavar="N")
    parser.add_argument("--failing", type=int, default=40, metavar="N")
    parser.add_argument("--rounds", type=int, default=2, metavar="N")
    parser.add_argument("--cases", type=int, default=200, metavar="N")
    parser.add_argument("--work", type=Path, metavar="DIR")
    options = parser.parse_args()
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        faults = compare(options, work.resolve())
    print("".join(f"\n{fault}" for fault in faults))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
