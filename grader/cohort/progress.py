"""How far a run is, on stderr: a live bar on a terminal, a plain line now and then elsewhere, nothing if so asked.

    with watched(sys.stderr, quiet=False, again="grade class/ -o marks/") as (tell, stop):
        grade_cohort(works, settings, out, progress=tell, stop=stop)

Ctrl-C once: what runs is finished, and it says how to go on. Twice: KeyboardInterrupt, and it says so as well.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from grader.cohort.engine import Progress
from grader.cohort.interrupt import until_interrupted
from grader.report.clean import clean

__all__ = ["Bar", "Lines", "duration", "line", "watched"]

_LINE_EVERY_S = 30.0
_LINE_EVERY_SHARE = 10  # a line for each tenth
_LOOK_EVERY_S = 0.2
_NAME_WIDTH = 30
_STOPPING = "Stopping: what runs is finished first. Ctrl-C again stops at once."


# ---------------------------------------------------------------------------- words
def duration(seconds: float) -> str:
    """A time to read at a glance.

    >>> [duration(s) for s in (0.4, 59, 61, 3600, 90_000)]
    ['1 s', '59 s', '1 min 01 s', '1 h 00 min', '25 h 00 min']
    """
    whole = max(round(seconds), 1)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def line(progress: Progress) -> str:
    """One line that says all.

    >>> line(Progress(500, done=200, failing=40, unreadable=1, reused=20, elapsed_s=60, rate=3.0, left_s=100))
    '200 of 500 done, 40 failing, 1 unreadable, 20 known before, 3.0 a second, 1 min 40 s left'
    """
    return ", ".join((f"{progress.done} of {progress.total} done", *_counts(progress), *_pace(progress)))


def _counts(progress: Progress) -> Iterator[str]:
    if progress.failing:
        yield f"{progress.failing} failing"
    if progress.unreadable:
        yield f"{progress.unreadable} unreadable"
    if progress.missing:
        yield f"{progress.missing} missing"
    if progress.ungraded:
        yield f"{progress.ungraded} not graded"
    if progress.reused:
        yield f"{progress.reused} known before"
    if progress.same:
        yield f"{progress.same} the same as another"


def _pace(progress: Progress) -> Iterator[str]:
    if progress.rate is not None:
        yield f"{progress.rate:.1f} a second" if progress.rate >= 1 else f"{60 * progress.rate:.1f} a minute"
    if progress.left_s is not None and progress.done < progress.total:
        yield f"{duration(progress.left_s)} left"


# ---------------------------------------------------------------------------- ways to show it
class _Display(Protocol):
    """Told of progress by the run, asked to `look` by a thread a few times a second."""

    def tell(self, progress: Progress) -> None: ...
    def look(self) -> None: ...
    def say(self, text: str) -> None: ...
    def close(self) -> None: ...


class Lines:
    """A line every tenth of the way, and one every half a minute so that nobody thinks it hangs."""

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._clock, self._said_at = file, clock, clock()
        self._last: Progress | None = None
        self._said: Progress | None = None

    def tell(self, progress: Progress) -> None:
        """Take note, and say so if that is another tenth."""
        before = self._last.done if self._last else 0
        self._last = progress
        tenth, of = progress.done * _LINE_EVERY_SHARE, max(progress.total, 1)
        if tenth // of > before * _LINE_EVERY_SHARE // of:
            self._say_line()

    def look(self) -> None:
        """Say how far it is, if that was long ago."""
        if self._last and self._clock() >= self._said_at + _LINE_EVERY_S:
            self._say_line()

    def _say_line(self) -> None:
        assert self._last is not None
        self._said_at, self._said = self._clock(), self._last
        self.say(line(self._last))

    def say(self, text: str) -> None:
        """Write one line; that nobody reads any more is no reason to stop grading."""
        with suppress(OSError, ValueError):
            self._file.write(f"{text}\n")
            self._file.flush()

    def close(self) -> None:
        """Say where it ended, unless that was the last line."""
        if self._last and self._last is not self._said:
            self._say_line()


class Bar:
    """A live bar with what is done, failing and left, and the file that was last done; it vanishes in the end."""

    def __init__(self, file: TextIO) -> None:
        from rich.console import Console  # noqa: PLC0415 - a tenth of a second, for terminals only
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - the same
        from rich.progress import Progress as Live  # noqa: PLC0415 - the same

        self._last: Progress | None = None
        self._live = Live(
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            console=Console(file=file, force_terminal=True, highlight=False),
            transient=True,
        )
        self._task = self._live.add_task("starting", total=None)
        self._live.start()

    def tell(self, progress: Progress) -> None:
        """Move on."""
        self._last = progress
        name = clean(progress.last, limit=_NAME_WIDTH)
        told = line(progress) + (f" · {name}" if name else "")
        self._live.update(self._task, total=progress.total, completed=progress.done, description=told)

    def look(self) -> None:
        """Nothing: it is redrawn by itself."""

    def say(self, text: str) -> None:
        """Write one line above the bar."""
        self._live.console.print(text, markup=False)

    def close(self) -> None:
        """Take the bar away, and leave one line."""
        self._live.stop()
        if self._last:
            self.say(line(self._last))


class _Silent:
    def tell(self, progress: Progress) -> None: ...
    def look(self) -> None: ...
    def say(self, text: str) -> None: ...
    def close(self) -> None: ...


def _display(file: TextIO | None, *, quiet: bool) -> _Display:
    if quiet or file is None:
        return _Silent()
    live = file.isatty() and os.environ.get("TERM") != "dumb"
    if live and sys.platform == "win32":
        live = "WT_SESSION" in os.environ  # the old console may print escapes as they are
    return Bar(file) if live else Lines(file)


# ---------------------------------------------------------------------------- the run
@contextmanager
def watched(
    file: TextIO | None, *, quiet: bool = False, again: str
) -> Iterator[tuple[Callable[[Progress], None], Callable[[], bool]]]:
    """Give what `grade_cohort` takes as `progress` and `stop`; `again` is the command that goes on after Ctrl-C.

    For the main thread. Nothing is shown if `quiet`, but for how to go on.
    """
    with until_interrupted() as pressed:
        run = _Watched(_display(file, quiet=quiet), pressed)
        try:
            yield run.tell, pressed
        finally:
            run.end()
            if pressed() and file is not None:
                Lines(file).say(run.how_to_go_on(again))


class _Watched:
    """The display of one run, looked at by a thread: a worker may be silent for long."""

    def __init__(self, display: _Display, pressed: Callable[[], bool]) -> None:
        self._display, self._pressed = display, pressed
        self._last: Progress | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def tell(self, progress: Progress) -> None:
        self._last = progress
        with self._lock:
            self._display.tell(progress)

    def _watch(self) -> None:
        said = False
        while not self._ended.wait(_LOOK_EVERY_S):
            with self._lock:
                self._display.look()
                if self._pressed() and not said:
                    said = True
                    self._display.say(_STOPPING)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self._display.close()

    def how_to_go_on(self, again: str) -> str:
        last = self._last
        if last is not None and last.done == last.total:
            return "Everything was done before it stopped."
        far = f"{last.done} of {last.total} are done and kept" if last else "nothing was done yet"
        return f"Stopped: {far}. The same command goes on: {again}"
