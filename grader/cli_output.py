"""Where the command line's output goes: a console of any encoding, a pipe that may close, a file written whole."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from grader.atomic import write_atomically
from grader.errors import GraderError, UsageError
from grader.report.clean import clean

__all__ = [
    "OutputClosedError",
    "check_target",
    "complain",
    "explain",
    "say",
    "say_list",
    "use_utf8",
    "wants_colour",
    "width",
    "write_file",
]

_DEFAULT_WIDTH = 80  # where there is no terminal: the same bytes wherever it runs


class OutputClosedError(Exception):
    """Whoever read the output has gone (`grade … | head`): stop quietly."""


def use_utf8() -> None:
    """Print UTF-8 whatever the console's encoding; what has no bytes is escaped, never an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def say(text: str) -> None:
    """Print `text` now. Raises OutputClosedError, or GraderError where it cannot be written (a full disk)."""
    if sys.stdout is None:
        raise GraderError("there is no standard output to write to")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        _drop_stdout()
        raise OutputClosedError from error
    except OSError as error:
        _drop_stdout()
        raise GraderError(f"cannot write the output: {error.strerror or error}") from error


def say_list(title: str, lines: Sequence[str]) -> None:
    """Print `lines` under a title; nothing where there are none. Raises as `say` does."""
    if lines:
        say("".join([f"{title}:\n", *(f"  {clean(line)}\n" for line in lines)]))


def _drop_stdout() -> None:
    """Let the interpreter's own flush at exit succeed: what is left in the buffer has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(program: str, message: str) -> None:
    """Print one line on stderr."""
    if sys.stderr is not None:
        sys.stderr.write(f"{program}: {clean(message)}\n")
        sys.stderr.flush()


def explain(text: str) -> None:
    """Print `text` on stderr as it is: a command's own help, in lines."""
    if sys.stderr is not None:
        sys.stderr.write(f"{text.rstrip()}\n")
        sys.stderr.flush()


def wants_colour() -> bool:
    """Whether colours are welcome: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout or not sys.stdout.isatty():
        return False
    return sys.platform != "win32" or "WT_SESSION" in os.environ  # the old console may print escapes as they are


def width() -> int:
    """Columns to print: the terminal's, or a fixed number where there is none."""
    if sys.stdout and sys.stdout.isatty():
        return shutil.get_terminal_size((_DEFAULT_WIDTH, 24)).columns
    return _DEFAULT_WIDTH


def check_target(target: Path, inputs: Sequence[str]) -> None:
    """Raise UsageError, before any work, where a result cannot or must not be written to `target`."""
    if target.is_dir():
        raise UsageError(f"-o {target}: this is a folder: name a file")
    if not target.parent.is_dir():
        raise UsageError(f"-o {target}: there is no folder {target.parent}")
    for path in inputs:
        if target.exists() and Path(path).exists() and target.samefile(path):
            raise UsageError(f"-o {target}: this would overwrite the submission: name another file")


def write_file(target: Path, text: str) -> None:
    """Write `text` whole or not at all. Raises GraderError where it cannot."""
    data = text.encode("utf-8", "backslashreplace")
    try:
        if target.exists() and not target.is_file():  # a device or pipe takes bytes, it must not be replaced
            target.write_bytes(data)
            return
        write_atomically(target, data, private=False)
    except OSError as error:
        raise GraderError(f"-o {target}: cannot write the result: {error.strerror or error}") from error
