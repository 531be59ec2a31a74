"""Where an attack is tried: the grader, warm, with some layers on; or the naive grader."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from grader.cases import PUBLIC_SEED
from grader.pipeline import Grader, Settings
from grader.report.as_json import to_json_object, to_json_text
from grader.report.as_text import Look, to_text
from grader.result import Report
from grader.rubric import Limits, Rubric
from grader.sandbox.launch import Switches, Template
from grader.sandbox.line import ChildFloodedError, ChildLine
from publishable import Published

__all__ = ["GRACE_S", "USUAL", "WHOLE_S", "GraderStand", "NaiveStand", "Ran", "Stand"]

_MIB = 1 << 20
USUAL = Limits(time_limit_s=1.0, memory_bytes=512 * _MIB, output_bytes=_MIB)
RAISED = Limits(time_limit_s=6.0, memory_bytes=2048 * _MIB, output_bytes=64 * _MIB)
WHOLE_S, GRACE_S = 6.0, 4.0
_HURT_S = 1.0  # a naive grading that has not ended by then is hurt
_PATIENT_S = 60.0  # an attack that has work to do, on a slow disk or a full machine; importing torch there
_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Ran:
    """What came of one run: a status for each check ({} if there was no score), everything that came out, how long."""

    verdict: dict[str, str] = field(default_factory=dict)
    outcome: str = "graded"
    came_out: bytes = b""
    wall_s: float = 0.0
    reason: str = ""


class Stand(Protocol):
    """A place to try attacks; `root` is the process beneath which they run."""

    root: int

    def run(self, source: str, folder: Path, *, patient: bool = False) -> Ran:
        """Grade `source` as a submission in `folder`; `patient`: where no limit is in force, give it time."""
        ...

    def neighbour(self) -> dict[str, str]:
        """What the next submission, a right one, is given after the run."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class _TappedLine(ChildLine):
    """A line that keeps a copy of all that came out of the child."""

    _sink: bytearray

    @classmethod
    def tap(cls, line: ChildLine, sink: bytearray) -> ChildLine:
        line.__class__, line._sink = cls, sink
        return line

    def receive(self, *, deadline: float) -> tuple[dict[str, Any], bytes]:
        header, payload = super().receive(deadline=deadline)
        self._sink += json.dumps(header).encode() + payload
        return header, payload

    def close(self, how: Any = "kill") -> Any:
        if not self._closed:
            with contextlib.suppress(OSError, ChildFloodedError, KeyError):  # KeyError: read to its end before
                self._drain_output()
            self._sink += self.printed + bytes(self._buffer)
        return super().close(how)


class GraderStand:
    """The grader as `grade` uses it, with these layers on; its supervisor holds the scene's secrets.

    With `published` every report goes to every platform, too, and their texts are among what came out.
    """

    def __init__(
        self, *, off: frozenset[str], secret: str, neighbour: str, folder: Path, published: Published | None = None
    ) -> None:
        self._published = published
        switches = Switches(**dict.fromkeys(off - {"limit"}, False))
        limits = RAISED if "limit" in off else USUAL
        settings = Settings(rubric=Rubric(seed=secret, limits=limits), seed=PUBLIC_SEED, isolation="none")
        self._sink = bytearray()
        self._grader = Grader(settings, several=True, template=Template(switches=switches))
        sandbox = self._grader._sandbox
        begin = sandbox._begin
        sandbox._begin = lambda: _TappedLine.tap(begin(), self._sink)
        process = sandbox._template._process
        assert process is not None
        self.root = process.pid
        self.isolation = self._grader.isolation
        folder.mkdir(mode=0o700)
        self._neighbour = folder / "neighbour.py"
        self._neighbour.write_text(neighbour, encoding="utf-8")
        self.usual_neighbour = self.neighbour()
        self.neighbour()  # the second template child is prepared by the first

    @staticmethod
    def _verdict(report: Report) -> dict[str, str]:
        return {check.verdict.name: check.verdict.status for check in report.checks}

    def _grade(self, path: Path) -> Ran:
        started = time.monotonic()
        report = self._grader.grade(path)
        wall_s = time.monotonic() - started
        text = to_json_text(to_json_object(report)) + to_text(report, Look(width=100, colour=False, verbose=True))
        came_out = text.encode("utf-8", "replace") + (self._published.add(report) if self._published else b"")
        return Ran(self._verdict(report), report.outcome, came_out, wall_s, report.reason)

    def run(self, source: str, folder: Path, *, patient: bool = False) -> Ran:  # noqa: ARG002 - it has limits
        self._sink.clear()
        path = folder / "submission.py"
        path.write_text(source, encoding="utf-8")
        try:
            ran = self._grade(path)
        except Exception as fault:  # noqa: BLE001 - a grader that falls over is what is looked for
            return Ran(outcome="crashed", reason=f"{type(fault).__name__}: {fault}", came_out=bytes(self._sink))
        ran.came_out += bytes(self._sink)
        return ran

    def neighbour(self) -> dict[str, str]:
        return self._verdict(self._grader.grade(self._neighbour))

    def close(self) -> None:
        self._grader.close()


class NaiveStand:
    """The naive grader: a server that forks for each run."""

    def __init__(self, *, secret: str, neighbour: str, inherited: int, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self._secret, self._source = secret, neighbour
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("naive.py")), str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1", "TMPDIR": str(folder)},
                pass_fds=[theirs.fileno(), inherited],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )
        self.root = self._process.pid
        self._after: dict[str, str] = {}
        self.usual_neighbour: dict[str, str] = {}
        self.run("", folder, patient=True)
        self.usual_neighbour = dict(self._after)

    def run(self, source: str, folder: Path, *, patient: bool = False) -> Ran:
        started = time.monotonic()
        request = {"submission": source, "neighbour": self._source, "token": self._secret, "folder": str(folder)}
        read_end, write_end = os.pipe()
        socket.send_fds(self._control, [json.dumps(request).encode()], [write_end])
        os.close(write_end)
        pid = json.loads(self._control.recv(4096))["pid"]
        ended, out = self._collect(read_end, started + (_PATIENT_S if patient else _HURT_S))
        if not ended:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        status = json.loads(self._control.recv(4096))["status"]
        os.close(read_end)
        results = self._believe(out)
        self._after = results.get("neighbour", {})
        verdict = results.get("submission", {})
        if status == 0 and not verdict:  # it ended well, so it must be right
            verdict = dict.fromkeys(self.usual_neighbour, "passed")
        outcome = "graded" if verdict and ended else "crashed"
        return Ran(verdict, outcome, out, time.monotonic() - started, f"exit status {status}")

    def _collect(self, fd: int, deadline: float) -> tuple[bool, bytes]:
        """Whether the grading ended by the deadline, and what it printed (at most some MiB are kept)."""
        out = bytearray()
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([fd, self._control], [], [], left)
            if fd in ready:
                piece = os.read(fd, 1 << 16)
                out += piece if len(out) < 8 * _MIB else b""
                if not piece:
                    return True, bytes(out)
            elif self._control in ready:  # it has ended; something it left may hold the pipe
                return True, bytes(out)
        return False, bytes(out)

    @staticmethod
    def _believe(out: bytes) -> dict[str, dict[str, str]]:
        results: dict[str, dict[str, str]] = {}
        for line in out.splitlines():
            if line.startswith(b"RESULT "):
                with contextlib.suppress(ValueError):
                    results.update(json.loads(line[7:]))
        return results

    def neighbour(self) -> dict[str, str]:
        return self._after

    def close(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()
