"""The confined child: reads a program and questions, answers in frames. Nothing in here is secret or trusted.

Frames to the child: `{"program": …}` once, then `{"ask": [[id, function, watch, [argument …]] …]}` with the
arrays as payload, or `{"canaries": …}`. From the child: `{"started": i}` before each statement,
`{"loaded": …}`, one `{"id": …, …}` a question, or `{"canaries": …}`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dis import opmap
from types import TracebackType
from typing import Any

import numpy as np

from . import frames
from .evidence import Watch
from .program import LoadedProgram, run_program
from .wording import kind_of, one_line, traceback_of

__all__ = ["serve"]

_RAISE = opmap["RAISE_VARARGS"]
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc")


class _Line:
    """The two pipes, as frames."""

    def __init__(self, questions: int, answers: int) -> None:
        self._in, self._out = questions, answers

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            piece = os.read(self._in, min(1 << 20, count - len(parts)))
            if not piece:
                os._exit(0)  # the supervisor is done
            parts += piece
        return bytes(parts)

    def receive(self) -> tuple[dict[str, Any], bytes]:
        header, payload = frames.prefix_lengths(self._read(frames.PREFIX.size))
        return frames.parse_header(self._read(header)), self._read(payload)

    def send(self, header: object, payload: bytes | bytearray = b"") -> None:
        view = memoryview(frames.pack(header, payload))
        while view:
            view = view[os.write(self._out, view) :]


def _seed() -> None:
    """Once for each child, never for each call: seeding every call would make noise look repeatable."""
    import random  # noqa: PLC0415 - the child's own generators

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - what submissions use
    if (torch := sys.modules.get("torch")) is not None:
        torch.default_generator.manual_seed(0)  # torch.manual_seed would look for every kind of device first


def _settle_at_home(home: str) -> None:
    tempfile.tempdir = home
    os.environ.clear()
    os.environ.update(HOME=home, TMPDIR=home, PATH="", LANG="C.UTF-8", MPLBACKEND="Agg", OMP_NUM_THREADS="1")
    sys.argv[:] = ["submission"]


# ---------------------------------------------------------------------------- one question
def _argument(tagged: list[Any], payload: bytes, device: str) -> Any:
    """An argument as the contract has it: a float32 tensor (0-d for a weight), a float or an int."""
    import torch  # noqa: PLC0415 - warmed in the template

    value = frames.decode(tagged, payload)
    if isinstance(value, np.ndarray):
        tensor = torch.from_numpy(value.astype(np.float32))
        return tensor if device == "cpu" else tensor.to(device)
    return value


def _mutated(arguments: list[Any], before: list[Any]) -> list[int]:
    """Which array arguments (not the 0-d weights, which may be updated in place) differ from what was asked."""
    changed = []
    for index, (now, then) in enumerate(zip(arguments, before, strict=True)):
        if then is None:
            continue
        try:
            same = now.shape == then.shape and now.detach().cpu().numpy().tobytes() == then.tobytes()
        except Exception:  # noqa: BLE001 - hostile or half-destroyed tensors count as changed
            same = False
        if not same:
            changed.append(index)
    return changed


def _raises(step: TracebackType) -> bool:
    """Whether a frame is at a `raise` of its own: PyTorch raises NotImplementedError from C, in no frame at all."""
    code, at = step.tb_frame.f_code.co_code, step.tb_lasti
    return 0 <= at < len(code) and code[at] == _RAISE


def _failure(fault: BaseException, files: Mapping[str, int | None], limit: int) -> dict[str, Any]:
    """What was raised, in words, and the submission's own line that it came from (the innermost)."""
    try:
        message = one_line(str(fault))
    except BaseException:  # noqa: BLE001 - a hostile __str__
        message = ""
    location: list[int | None] | None = None
    stub = False
    step = traceback_of(fault)
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        stub = name in files and _raises(step)
        if name in files:
            location = [files[name], step.tb_lineno]
        step = step.tb_next
    kind = type(fault)
    if issubclass(kind, MemoryError) or any(sign in message for sign in _OUT_OF_MEMORY):
        return {"memory": limit, "location": location}
    missing = stub and issubclass(kind, NotImplementedError)
    return {"raised": kind_of(fault), "message": message, "location": location, "missing": missing}


class _Responder:
    """Answers questions about one loaded program."""

    def __init__(self, loaded: LoadedProgram, device: str, memory_bytes: int) -> None:
        self._loaded, self._device, self._memory = loaded, device, memory_bytes

    def answer(
        self, function: str, tagged: list[Any], payload: bytes, *, watch: bool
    ) -> tuple[dict[str, Any], bytearray]:
        target = self._loaded.functions.get(function)
        out = bytearray()
        if target is None:
            return {"raised": "NameError", "message": f"{function} is not defined", "missing": True}, out
        arguments = [_argument(item, payload, self._device) for item in tagged]
        before = [a.cpu().numpy().copy() if hasattr(a, "dim") and a.dim() else None for a in arguments]
        evidence: list[str] = []
        try:
            value = self._call(target, arguments, evidence, watch=watch)
            reply: dict[str, Any] = {"value": frames.encode(value, out)}
        except frames.Unspeakable as fault:
            out.clear()
            reply = {"malformed": str(fault)[:200]}
        except BaseException as fault:  # noqa: BLE001 - a submission may raise anything
            out.clear()
            return _failure(fault, self._loaded.files, self._memory), out
        if changed := _mutated(arguments, before):
            reply["mutated"] = changed
        if evidence:
            reply["evidence"] = evidence
        return reply, out

    def _call(self, target: Callable[..., Any], arguments: list[Any], evidence: list[str], *, watch: bool) -> Any:
        if not watch:
            return target(*arguments)
        with Watch(arguments, evidence, self._loaded.files):
            return target(*arguments)


# ---------------------------------------------------------------------------- the loop
def _load(line: _Line, request: dict[str, Any]) -> _Responder:
    _seed()
    loaded = run_program(
        request["cells"],
        request["companions"],
        aliases=request["aliases"],
        budget_s=float(request["budget_s"]),
        skip={int(index): reason for index, reason in request["skip"].items()},
        started=lambda index: line.send({"started": index}),
    )
    report = {
        "defined": {name: list(place) for name, place in loaded.defined.items()},
        "others": loaded.others,
        "flat": loaded.flat,
        "notices": loaded.notices[:200],
    }
    line.send({"loaded": report})
    return _Responder(loaded, request["device"], int(request["memory_bytes"]))


def serve(questions: int, answers: int, home: str) -> None:
    """Answer until the supervisor closes its end."""
    line = _Line(questions, answers)
    _settle_at_home(home)
    responder: _Responder | None = None
    line.send({"confined": True})  # up to here a failure is the grader's, from here on the submission's
    while True:
        header, payload = line.receive()
        if "program" in header:
            responder = _load(line, header["program"])
        elif "canaries" in header:
            from .canaries import try_everything  # noqa: PLC0415 - only the first child of a template runs them

            line.send({"canaries": try_everything(header["canaries"])})
        elif "ask" in header and responder is not None:
            for index, function, watch, tagged in header["ask"]:
                reply, out = responder.answer(function, tagged, payload, watch=watch)
                reply["id"] = index
                _send_or_say_why(line, reply, out)


def _send_or_say_why(line: _Line, reply: dict[str, Any], out: bytearray) -> None:
    try:
        line.send(reply, out)
    except (frames.FrameError, ValueError, TypeError) as fault:
        line.send({"id": reply.get("id"), "malformed": f"an answer that is too large or unreadable ({fault})"[:200]})
