"""Processes of ours that end, or stop, at any moment; and signals to the command itself."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fault_kit import Fault, Place, Ran

RIGHT, REFUSED, INTERRUPTED = "right", "refused", "interrupted"
ROOTLESS = {"namespaces": False}
"""Level standard: no namespaces; root's children are given another user id."""

MOMENTS = {
    "starting": "before it is told anything",
    "configuring": "while it imports torch",
    "ready": "when it has said that it is ready",
    "probing": "while the canaries run",
    "spawning": "while it forks a child",
    "running": "while a child runs the submission",
    "answering": "while a child answers",
    "closing": "when all is done",
}


def sabotaged(*arguments: str, **plan: Any) -> Callable[[Place], Ran]:
    return lambda place: place.grade(*arguments, plan=plan)


def _template_faults() -> list[Fault]:
    found = []
    for at, when in MOMENTS.items():
        for level, switches in (("strong", {}), ("standard", ROOTLESS)):
            may = frozenset({RIGHT} if at == "closing" else {REFUSED})
            run = sabotaged(at=at, do="hit:SIGKILL template", switches=switches)
            found.append(Fault(f"template/{at}/{level}", f"the template is killed {when}, {level}", run, may))
    for at in ("running", "answering", "closing"):
        run = sabotaged(at=at, do="hit:SIGKILL inner", nth=1)
        may = frozenset({RIGHT} if at == "closing" else {REFUSED})
        found.append(Fault(f"template/inner/{at}", f"its first process inside is killed, {MOMENTS[at]}", run, may))
    for at, which in (("starting", "template"), ("spawning", "inner"), ("closing", "inner")):
        run = sabotaged(at=at, do=f"hit:SIGSTOP {which}", short=True)
        may = frozenset({RIGHT} if at == "closing" else {REFUSED})
        found.append(Fault(f"template/stopped/{at}", f"the template hangs (SIGSTOP), {MOMENTS[at]}", run, may))
    return found


def _two(place: Place, **plan: Any) -> Ran:
    place.add("hw2.py")
    place.kept.add("hw2.py")
    return place.grade("hw.py", "hw2.py", "--format", "json", plan=plan)


def _child_faults() -> list[Fault]:
    kill, either = "hit:SIGKILL child", frozenset({RIGHT, REFUSED})
    plans: list[tuple[str, str, dict[str, Any]]] = [
        ("probing", "while the canaries run", {"at": "probing"}),
        ("spawning", "before it is confined", {"at": "spawning", "nth": 2}),
        ("loading", "before it is given the program", {"at": "loading"}),
        ("running", "while it runs the submission", {"at": "running", "nth": 3}),
        ("between", "between two batches of questions", {"at": "asking", "nth": 4}),
        ("answering", "between two answers", {"at": "answering", "nth": 40}),
        ("late", "while it shrinks", {"at": "answering", "nth": 400}),
        ("helping", "while it waits for help", {"at": "helping", "nth": 5}),
    ]
    found = [
        Fault(f"child/{name}", f"the child is killed {when}", sabotaged(do=kill, **plan), either)
        for name, when, plan in plans
    ]
    torn = sabotaged(at="answering", nth=60, do="tear")
    found.append(Fault("child/torn", "the child is killed in the middle of a frame", torn, either))
    return found


# ---------------------------------------------------------------------------- the command itself
def _signalled(at: str, name: str) -> Fault:
    stopped = frozenset({INTERRUPTED})
    run = sabotaged(at=at, do=f"signal:{name}")
    return Fault(f"signal/{at}/{name}", f"{name} to the command, {at}", run, stopped)


def _from_outside(place: Place, name: str, after_s: float) -> Ran:
    process = place.start(("hw.py", "--format", "json"))
    time.sleep(after_s)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


def _signal_faults() -> list[Fault]:
    found = [_signalled(at, "SIGINT") for at in ("starting", "configuring", "ready", "running", "helping", "reporting")]
    found += [_signalled(at, "SIGTERM") for at in ("starting", "configuring", "running", "answering", "closing")]
    found += [_signalled(at, "SIGHUP") for at in ("configuring", "answering")]
    found += [_signalled(at, "SIGKILL") for at in ("configuring", "ready", "running", "answering", "closing")]
    lost = replace(_signalled("probing", "SIGKILL"), also_left="^tmp/grade-")
    found.append(replace(lost, what="SIGKILL in the 20 ms of the canaries: nobody is left to remove their folder"))
    any_end = frozenset({RIGHT, INTERRUPTED})
    for name in ("SIGINT", "SIGTERM"):
        for after_s in (0.25, 1.2):
            what = f"{name} to the command after {after_s} s"

            def run(place: Place, name: str = name, after_s: float = after_s) -> Ran:
                return _from_outside(place, name, after_s)

            found.append(Fault(f"signal/{after_s}s/{name}", what, run, any_end))
    return found


FAULTS: tuple[Fault, ...] = (
    *_template_faults(),
    Fault(
        "template/second",
        "the template is killed while the second of two submissions is graded: the first keeps its mark",
        lambda place: _two(place, at="loaded", nth=3, do="hit:SIGKILL template"),
        frozenset({REFUSED}),
    ),
    *_child_faults(),
    *_signal_faults(),
)
