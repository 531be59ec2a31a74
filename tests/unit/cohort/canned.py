"""A cohort without a sandbox: submissions say in a comment what is to become of them, and an executor obeys.

`# fails: forward` fails that check, `# fault` is a fault of ours each time, `# fault once` the first time only.
"""

from __future__ import annotations

import re

from grader.cohort.engine import Work, grade_cohort
from grader.cohort.executors import Result
from grader.cohort.outputs import results_json, write_output
from grader.cohort.wire import decode_program, encode_judged
from grader.contract import CHECKS
from grader.model import CheckVerdict, Counterexample, Isolation, Location, Notice, PropertyVerdict
from grader.result import Judged, Submission

ENVIRONMENT = {"grader": "0.1.0", "torch": "2.13.0"}


def verdict(spec, status):
    props = tuple(PropertyVerdict(item.name, status, 3, "") for item in spec.properties)
    example = None
    if status == "failed":
        example = Counterexample({"X": [[1.0, -0.0]], "odd": "\ud800"}, [0.1], "nan", {"S": [[1e300]]})
    return CheckVerdict(spec.name, status, props, f"{spec.name} {status}", counterexample=example)


def judge(program, level="standard"):
    source = program.cells[0].source
    failing = set(re.findall(r"# fails: (\w+)", source))
    return Judged(
        "graded",
        Submission("", program.sha256, program.kind, "functions"),
        tuple(verdict(spec, "failed" if spec.name in failing else "passed") for spec in CHECKS),
        notices=(Notice("load.text", "wörds \udcff", Location(None, 3)),),
        isolation=Isolation(level, ("seccomp",), (("landlock", "too old"),), (("read", True),)),
        provenance={"bank_sha256": "b" * 64, "torch": None},
    )


class Canned:
    """An executor; `judged` lists the sha256 of what it was asked to judge, in order."""

    def __init__(self, *, room=3, level="standard", environment=None, newest_first=False):
        self.environment = environment or ENVIRONMENT
        self.judged, self.closed = [], False
        self._level, self._room, self._newest_first = level, room, newest_first
        self._jobs = []

    def __call__(self, settings, bank):
        assert bank.sha256
        self.settings = settings
        return self

    @property
    def room(self):
        return self._room - len(self._jobs)

    def submit(self, job):
        assert self.room > 0
        self._jobs.append(job)

    def results(self):
        if self._jobs:
            yield self.result(self._jobs.pop(-1 if self._newest_first else 0))

    def result(self, job):
        program = decode_program(job.program)
        again = program.sha256 in self.judged
        self.judged.append(program.sha256)
        source = program.cells[0].source
        if "# fault" in source and not ("# fault once" in source and again):
            return Result(job.key, None, fault="it broke")
        return Result(job.key, encode_judged(judge(program, self._level)), 0.5)

    def withdraw(self):
        keys = [job.key for job in self._jobs]
        self._jobs.clear()
        return tuple(keys)

    def close(self):
        self.closed = True


def works(folder):
    """The files of a folder, each its own student's."""
    return [Work(path.stem, path, path.name) for path in sorted(folder.iterdir())]


def grade(folder, settings, out, executor=None, **options):
    """Grade with a canned executor, write the results; what it did, and what was written."""
    executor = executor or Canned()
    with grade_cohort(works(folder), settings, out, executor=executor, **options) as marks:
        write_output(out / "results.json", results_json(marks))
    return marks, (out / "results.json").read_bytes()
