"""Grades a folder, to be killed: `python victim.py FOLDER OUT JOBS`; JOBS 0 judges by `canned`, without a sandbox.

Prints the number of files done after each, and at last how many `canned` judged. Writes OUT/results.json in the end.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from canned import Canned, works

from grader.cohort.engine import grade_cohort
from grader.cohort.outputs import results_json, write_output
from grader.pipeline import Settings


class Slow(Canned):
    def result(self, job):
        time.sleep(0.002)
        return super().result(job)


def main():
    folder, out, jobs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    slow = Slow()
    marks = grade_cohort(
        works(folder),
        Settings(),
        out,
        jobs=max(jobs, 1),
        executor=None if jobs else slow,
        progress=lambda progress: print(progress.done, flush=True),
    )
    with marks:
        write_output(out / "results.json", results_json(marks))
    print(len(slow.judged))


if __name__ == "__main__":
    main()
