"""One statement at a time, each within its share of time, its failure put in words.

The limit is a courtesy: it interrupts with an exception that code may swallow. What does is killed by the supervisor.
"""

from __future__ import annotations
import __future__

import ast
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from .parsing import Statement
from .wording import LoadNotice, kind_of, text_of, traceback_of

__all__ = ["Alarm", "Runner", "SoftTimeout", "compiled"]

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag

_COROUTINE = 0x80  # inspect.CO_COROUTINE, without importing inspect
_REPEAT_S = 0.2
_WORDING_S = 0.5
_COMPILERS_PLACE = re.compile(r" \(<(?:script|cell \d+)>, line \d+\)$")
_COMPANION = re.compile(r"\(<([\w.]+\.py)>, line (\d+)\)$")
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


class SoftTimeout(BaseException):
    """A statement ran past its share of time."""


class Alarm:
    """Interrupts what runs in the main thread, by SIGALRM; does nothing where there is no such thing."""

    def __init__(self) -> None:
        self._usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        self._armed = False
        self.fired = False
        if self._usable:
            # bound now: student code may replace them in the module
            self._set_timer, self._set_handler = signal.setitimer, signal.signal

    def _fire(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            self.fired = True
            raise SoftTimeout

    def run(self, action: Callable[[], object], limit_s: float) -> None:
        """Run `action`; raises SoftTimeout in it after `limit_s`, and again until it ends."""
        self.fired = False
        if not self._usable:
            action()
            return
        try:
            try:
                self._set_handler(signal.SIGALRM, self._fire)
                self._armed = True
                # repeated: the first may fall into a finaliser, where exceptions are lost
                self._set_timer(signal.ITIMER_REAL, limit_s, _REPEAT_S)
                action()
            finally:
                self._armed = False
        finally:
            self._armed = False
            self._set_timer(signal.ITIMER_REAL, 0)


def compiled(statement: Statement, future: int) -> tuple[CodeType, int]:
    """The code of `statement` under the `from __future__` flags of those before it, and the flags after it."""
    tree = ast.Module([statement.node], [])
    flags = future | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(tree, statement.filename, "exec", flags=flags, dont_inherit=True)
    return code, future | (code.co_flags & _FUTURE_FLAGS)


@dataclass
class Runner:
    """Runs statements in `namespace`; `from __future__` in one holds for those that follow, as in a notebook.

    `raised` is what the last statement raised.
    """

    namespace: dict[str, Any]
    alarm: Alarm
    filenames: frozenset[str]
    raised: BaseException | None = None
    _future: int = 0
    _recursion_limit: int = field(default_factory=sys.getrecursionlimit)

    def run(self, statement: Statement, limit_s: float) -> LoadNotice | None:
        """Run `statement` for at most `limit_s`; says what it raised, or that it was stopped."""
        self.raised = None
        try:
            self.alarm.run(lambda: self._execute(statement), limit_s)
        except BaseException as error:  # noqa: BLE001 -- SystemExit and KeyboardInterrupt cost one statement, too
            self.raised = error
            stopped = self.alarm.fired
            self._restore_recursion()
            return self._describe(statement, error, limit_s if stopped else None)
        self._restore_recursion()
        return None

    def _restore_recursion(self) -> None:
        if sys.getrecursionlimit() < self._recursion_limit:  # one that leaves no room to say what happened
            sys.setrecursionlimit(self._recursion_limit)

    def _execute(self, statement: Statement) -> None:
        code, self._future = compiled(statement, self._future)
        if code.co_flags & _COROUTINE:
            _await(eval(code, self.namespace))  # noqa: S307 -- running it is the point; the process is confined
        else:
            exec(code, self.namespace)  # noqa: S102 -- the same

    def _describe(self, statement: Statement, error: BaseException, limit_s: float | None) -> LoadNotice:
        notice: LoadNotice = {
            "code": "general.timeout",
            "message": f"this statement ran past its share of time ({limit_s or 0:.3g} s) and was stopped",
            "cell": statement.cell,
            "line": statement.node.lineno,
        }
        if limit_s is not None:
            return notice
        own = self._own_lines(error)
        notice["message"] = self._words(error)
        notice["code"] = _code(error, notice["message"])
        if own and own[0][0] == statement.filename:
            notice["line"] = own[0][1]
        if not own and issubclass(type(error), SyntaxError):  # the compiler's own: `return` outside a function, say
            notice["code"] = "general.syntax_error"
            line = getattr(error, "lineno", None)
            notice["line"] = line if type(line) is int else notice["line"]
            notice["message"] = _COMPILERS_PLACE.sub("", notice["message"])
        notice["message"] = _COMPANION.sub(r"(\1, line \2)", notice["message"])
        if len(own) > 1 and own[-1] != own[0]:
            filename, line = own[-1]
            notice["message"] += f" (raised in {filename.strip('<>')}, line {line})"
        return notice

    def _words(self, error: BaseException) -> str:
        """Name what was raised; an exception whose own text takes too long is named by its class."""
        words = [kind_of(error)]
        try:
            self.alarm.run(lambda: words.append(text_of(error)), _WORDING_S)
        except BaseException:  # noqa: BLE001 -- the alarm, or no memory left
            return words[0]
        return words[-1]

    def _own_lines(self, error: BaseException) -> list[tuple[str, int]]:
        """File names and lines of the submission that `error` passed through, outermost first: first and last only."""
        found: list[tuple[str, int]] = []
        step = traceback_of(error)
        while step is not None:
            name = step.tb_frame.f_code.co_filename
            if name in self.filenames:
                found[1:] = [(name, step.tb_lineno)]
            step = step.tb_next
        return found


def _code(error: BaseException, words: str) -> str:
    if issubclass(type(error), MemoryError):
        return "general.memory"
    # torch says so in a RuntimeError
    return "general.memory" if any(sign in words for sign in _OUT_OF_MEMORY) else "general.crash"


def _await(coroutine: Any) -> None:
    """Run a statement with `await` at top level, on an event loop where the sandbox lets one open."""
    import asyncio  # noqa: PLC0415 -- 50 ms that hardly any submission needs

    try:
        loop = asyncio.new_event_loop()
    except OSError:
        _drive(coroutine)
        return
    try:
        loop.run_until_complete(coroutine)
    finally:
        loop.close()


def _drive(coroutine: Any) -> None:
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        return
