"""Speed and memory of grading one correct submission: `python tests/benchmarks/run.py [--repeats N]`.

(a) cold: the `grade` command, case bank cached, over `python -c "import torch"`, interleaved; median of the ratios.
(b) warm: a grading in a running `Grader` over the sum of the very same calls in a bare process; ratio of medians.
(c) memory: peak of the whole process tree while `grade` runs.

Exit status 1 if a goal is missed. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memory import peak_bytes

from grader.pipeline import Grader, Settings
from grader.sandbox.subject import ConfinedSubject

HERE = Path(__file__).parent
SUBMISSION = HERE / "submission.py"
GRADE = [str(Path(sys.executable).parent / "grade"), str(SUBMISSION)]
GOALS = {"cold": 1.5, "warm": 1.3, "memory": 1.0}


def wall(command):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def cold(repeats):
    """(median ratio, seconds of grade, seconds of importing torch)."""
    bare = [sys.executable, "-c", "import torch"]
    wall(GRADE)  # builds the bank
    wall(bare)  # fills the page cache
    pairs = [(wall(GRADE), wall(bare)) for _ in range(repeats)]
    ours, theirs = zip(*pairs, strict=True)
    return statistics.median(a / b for a, b in pairs), statistics.median(ours), statistics.median(theirs)


def own_calls(questions, repeats):
    """Seconds of the submission's own calls, without a grader."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "questions"
        path.write_bytes(pickle.dumps(questions))
        command = [sys.executable, str(HERE / "bare.py"), str(SUBMISSION), str(path), str(repeats)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def questions_of(grader):
    """Every (function, arguments) that a grading asks."""
    asked = []
    ask = ConfinedSubject.ask

    def recording(self, questions, **options):
        asked.extend((question.function, question.args) for question in questions)
        return ask(self, questions, **options)

    ConfinedSubject.ask = recording
    try:
        grader.grade(SUBMISSION)
    finally:
        ConfinedSubject.ask = ask
    return asked


def warm(repeats):
    """(ratio of medians, seconds of a grading, seconds of the submission's own calls, number of calls)."""
    seconds, calls_s = [], []
    with Grader(Settings()) as grader:
        questions = questions_of(grader)
        for _ in range(repeats):
            began = time.perf_counter()
            report = grader.grade(SUBMISSION)
            seconds.append(time.perf_counter() - began)
            assert report.score == 100
            calls_s += own_calls(questions, 1)  # interleaved, as the machine's speed drifts
    ours, theirs = statistics.median(seconds), statistics.median(calls_s)
    return ours / theirs, ours, theirs, len(questions)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    os.environ["OMP_NUM_THREADS"] = "1"
    cold_ratio, cold_s, torch_s = cold(repeats)
    warm_ratio, warm_s, calls_s, calls = warm(repeats)
    peak, processes = peak_bytes(GRADE, stdout=subprocess.DEVNULL)
    rows = [
        ("cold", cold_ratio, "", f"grade {cold_s:.2f} s, import torch {torch_s:.2f} s"),
        ("warm", warm_ratio, "", f"grading {warm_s * 1000:.0f} ms, its own {calls} calls {calls_s * 1000:.0f} ms"),
        ("memory", peak / 2**30, " GiB", f"{processes} processes"),
    ]
    for name, value, unit, detail in rows:
        verdict = "met" if value <= GOALS[name] else "MISSED"
        print(f"{name:8} {value:6.2f}{unit:4}  goal {GOALS[name]:.1f}{unit:4}  {verdict:6}  {detail}")
    return any(value > GOALS[name] for name, value, _, _ in rows)


if __name__ == "__main__":
    sys.exit(main())
