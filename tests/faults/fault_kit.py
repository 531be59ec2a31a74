"""A place to run the real command in, and what may come of it: the right result, or none and the reason why."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SUBMISSION", "Fault", "Place", "Ran", "Tried", "adopt_orphans", "baseline_of", "try_fault"]

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, which the commands started here would inherit
HERE = Path(__file__).resolve().parent
SUBMISSION = HERE.parent / "mutants" / "submissions" / "gradient_halved.py"
"""Wrong in one function, so that shrinking, diagnosis and carrying forward are on the way too."""

_PR_SET_CHILD_SUBREAPER = 36
_WITHIN_S = 150.0
_GONE_S = 5.0
_INTERRUPTED = {130, 143, 129, -signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGKILL}


@dataclass(frozen=True)
class Ran:
    """How a command ended: exit status (negative: a signal), and what it printed."""

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True)
class Fault:
    """One fault: what goes wrong, how it is made to, and which outcomes are allowed.

    Outcomes: "right", "refused" (exit status 3, no score), "interrupted", "unread" (right, but nobody takes it).

    `also_left`: files that may be found afterwards because nobody was left to remove them. `mute`: there is no stderr.
    """

    name: str
    what: str
    run: Callable[[Place], Ran]
    may: frozenset[str]
    also_left: str = ""
    mute: bool = False


@dataclass(frozen=True)
class Tried:
    """What came of a fault; `problems` is empty if all is well, `skipped` says why it could not be tried here.

    `files` were left behind; `lost` ones too, but because nobody was there any more to remove them.
    """

    name: str
    what: str
    outcome: str = ""
    code: int = 0
    said: str = ""
    strays: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    skipped: str = ""


class Place:
    """Folders of one run's own: `work` (the current folder, with hw.py), `tmp`, `home`, `cache` (warm)."""

    def __init__(self, root: Path, warm_cache: Path | None = None) -> None:
        self.root = root
        self.work, self.tmp, self.home, self.xdg = (root / name for name in ("work", "tmp", "home", "xdg"))
        for folder in (self.work, self.tmp, self.home, self.xdg):
            folder.mkdir(parents=True)
        self.cache = self.xdg / "bptt-grader"
        if warm_cache is not None:
            shutil.copytree(warm_cache, self.cache)
        self.add("hw.py")
        self.kept = {"hw.py"}

    def add(self, name: str) -> None:
        shutil.copyfile(SUBMISSION, self.work / name)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "XDG_CACHE_HOME": str(self.xdg),
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        }

    def start(
        self, arguments: Sequence[str], plan: dict[str, Any] | None = None, before: Sequence[str] = (), **how: Any
    ) -> subprocess.Popen[bytes]:
        """Start `grade` with `arguments`, sabotaged by `plan` if there is one; `before` stands before the command."""
        script = [str(HERE / "saboteur.py"), json.dumps(plan)] if plan is not None else ["-c", _GRADE]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": self.environment, **how}
        command = [*before, sys.executable, *script, *arguments]
        return subprocess.Popen(command, cwd=self.work, stdin=subprocess.DEVNULL, **how)

    def grade(self, *arguments: str, plan: dict[str, Any] | None = None, **how: Any) -> Ran:
        process = self.start(arguments or ("hw.py", "--format", "json"), plan, **how)
        out, err = process.communicate(timeout=_WITHIN_S)
        return Ran(process.returncode, out or b"", err or b"")

    def left(self) -> list[str]:
        """Files that nobody asked for."""
        found = [*self.tmp.iterdir(), *self.home.iterdir()]
        found += [path for path in self.work.iterdir() if path.name not in self.kept]
        if self.cache.is_dir():
            found += [p for p in self.cache.iterdir() if p.name.startswith(".") or p.suffix not in _CACHED]
        return sorted(str(path.relative_to(self.root)) for path in found)


_GRADE = "import sys; from grader.cli import grade_main; sys.exit(grade_main())"
_CACHED = (".bank", ".directions")


# ---------------------------------------------------------------------------- what came of it
def comparable(text: bytes) -> Any:
    """A JSON result without timings and isolation (some faults run at another level)."""
    data = json.loads(text)
    for item in data if isinstance(data, list) else [data]:
        item.pop("timings")
        item.pop("isolation")
    return data


def baseline_of(place: Place) -> dict[str, Any]:
    """The result of `hw.py` when nothing goes wrong."""
    ran = place.grade()
    assert ran.code == 0, ran.err
    return {"code": ran.code, "result": comparable(ran.out)}


def _outcome(ran: Ran, result: bytes, right: dict[str, Any], *, mute: bool) -> tuple[str, list[str]]:
    problems = []
    lines = [line for line in ran.err.decode("utf-8", "replace").splitlines() if line]
    if any(line.startswith("Traceback") for line in lines) and ran.code != -signal.SIGINT:  # while Python starts
        problems.append("a traceback")
    data = None
    if result:
        try:
            data = comparable(result)
        except ValueError:
            return "garbled", ["half a result was written"]
    items = data if isinstance(data, list) else [] if data is None else [data]
    scored = [item for item in items if item["score"] is not None or item["passed"] is not None]
    expected = {**right["result"], "submission": None}
    problems += ["a partial or wrong score" for item in scored if {**item, "submission": None} != expected]
    if ran.code in _INTERRUPTED and not scored:
        return "interrupted", problems
    if ran.code == right["code"] and not result:
        return "unread", problems
    if ran.code == 3 and len(scored) < max(len(items), 1):
        if not mute and (not lines or not all(re.match(r"grade: .{12,}", line) for line in lines)):
            problems.append("no sentence that says why")
        return "refused", problems
    if ran.code == right["code"] and items and len(scored) == len(items):
        return "right", problems
    return "unexpected", [*problems, f"exit status {ran.code}, {len(scored)} of {len(items)} with a score"]


# ---------------------------------------------------------------------------- what is left
def adopt_orphans() -> None:
    """Become the parent of whatever a command leaves behind, so that nothing can hide."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _strays() -> list[str]:
    """Processes that outlive the command by more than a moment; they are ended then."""
    deadline = time.monotonic() + _GONE_S
    pids: list[int] = []
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return []
        time.sleep(0.02)
    own = os.getpid()
    pids = [int(n) for n in Path(f"/proc/self/task/{own}/children").read_text(encoding="ascii").split()]
    names = [f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes()[:60]!r}" for pid in pids]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return names


def _left_soon(place: Place) -> list[str]:
    deadline = time.monotonic() + _GONE_S
    while (left := place.left()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


class NotHereError(Exception):
    """This fault cannot be made on this machine: says why."""


def try_fault(fault: Fault, place: Place, right: dict[str, Any]) -> Tried:
    """Run it; the result, and all that is wrong with it."""
    try:
        ran = fault.run(place)
    except NotHereError as why:
        return Tried(fault.name, fault.what, skipped=str(why))
    written = place.work / "out.json"
    result = written.read_bytes() if written.exists() else ran.out
    outcome, problems = _outcome(ran, result, right, mute=fault.mute)
    if outcome not in fault.may:
        problems.append(f"{outcome}, allowed: {' or '.join(sorted(fault.may))}")
    strays, left = _strays(), _left_soon(place)
    problems += [f"left running: {name}" for name in strays]
    lost = [name for name in left if fault.also_left and re.search(fault.also_left, name)]
    files = [name for name in left if name not in lost]
    problems += [f"left on disk: {name}" for name in files]
    said = ran.err.decode("utf-8", "replace").strip().partition("\n")[0]
    return Tried(
        fault.name, fault.what, outcome, ran.code, said, tuple(strays), tuple(files), tuple(lost), tuple(problems)
    )
