"""A submission in its confined child, as something that answers questions.

A child that hangs, dies or babbles is closed; the next questions go to a fresh one, in which the statement
that did it at load time is skipped. What a child says is data: types are checked, lengths bounded.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from grader.contract import FUNCTIONS
from grader.errors import SandboxError
from grader.model import (
    Answered,
    Arg,
    Batch,
    Died,
    Loaded,
    Location,
    Malformed,
    Notice,
    Observation,
    OutOfMemory,
    Program,
    Question,
    Raised,
    TimedOut,
    Value,
)
from grader.sandbox.flat_facts import read_flat, read_location
from grader.sandbox.inside import frames
from grader.sandbox.inside.frames import OUR_FAILURE
from grader.sandbox.levels import Limits
from grader.sandbox.line import BROKEN, ChildFloodedError, ChildGoneError, ChildLine, ChildSilentError, LineEnd

__all__ = ["ConfinedSubject", "Spawner"]

Helper: TypeAlias = Callable[[str, tuple[Value, ...]], Value]
"""The right answer of a lower function, None for a question that has none."""

_MAX_RELOADS = 12
_LOAD_SHARES = 4  # one statement may use a quarter of the time for loading
_GRACE_S = 1.5
_TEXT = 500
_BROKEN = (*BROKEN, frames.FrameError)


def _as_float32(argument: Arg) -> Arg:
    return argument.astype(np.float32, copy=False) if isinstance(argument, np.ndarray) else argument


def _packed(questions: Sequence[Question]) -> bytes:
    """The frame that asks them; that of a batch is made once, since it goes to every submission of a course."""
    packed = _FRAMES.get(questions) if isinstance(questions, Batch) else None
    if packed is None:
        payload = bytearray()
        asked = [
            [index, q.function, q.watch, [frames.encode(_as_float32(argument), payload) for argument in q.args]]
            for index, q in enumerate(questions)
        ]
        packed = frames.pack({"ask": asked}, payload)
        if isinstance(questions, Batch):
            _FRAMES[questions] = packed
    return packed


_FRAMES: WeakKeyDictionary[Batch, bytes] = WeakKeyDictionary()


def _packed_answer(helper: Helper, function: str, tagged: list[Any], payload: bytes) -> bytes:
    """The frame with the right answer of a lower function; most submissions of a course ask for the very same ones.

    Raises FrameError for arguments that cannot be read.
    """
    key = (helper, function, str(tagged) if len(payload) <= _KEPT_BYTES else "", payload)
    packed = _ANSWERS.get(key)
    if packed is None:
        out = bytearray()
        right = helper(function, tuple(frames.decode(item, payload) for item in tagged))
        packed = frames.pack({"answer": frames.encode(right, out)}, out)
        if len(payload) + len(key[2]) <= _KEPT_BYTES:
            if len(_ANSWERS) >= _KEPT_ANSWERS:
                del _ANSWERS[next(iter(_ANSWERS))]
            _ANSWERS[key] = packed
    return packed


_KEPT_BYTES, _KEPT_ANSWERS = 2048, 4096
_ANSWERS: dict[tuple[Helper, str, str, bytes], bytes] = {}


def _text(value: object, limit: int = _TEXT) -> str:
    return value[:limit] if isinstance(value, str) else ""


class Spawner(Protocol):
    """What opens children: a `Sandbox`, or in what students install an unconfined process."""

    device: str
    limits: Limits

    def spawn(self) -> ChildLine:
        """Give a fresh child, waiting. The caller closes it. Raises SandboxError."""
        ...


class ConfinedSubject:
    """Implements `grader.model.Subject` over a `Sandbox`.

    `proxied` names lower functions that `helper` answers for in the child (see `inside.proxies`); the flag says
    whether the submission's own may still be called there, to learn in what form it answers.
    """

    def __init__(
        self,
        sandbox: Spawner,
        program: Program,
        aliases: Mapping[str, str],
        *,
        proxied: Mapping[str, bool] | None = None,
        helper: Helper | None = None,
        legacy: str = "auto",
    ) -> None:
        self._sandbox, self._program, self._aliases, self._legacy = sandbox, program, dict(aliases), legacy
        self._proxied, self._helper = dict(proxied or {}), helper
        self._line: ChildLine | None = None
        self._loaded: Loaded | None = None
        self._skip: dict[int, dict[str, str]] = {}
        self._ends_s = time.monotonic() + sandbox.limits.whole_s
        self._chance = True
        self._gave_up: Observation | None = None

    # ------------------------------------------------------------------ loading
    @property
    def loaded(self) -> Loaded:
        """What the program defines; runs it the first time. Raises SandboxError."""
        if self._loaded is None:
            self._load()
        assert self._loaded is not None
        return self._loaded

    def _load(self) -> None:
        """Run the program in a fresh child; a statement that ends the child is skipped in the next one."""
        for _ in range(_MAX_RELOADS):
            self._line = self._sandbox.spawn()
            running = -1
            try:
                self._line.send({"program": self._request()}, deadline=time.monotonic() + _GRACE_S)
                while True:
                    header, _ = self._line.receive(deadline=self._statement_deadline())
                    if "loaded" in header:
                        self._loaded = self._read_loaded(header["loaded"])
                        return
                    started = header.get("started")
                    running = started if type(started) is int and 0 <= started < 10**6 else running
            except _BROKEN as fault:
                end = self._close_line(fault)
                if self._by_chance(end):
                    continue
                if running < 0 and end.code == OUR_FAILURE:  # nothing of the submission has run yet
                    raise SandboxError("a child failed before it ran anything of the submission") from fault
                why = self._explain(fault, end, self._statement_share_s())
                if running in self._skip or running < 0 or time.monotonic() > self._ends_s:
                    break
                code = "general.timeout" if isinstance(why, TimedOut) else "general.crash"
                self._skip[running] = {"code": code, "message": f"this statement was left out: {_sentence(why)}"}
        else:
            why = Died("the program could not be run: statement after statement ended the process")
        self._gave_up = why
        self._loaded = Loaded(notices=(Notice("general.crash", _sentence(why)),))

    def _request(self) -> dict[str, Any]:
        program, limits = self._program, self._sandbox.limits
        return {
            "cells": [{"source": cell.source, "number": cell.number} for cell in program.cells],
            "companions": [{"name": c.name, "source": c.source} for c in program.companions],
            "aliases": self._aliases,
            "legacy": self._legacy,
            "proxied": self._proxied,
            "budget_s": limits.time_s,
            "skip": {str(index): reason for index, reason in sorted(self._skip.items())},
            "device": self._sandbox.device,
            "memory_bytes": limits.memory_bytes,
        }

    def _statement_share_s(self) -> float:
        return self._sandbox.limits.time_s / _LOAD_SHARES

    def _statement_deadline(self) -> float:
        return min(time.monotonic() + self._statement_share_s(), self._ends_s) + _GRACE_S

    @staticmethod
    def _read_loaded(report: object) -> Loaded:
        if not isinstance(report, dict):
            return Loaded()
        defined = report.get("defined")
        places = defined.items() if isinstance(defined, dict) else ()
        others = report.get("others")
        notices = report.get("notices")
        return Loaded(
            defined={name: read_location(place) or Location() for name, place in places if name in FUNCTIONS},
            others=tuple(_text(name, 80) for name in others[:50]) if isinstance(others, list) else (),
            flat=read_flat(report.get("flat")),
            notices=tuple(
                Notice(_text(n.get("code"), 60), _text(n.get("message")), read_location([n.get("cell"), n.get("line")]))
                for n in (notices[:200] if isinstance(notices, list) else ())
                if isinstance(n, dict)
            ),
        )

    # ------------------------------------------------------------------ asking
    def ask(self, questions: Sequence[Question], *, limit_s: float) -> Iterator[Observation]:
        """Answer in order, lazily (see `grader.model.Subject`). Raises SandboxError for a fault of ours.

        After anything that costs the child its life the iterator ends with the observation that says so.
        """
        whole_left = self._ends_s - time.monotonic()
        limit_s = min(limit_s, whole_left)
        if limit_s <= 0:
            yield TimedOut(self._sandbox.limits.whole_s)
            return
        if self._line is None:
            self._load()
        if self._gave_up is not None:
            yield self._gave_up
            return
        assert self._line is not None
        line, deadline = self._line, time.monotonic() + limit_s
        index, last = 0, len(questions) - 1
        try:
            line.send_packed(_packed(questions), deadline=deadline)
            for index in range(len(questions)):
                header, payload = self._receive(line, deadline)
                if header.get("id") != index:
                    raise frames.FrameError("an answer to another question")
                yield self._read(header, payload)
        except _BROKEN as fault:
            end = self._close_line(fault)
            if self._by_chance(end):
                yield from self.ask(questions[index:], limit_s=deadline - time.monotonic())
            else:
                yield self._explain(fault, end, limit_s)
        except GeneratorExit:
            if index < last and self._line is line:  # not all answers were wanted, and the child is still giving them
                self.close()
            raise

    def _receive(self, line: ChildLine, deadline: float) -> tuple[dict[str, Any], bytes]:
        """The next answer; calls for help on the way are answered."""
        while True:
            header, payload = line.receive(deadline=deadline)
            function = header.get("help")
            if self._helper is None or not isinstance(function, str) or function not in self._proxied:
                return header, payload
            tagged = header.get("args")
            given = tagged[:8] if isinstance(tagged, list) else []
            line.send_packed(_packed_answer(self._helper, function, given, payload), deadline=deadline)

    def _read(self, header: dict[str, Any], payload: bytes) -> Observation:
        location = read_location(header.get("location"))
        if "value" in header:
            mutated, evidence = header.get("mutated"), header.get("evidence")
            return Answered(
                frames.decode(header["value"], payload),
                tuple(n for n in mutated if type(n) is int)[:8] if isinstance(mutated, list) else (),
                tuple(_text(item, 40) for item in evidence[:8]) if isinstance(evidence, list) else (),
            )
        if "memory" in header:
            return OutOfMemory(self._sandbox.limits.memory_bytes, location)
        if "malformed" in header:
            return Malformed(_text(header["malformed"]))
        if "raised" in header:
            missing = header.get("missing") is True
            return Raised(_text(header["raised"], 80), _text(header.get("message")), location, missing)
        raise frames.FrameError("neither an answer nor a failure")

    # ------------------------------------------------------------------ ends
    def _close_line(self, fault: Exception) -> LineEnd:
        assert self._line is not None
        line, self._line = self._line, None
        end = line.close("let" if isinstance(fault, ChildGoneError) else "kill")
        assert end is not None
        return end

    def _by_chance(self, end: LineEnd) -> bool:
        """Whether the child was killed, not by us and for no limit that we know of, for the first time.

        Somebody may have killed it, or the kernel while others used all memory: that is not the submission's doing,
        and a fresh child goes on where this one stopped. What happens twice is.
        """
        killed = end.code == -signal.SIGKILL and not end.killed and end.cpu_s < self._sandbox.limits.whole_s
        chance, self._chance = killed and self._chance, self._chance and not killed
        return chance

    def _explain(self, fault: Exception, end: LineEnd, limit_s: float) -> Observation:
        if end.killed == "scratch":
            return Died("it filled its scratch folder")
        match fault:
            case ChildSilentError():
                return TimedOut(limit_s)
            case ChildFloodedError():
                return Died("it printed without end")
            case ChildGoneError():
                return _explain_gone(end, self._sandbox.limits)
        return Malformed(f"an answer that cannot be read ({fault})")

    def close(self) -> None:
        """End the child and everything it started."""
        if self._line is not None:
            self._line.close("forget")
            self._line = None


def _explain_gone(end: LineEnd, limits: Limits) -> Observation:
    """What a closed pipe means: why the process behind it is no more."""
    if end.killed:
        return Malformed("it closed the connection it answers on")
    if end.code == -signal.SIGKILL:  # not ours: the processor time limit, or the kernel out of memory
        return TimedOut(limits.whole_s) if end.cpu_s >= limits.whole_s else OutOfMemory(limits.memory_bytes)
    if end.code < 0:
        return Died(f"the process was ended by {_signal_name(-end.code)}")
    return Died(f"the program ended the process (exit status {end.code})")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _sentence(why: Observation) -> str:
    match why:
        case Died(reason) | Malformed(reason):
            return reason
        case TimedOut(limit_s):
            return f"it did not end within {limit_s:g} s"
        case _:
            return "it used more memory than allowed"
