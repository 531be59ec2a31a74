"""`grade my.ipynb` of the student kit: the self-check of a file, in a process of its own, public cases only."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from grader import __version__
from grader.contract import FUNCTIONS
from grader.errors import GraderError, SandboxError, UnreadableError, UsageError
from grader.judge.general import tells_loss
from grader.load import load_program
from grader.report.clean import clean
from grader.sandbox.inside.frames import FrameError
from grader.sandbox.levels import Limits
from grader.sandbox.line import BROKEN, ChildLine
from grader.sandbox.subject import ConfinedSubject
from grader.sandbox.unconfined import spawn_unconfined
from grader.student.card import Card
from grader.student.checking import LIMIT_S, judge_all

__all__ = ["main"]

_START_S = 120.0
_NO_FUNCTIONS = "defines none of the seven functions, which are what the self-check asks"
_FLAT = (
    "trains at top level, without forward, bptt_gradients and train: the self-check asks functions, so it cannot check "
    "this script. It can be handed in as it is, and is graded by running it; or write the functions and check them"
)
_EPILOG = (
    "Your own machine runs it, in a process of its own but unconfined: check only files that you trust. "
    "Public cases only: what it says is not your mark. "
    "Exit status: 0 all functions right, 1 some not, 2 no such file or nothing to check, 3 the check itself failed."
)


class _OwnProcesses:
    """Opens children that are processes with time limits and nothing else, in folders of theirs."""

    device = "cpu"

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._folder = tempfile.mkdtemp(prefix="grade-")

    def spawn(self) -> ChildLine:
        """A fresh process that has loaded torch, however long that takes: no part of a limit. Raises SandboxError."""
        line = spawn_unconfined(tempfile.mkdtemp(prefix="run-", dir=self._folder))
        try:
            line.receive(deadline=time.monotonic() + _START_S)
        except (*BROKEN, FrameError) as fault:
            line.close()
            raise SandboxError("a process with PyTorch could not be started: does `import torch` work?") from fault
        return line

    def close(self) -> None:
        """Remove what they left on disk."""
        shutil.rmtree(self._folder, ignore_errors=True)


def main(argv: Sequence[str] | None = None, program: str = "grade") -> int:
    """Check each file, print what was found, return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    options = _parser(program).parse_args(argv)
    status = 0
    for i, path in enumerate(options.paths):
        try:
            card = _checked(path, options.time_limit, dict(options.map))
        except GraderError as error:
            told = clean(str(error))
            named = told.startswith((path, Path(path).name + " "))
            sys.stderr.write(f"{program}: {told if named else f'{clean(path)}: {told}'}\n")
            status = max(status, error.exit_status)
            continue
        except KeyboardInterrupt:
            sys.stderr.write(f"{program}: interrupted\n")
            return 130
        sys.stdout.write(("\n" if i else "") + card.text() + "\n")
        status = max(status, 0 if card.passed else 1)
    return status


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(program, description="Check your notebook or script.", epilog=_EPILOG)
    parser.add_argument("paths", nargs="+", metavar="FILE", help="your .ipynb or .py")
    parser.add_argument(
        "--time-limit", type=_seconds, default=LIMIT_S, metavar="SECONDS", help="for one function's calls (default: 10)"
    )
    parser.add_argument(
        "--map", type=_pair, action="append", default=[], metavar="NAME=YOURS", help="your function's other name"
    )
    parser.add_argument("--version", action="version", version=f"{program} {__version__} (bptt-grader, self-check)")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.1 to 3600, got {text}")
    return seconds


def _pair(text: str) -> tuple[str, str]:
    name, equals, theirs = text.partition("=")
    if not equals or name not in FUNCTIONS or not theirs.isidentifier():
        raise argparse.ArgumentTypeError(f"expected NAME=YOURS with one of {', '.join(FUNCTIONS)}; got {text}")
    return name, theirs


def _checked(path: str, limit_s: float, mapping: Mapping[str, str]) -> Card:
    """The card on one file. Raises GraderError."""
    if not Path(path).is_file():
        raise UnreadableError("not a file" if Path(path).exists() else "no such file")
    program = load_program(path)
    if importlib.util.find_spec("torch") is None:
        raise UsageError("PyTorch is not installed here: pip install torch")
    with (
        closing(_OwnProcesses(Limits(time_s=limit_s))) as processes,
        closing(ConfinedSubject(processes, program, mapping)) as subject,
    ):
        loaded = subject.loaded
        if loaded.flat:
            raise UnreadableError(_FLAT)
        if not loaded.defined and not any(map(tells_loss, loaded.notices)):
            raise UnreadableError(_NO_FUNCTIONS)
        notices = (*program.notices, *loaded.notices)
        return Card(judge_all(subject, limit_s=limit_s), Path(path).name, notices)
