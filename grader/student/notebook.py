"""A notebook's own functions as something that answers questions: in this very process, without a sandbox."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dis import opmap
from types import CodeType
from typing import Any

import numpy as np

from grader.errors import UsageError
from grader.model import Answered, Loaded, Location, Malformed, Observation, OutOfMemory, Question, Raised, TimedOut
from grader.sandbox.inside import frames
from grader.sandbox.inside.evidence import Watch
from grader.sandbox.inside.wording import kind_of, one_line, traceback_of
from grader.student.harmless import Interrupted, SoftAlarm, leaving_no_trace

__all__ = ["OwnFunctions"]

_RAISE = opmap["RAISE_VARARGS"]
_MEMORY_UNKNOWN = 0


class OwnFunctions:
    """Implements `grader.model.Subject` over `functions`, by contract name.

    Each call gets tensors of its own, as a submission's does. A call that raises, prints, draws random numbers or does
    not end costs the process nothing (see `harmless`); one that ends the process does. Ctrl-C, the kernel's own
    interruption, is passed on. Raises UsageError where there is no PyTorch.
    """

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._functions = dict(functions)
        self._files = frozenset(code.co_filename for code in map(_code_of, functions.values()) if code is not None)
        try:
            self._torch = importlib.import_module("torch")
        except ImportError:
            raise UsageError("PyTorch is not installed here: pip install torch") from None

    @property
    def loaded(self) -> Loaded:
        """What there is."""
        return Loaded(defined=dict.fromkeys(self._functions, Location()))

    def ask(self, questions: Sequence[Question], *, limit_s: float) -> Iterator[Observation]:
        """Answer in order, lazily; the last one is the first that is out of time."""
        ends_s = time.monotonic() + limit_s
        alarm = SoftAlarm()
        for question in questions:
            left_s = ends_s - time.monotonic()
            if left_s <= 0:
                yield TimedOut(limit_s)
                return
            with leaving_no_trace():  # between answers the process is as it was: others run there, too
                seen = self._answer(question, alarm, left_s, limit_s)
            yield seen
            if isinstance(seen, TimedOut):
                return

    def close(self) -> None:
        """Nothing was started."""

    # ------------------------------------------------------------------ one call
    def _answer(self, question: Question, alarm: SoftAlarm, left_s: float, limit_s: float) -> Observation:
        function = self._functions.get(question.function)
        if function is None:
            return Raised("NameError", f"{question.function} is not defined", missing=True)
        given = [self._given(arg) for arg in question.args]
        evidence: list[str] = []
        payload = bytearray()

        def call() -> Any:
            if not question.watch:
                return frames.encode(function(*given), payload)
            with Watch(given, evidence, self._files):
                value = function(*given)
            return frames.encode(value, payload)

        try:
            tagged = alarm.call(call, left_s)
        except KeyboardInterrupt:
            raise
        except Interrupted:
            return TimedOut(limit_s)
        except frames.Unspeakable as fault:
            return Malformed(one_line(str(fault)))
        except BaseException as fault:  # noqa: BLE001 - a function may raise anything, SystemExit too
            return self._failure(fault)
        value = frames.decode(tagged, bytes(payload))
        return Answered(value, self._changed(question, given), tuple(evidence))

    def _given(self, argument: Any) -> Any:
        if not isinstance(argument, np.ndarray):
            return argument
        return self._torch.from_numpy(np.array(argument, dtype=np.float32))

    @staticmethod
    def _changed(question: Question, given: Sequence[Any]) -> tuple[int, ...]:
        """Which array arguments, weights left aside, are no longer what was asked with."""
        asked = [(i, arg) for i, arg in enumerate(question.args) if isinstance(arg, np.ndarray) and arg.ndim]
        return tuple(i for i, arg in asked if not np.array_equal(given[i].detach().cpu().numpy(), arg))

    def _failure(self, fault: BaseException) -> Observation:
        line: int | None = None
        stub = False
        step = traceback_of(fault)
        while step is not None:
            code, at = step.tb_frame.f_code, step.tb_lasti
            own = code.co_filename in self._files
            line = step.tb_lineno if own else line
            stub = own and 0 <= at < len(code.co_code) and code.co_code[at] == _RAISE
            step = step.tb_next
        location = None if line is None else Location(line=line)
        if isinstance(fault, MemoryError):
            return OutOfMemory(_MEMORY_UNKNOWN, location)
        try:
            message = one_line(str(fault))
        except Exception:  # noqa: BLE001 - an exception whose own words fail
            message = ""
        missing = stub and isinstance(fault, NotImplementedError)
        return Raised(kind_of(fault), message, location, missing=missing)


def _code_of(function: Callable[..., Any]) -> CodeType | None:
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None
