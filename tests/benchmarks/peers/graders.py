"""The peers and ours behind one face: prepared once, then seconds and marks for a set of students.

Seconds are [by the clock, of processor time].
Marks are {student: {check: share of its points}}; whoever gave a student no marks at all leaves the student out.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
from assignment import nbgrader_source, nbgrader_submission, notebook, otter_test
from environments import environment, run, variables, version

from grader.contract import CHECKS

_PR_SET_CHILD_SUBREAPER = 36

HELD = "carried"
"""In place of a share: the check fails, and only because of functions that have been charged for."""
READ_MARKS = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({
        done.student.id: {grade.name: grade.auto_score / grade.max_score for grade in done.notebooks[0].grades}
        for done in book.assignment_submissions("rnn")
    }))
"""


def adopt_orphans():
    """Have whoever outlives its parent become this process's child: its processor time counts here once it ended."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _spent():
    """Processor seconds of all processes that ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command, **options):
    """Seconds until it ended, however it ended: by the clock, and of processor time of all its processes."""
    began, spent = time.perf_counter(), _spent()
    done = subprocess.run([*map(str, command)], check=False, **options)
    return np.array([time.perf_counter() - began, _spent() - spent]), done


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Otter:
    """`otter run`, a process for each submission: what otter has without containers."""

    def __init__(self, work, cases):
        self.programs = environment(work, "otter-grader")
        self.name = f"otter run ({version(self.programs, 'otter-grader')})"
        self._env = variables(self.programs, work)
        self._place, self._log = fresh(work / "otter"), work / "otter.log"
        (self._place / "tests").mkdir()
        for check in CHECKS:
            (self._place / "tests" / f"{check.name}.py").write_text(otter_test(check, cases), encoding="utf-8")
        made = [self.programs / "otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"]
        run([*made, "--no-requirements"], cwd=self._place, env=self._env)

    def grade(self, students, mark):
        seconds, marks = np.zeros(2), {}
        for student in students:
            out = fresh(self._place / "out")
            path = out / "rnn.ipynb"
            nbformat.write(notebook(student.marked(mark)), path)
            command = [self.programs / "otter", "run", "-a", "autograder.zip", "-o", out, path]
            with self._log.open("ab") as log:
                seconds += timed(command, cwd=self._place, env=self._env, stdout=log, stderr=log)[0]
            if (out / "results.json").exists():
                tests = json.loads((out / "results.json").read_text(encoding="utf-8"))["tests"]
                marks[student.name] = {
                    check.name: test["score"] / test["max_score"]
                    for check in CHECKS
                    for test in tests
                    if test["name"].split(" ")[0] == check.name
                }
        return seconds, marks


class Nbgrader:
    """`nbgrader autograde`, one run for the whole class."""

    def __init__(self, work, cases):
        self.programs = environment(work, "nbgrader")
        self.name = f"nbgrader autograde ({version(self.programs, 'nbgrader')})"
        self._env = variables(self.programs, work)
        self._prepared, self._log = fresh(work / "nbgrader"), work / "nbgrader.log"
        (self._prepared / "nbgrader_config.py").write_text('get_config().CourseDirectory.course_id = "course"\n')
        source = self._prepared / "source" / "rnn"
        source.mkdir(parents=True)
        nbformat.write(nbgrader_source(cases), source / "rnn.ipynb")
        run([self.programs / "nbgrader", "generate_assignment", "rnn"], cwd=self._prepared, env=self._env)
        self._course = work / "nbgrader-course"

    def grade(self, students, mark):
        shutil.rmtree(self._course, ignore_errors=True)
        shutil.copytree(self._prepared, self._course)
        released = nbformat.read(self._course / "release" / "rnn" / "rnn.ipynb", as_version=4)
        for student in students:
            folder = self._course / "submitted" / student.name / "rnn"
            folder.mkdir(parents=True)
            nbformat.write(nbgrader_submission(released, student.marked(mark)), folder / "rnn.ipynb")
        command = [self.programs / "nbgrader", "autograde", "rnn"]
        with self._log.open("ab") as log:
            seconds, _ = timed(command, cwd=self._course, env=self._env, stdout=log, stderr=log)
        marks = json.loads(run([self.programs / "python", "-c", READ_MARKS], cwd=self._course, env=self._env))
        done = {path.name for path in (self._course / "autograded").glob("*")}
        return seconds, {name: shares for name, shares in marks.items() if name in done}


@dataclass
class Ours:
    """`grade`, the folder in one run or each file for itself."""

    work: Path
    whole: bool

    @property
    def name(self):
        return "grade FOLDER -j 1" if self.whole else "grade FILE"

    def grade(self, students, mark):
        folder = fresh(self.work / "ours")
        for student in students:
            nbformat.write(notebook(student.marked(mark)), folder / f"{student.name}.ipynb")
        grade = [Path(sys.executable).with_name("grade"), "--format", "json", "-j", "1"]
        seconds, marks = np.zeros(2), {}
        for path in [folder] if self.whole else sorted(folder.iterdir()):
            taken, done = timed([*grade, path], capture_output=True)
            seconds += taken
            if done.returncode > 1:
                raise RuntimeError(done.stderr.decode())
            reports = json.loads(done.stdout)
            for report in reports if isinstance(reports, list) else [reports]:
                if report["outcome"] == "graded":
                    marks[Path(report["submission"]["path"]).stem] = _shares(report)
        return seconds, marks


def _shares(report):
    told = {notice["message"] for notice in report["notices"] if notice["code"] == "carried.forward"}
    return {
        check["name"]: HELD if check["message"] in told else check["score"] / check["max_score"]
        for check in report["checks"]
    }
