"""Calls that leave the process they are made in as it was: a student's kernel, in which an hour of work may lie.

What is put back: random states, printed output, warnings and how they are shown, torch's gradient mode and default
dtype, tracing hooks, the alarm. What a function does to its own globals is its own affair.
"""

from __future__ import annotations

import contextlib
import io
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

__all__ = ["Interrupted", "SoftAlarm", "leaving_no_trace"]

_AGAIN_S = 0.2


class Interrupted(BaseException):
    """A call ran past its time."""


class SoftAlarm:
    """Interrupts calls by SIGALRM where there is such a thing and this is the main thread; elsewhere never.

    A code that catches everything is interrupted again until it ends; one that is stuck in C is not interrupted.
    """

    def __init__(self) -> None:
        self._usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        self._armed = False

    def _fire(self, _number: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise Interrupted

    def call(self, action: Callable[[], Any], limit_s: float) -> Any:
        """What `action` returns; raises Interrupted in it after `limit_s`. Another alarm that is running goes on."""
        if not self._usable:
            return action()
        before = signal.signal(signal.SIGALRM, self._fire)
        started = time.monotonic()
        theirs_s, again_s = signal.setitimer(signal.ITIMER_REAL, limit_s, _AGAIN_S)
        try:
            self._armed = True
            return action()
        finally:
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if theirs_s:
                signal.setitimer(signal.ITIMER_REAL, max(theirs_s - (time.monotonic() - started), 1e-3), again_s)


@contextlib.contextmanager
def leaving_no_trace() -> Iterator[None]:
    """Put back, at the end, what calls may have changed in this process; what they print is thrown away."""
    hooks, thread_hook = (sys.getprofile(), sys.gettrace()), getattr(threading, "_profile_hook", None)
    own_random, numpy_random = random.getstate(), np.random.get_state()  # noqa: NPY002 - what students use
    recursion, errors = sys.getrecursionlimit(), np.geterr()
    with contextlib.ExitStack() as stack:
        stack.callback(sys.setrecursionlimit, recursion)
        stack.callback(lambda: np.seterr(**errors))
        stack.callback(random.setstate, own_random)
        stack.callback(np.random.set_state, numpy_random)
        stack.callback(threading.setprofile, thread_hook)
        stack.callback(sys.settrace, hooks[1])
        stack.callback(sys.setprofile, hooks[0])
        _keep_torch(stack)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        sink = io.StringIO()
        stack.enter_context(contextlib.redirect_stdout(sink))
        stack.enter_context(contextlib.redirect_stderr(sink))
        yield


def _keep_torch(stack: contextlib.ExitStack) -> None:
    torch = sys.modules.get("torch")
    if torch is None:
        return
    stack.callback(torch.set_rng_state, torch.get_rng_state())
    stack.callback(torch.set_grad_enabled, torch.is_grad_enabled())
    stack.callback(torch.set_default_dtype, torch.get_default_dtype())
