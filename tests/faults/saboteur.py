"""Runs `grade` and does one harmful thing at one moment of it: `saboteur.py PLAN ARGUMENTS...`, PLAN as JSON.

A plan names the moment (`at`, the `nth` time it comes), the harm (`do`), and the `switches` of the sandbox; `short`
shortens the times that the supervisor waits. Nothing of the grader is replaced: its functions run, and the harm is
done just before or after them, as it might be by chance.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader import cli_grade
from grader.cli import grade_main
from grader.sandbox import launch, supervisor
from grader.sandbox.line import ChildGoneError, ChildLine

PLAN: dict[str, Any] = {}
TEMPLATES: list[launch.Template] = []
_count = itertools.count(1)


# ---------------------------------------------------------------------------- moments
def moment(name: str, line: ChildLine | None = None) -> None:
    """What is planned for now is done now."""
    if name == PLAN.get("at") and next(_count) == PLAN.get("nth", 1):
        if PLAN.get("short"):
            supervisor._START_S, supervisor._END_S = 2.0, 2.0
        harm, _, detail = PLAN["do"].partition(":")
        HARMS[harm](detail, line)


def before(owner: Any, name: str, tell: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tell(*args)
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def after(owner: Any, name: str, tell: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        tell(result, *args)
        return result

    setattr(owner, name, wrapped)


def sending(template: launch.Template, message: dict[str, Any], *_: Any) -> None:
    if "configure" in message:
        TEMPLATES.append(template)
        moment("starting")


def asking(line: ChildLine, header: dict[str, Any], *_: Any) -> None:
    for key, name in (("canaries", "probing"), ("program", "loading"), ("ask", "asking")):
        if key in header:
            moment(name, line)


def hearing(result: tuple[dict[str, Any], bytes], line: ChildLine) -> None:
    for key, name in (("started", "running"), ("loaded", "loaded"), ("id", "answering"), ("help", "helping")):
        if key in result[0]:
            moment(name, line)


def watch() -> None:
    """Tell every moment of a grading."""
    before(launch.Template, "send", sending)
    before(launch.Template, "hear", lambda *_: moment("configuring"))
    after(launch.Template, "hear", lambda *_: moment("ready"))
    after(launch.Template, "send", lambda _, __, message, *___: "run" in message and moment("spawning"))
    before(ChildLine, "send", asking)
    after(ChildLine, "receive", hearing)
    before(supervisor.Sandbox, "close", lambda *_: moment("closing"))
    before(cli_grade, "_finish", lambda *_: moment("reporting"))


# ---------------------------------------------------------------------------- harm
def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def process(which: str) -> int:
    """The template as started, its second process in namespaces of its own (`inner`), or the newest child of it."""
    assert TEMPLATES[0]._process is not None
    outer = TEMPLATES[0]._process.pid
    if which == "template":
        return outer
    inner = children(outer)[0] if PLAN.get("switches", {}).get("namespaces", True) else outer
    if which == "inner":
        return inner
    deadline = time.monotonic() + 5
    while not (found := children(inner)):  # it is about to be forked
        assert time.monotonic() < deadline, "no child to be found"
        time.sleep(0.001)
    return max(found)


def hit(detail: str, _: ChildLine | None) -> None:
    name, which = detail.split()
    os.kill(process(which), getattr(signal, name))
    if which == "template" and name == "SIGKILL":
        os.waitid(os.P_PID, process(which), os.WEXITED | os.WNOWAIT)
    else:
        time.sleep(0.05)  # it is dead, or stopped, before anything else happens


def tear(_: str, line: ChildLine | None) -> None:
    """End the child in the middle of a frame: what is read next is the frame's beginning, then nothing."""
    assert line is not None
    need = line._need

    def half(count: int, deadline: float) -> None:
        need(3, deadline)
        os.kill(process("child"), signal.SIGKILL)
        del line._buffer[3:]
        if count > 3:
            raise ChildGoneError

    line._need = half  # type: ignore[method-assign]


def limit(detail: str, _: ChildLine | None) -> None:
    """Leave only so much more memory (MiB) or so many more descriptors."""
    what, amount = detail.split()
    if what == "memory":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * os.sysconf("SC_PAGESIZE") + int(float(amount) * 2**20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    else:
        fds = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
        free = (number for number in itertools.count() if number not in fds)
        most = list(itertools.islice(free, int(amount) + 1))[-1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def storm(detail: str, _: ChildLine | None) -> None:
    """Interrupt every system call: a signal each millisecond, here; the template and its children stop and go on."""
    if detail == "here":
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.siginterrupt(signal.SIGALRM, True)  # noqa: FBT003 - the standard library's own signature
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        return
    target = process("template")
    own = os.getpid()
    if os.fork() == 0:
        os.setsid()
        while os.getppid() == own:
            for pid in [target, *(inner for inner in safely(target) for inner in [inner, *safely(inner)])]:
                for number in (signal.SIGSTOP, signal.SIGCONT):
                    try:
                        os.kill(pid, number)
                    except OSError:
                        continue
            time.sleep(0.002)
        os._exit(0)


def safely(pid: int) -> list[int]:
    try:
        return children(pid)
    except OSError:
        return []


def clock(detail: str, _: ChildLine | None) -> None:
    """Set the clock back by a day each time that it is read."""
    start, days = time.time(), itertools.count(1)
    time.time = lambda: start - 86_400.0 * int(detail) * next(days)


HARMS: dict[str, Callable[[str, ChildLine | None], None]] = {
    "hit": hit,
    "tear": tear,
    "limit": limit,
    "storm": storm,
    "clock": clock,
    "signal": lambda detail, _: os.kill(os.getpid(), getattr(signal, detail)),
}


def main() -> int:
    PLAN.update(json.loads(sys.argv.pop(1)))
    if switches := PLAN.get("switches"):
        start = launch.Template._start
        launch.Template._start = lambda self, _: start(self, launch.Switches(**switches))  # type: ignore[method-assign]
    if "candidates" in PLAN:
        tempfile._candidate_tempdir_list = lambda: PLAN["candidates"]  # type: ignore[attr-defined]
    watch()
    status = grade_main(sys.argv[1:])
    signal.setitimer(signal.ITIMER_REAL, 0)  # nobody handles it while Python ends
    return status


if __name__ == "__main__":
    sys.exit(main())
