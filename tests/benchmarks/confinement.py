"""What confining a submission costs: `python tests/benchmarks/confinement.py [--repeats N]`.

A warm template with all layers, one with none and one without each layer take turns, round by round, each first in
turn. Trivial: run a one-line function and ask it once. Correct: a whole grading of a correct submission. Both from
the request for a child until the kernel has cleared it away. A difference is the median over the rounds of (one less
the other in the same round), as the machine's speed drifts; the processor time, of all processes together,
depends less on what else the machine does.

Exit status 1 if all layers together cost more than 20 ms, for either, or if the rounds differ too much to tell.
Linux only.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

from memory import _tree

from grader.model import Answered, Cell, Program, Question
from grader.pipeline import Grader, Settings
from grader.sandbox.launch import Switches, Template
from grader.sandbox.subject import ConfinedSubject

SUBMISSION = Path(__file__).parent / "submission.py"
GOAL_MS = 20.0

NONE = Switches(namespaces=False, landlock=False, seccomp=False, rlimits=False, setuid=False)
MACHINES = {
    "all layers": Switches(),
    "no layer": NONE,
    "without namespaces": Switches(namespaces=False, setuid=False),
    "without landlock": Switches(landlock=False),
    "without seccomp": Switches(seccomp=False),
    "without rlimits": Switches(rlimits=False),
    "as another user": Switches(namespaces=False),
}
TRIVIAL = Program("trivial.py", "0" * 64, "script", (Cell("def relu(S):\n    return S * (S > 0)\n"),))


def clear(sandbox):
    """Wait until every child that was given up has ended."""
    while sandbox._forgotten:
        assert sandbox._template.answers_within(10), "a child does not end"
        sandbox._hear_end()


def trivial(grader):
    subject = ConfinedSubject(grader._sandbox, TRIVIAL, {})
    (answer,) = subject.ask([Question("relu", (0.5,))], limit_s=5)
    subject.close()
    assert isinstance(answer, Answered), answer


def correct(grader):
    assert grader.grade(SUBMISSION).score == 100


def measured(task, grader):
    began = time.perf_counter()
    task(grader)
    clear(grader._sandbox)
    return (time.perf_counter() - began) * 1000


def used_ms(grader):
    """Processor time of a template and of all that it has ended or that lives beneath it."""
    ticks = 0
    for pid in _tree(grader._sandbox._template._process.pid):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # user and system, its own and that of children waited for
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def rounds(task, graders, repeats):
    """(wall milliseconds of each round, processor milliseconds a round) by machine; another one is first each time."""
    names, found = list(graders), {name: [] for name in graders}
    for name in names:
        measured(task, graders[name])  # warms
    processor = {name: -used_ms(grader) for name, grader in graders.items()}
    for turn in range(repeats):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            began = time.process_time()
            found[name].append(measured(task, graders[name]))
            processor[name] += (time.process_time() - began) * 1000
    return {name: (found[name], (processor[name] + used_ms(graders[name])) / repeats) for name in names}


def less(one, other):
    """The median of what `one` took more than `other`, and the quartiles."""
    low, middle, high = statistics.quantiles([a - b for a, b in zip(one, other, strict=True)], n=4)
    return middle, low, high


def table(task, found):
    """Print what each machine took and what that says of its layers; return whether the goal is met."""
    (everything, _), (bare, _) = found["all layers"], found["no layer"]
    print(
        f"{task.__name__:22} {'median':>8} {'least':>8} {'processor':>9}   more than with no layer: median (quartiles)"
    )
    for name, (spent, processor) in found.items():
        middle, low, high = less(spent, bare)
        more = "" if name == "no layer" else f"   {middle:+6.2f} ms ({low:+.2f} … {high:+.2f})"
        print(f"  {name:20} {statistics.median(spent):5.1f} ms {min(spent):5.1f} ms {processor:6.1f} ms{more}")
    cost, low, high = less(everything, bare)
    ratio = statistics.median(a / b for a, b in zip(everything, bare, strict=True))
    verdict = "met" if cost <= GOAL_MS else "MISSED"
    if high - low > GOAL_MS:
        verdict = "NOT KNOWN: the machine is too busy, measure again"
    print(f"  confinement          {cost:5.1f} ms, {ratio:.2f} times as long; goal {GOAL_MS:.0f} ms  {verdict}\n")
    return verdict == "met"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=40, help="rounds; of the whole grading, half as many")
    repeats = parser.parse_args().repeats
    with ExitStack() as stack:
        graders = {}
        for name, switches in MACHINES.items():
            grader = Grader(Settings(isolation="none"), several=True, template=Template(switches=switches))
            graders[name] = stack.enter_context(grader)
            print(f"{name}: {grader.isolation.level}, {', '.join(grader.isolation.layers) or 'nothing'}")
        print()
        met = [table(task, rounds(task, graders, n)) for task, n in ((trivial, repeats), (correct, repeats // 2))]
    return not all(met)


if __name__ == "__main__":
    sys.exit(main())
