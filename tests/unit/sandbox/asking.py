"""Programs and questions for tests of the sandbox, and a look at the processes it leaves."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path

from grader.model import Cell, Program, Question
from grader.sandbox.subject import ConfinedSubject

STANDARD = {"namespaces": False, "setuid": False}
"""Switches that give level `standard` on any machine, root or not."""


def script(source):
    return Program("submission.py", "0" * 64, "script", (Cell(source),))


@contextmanager
def subject_of(sandbox, source):
    subject = ConfinedSubject(sandbox, script(source), {})
    try:
        yield subject
    finally:
        subject.close()


def answers(subject, *functions, argument=0.0, limit_s=2.0, watch=False):
    questions = [Question(name, (argument,), watch=watch) for name in functions]
    return list(subject.ask(questions, limit_s=limit_s))


def answer(subject, function, argument=0.0, limit_s=2.0):
    (seen,) = answers(subject, function, argument=argument, limit_s=limit_s)
    return seen


def _status(pid):
    """Parent and start time of a process; None if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else (int(fields[1]), fields[19])


def descendants(pid=None):
    """Every process beneath `pid` (this one): its number and start time, which together name it for good."""
    every = {int(entry.name): _status(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    found, beneath = {}, {pid or os.getpid()}
    while beneath:
        beneath = {child for child, status in every.items() if status and status[0] in beneath and child not in found}
        found |= {child: every[child][1] for child in beneath}
    return set(found.items())


def alive(processes):
    return {(pid, start) for pid, start in processes if (status := _status(pid)) and status[1] == start}


def gone_within(processes, seconds):
    """Whether all of `processes` end within so long."""
    return waited(lambda: not alive(processes), seconds)


def waited(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
