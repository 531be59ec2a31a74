"""The confined child: reads a program and questions, answers in frames. Nothing in here is secret or trusted.

Frames to the child: `{"program": …}` once, then `{"ask": [[id, function, watch, [argument …]] …]}` with the
arrays as payload, or `{"canaries": …}`. From the child: `{"started": i}` before each statement,
`{"loaded": …}`, one `{"id": …, …}` a question, or `{"canaries": …}`; and, where lower functions are answered from
outside, `{"help": function, "args": …}`, to which `{"answer": …}` comes back.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dis import opmap
from types import TracebackType
from typing import Any

import numpy as np

from . import frames, proxies
from .beside import feeds
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
        self._ahead = bytearray()

    def _read(self, count: int) -> bytes:
        while len(self._ahead) < count:
            piece = os.read(self._in, max(1 << 16, count - len(self._ahead)))
            if not piece:
                os._exit(0)  # the supervisor is done
            self._ahead += piece
        wanted = bytes(self._ahead[:count])
        del self._ahead[:count]
        return wanted

    def receive(self) -> tuple[dict[str, Any], bytes]:
        header, payload = frames.prefix_lengths(self._read(frames.PREFIX.size))
        return frames.parse_header(self._read(header)), self._read(payload)

    def ask(self, function: str, arguments: list[Any]) -> Any:
        """Ask the supervisor for the right answer of a lower function; None where it has none (see `proxies`)."""
        payload = bytearray()
        try:
            tagged = [frames.encode(argument, payload) for argument in arguments]
        except frames.Unspeakable:
            return None
        self.send({"help": function, "args": tagged}, payload)
        header, answer = self.receive()
        return frames.decode(header["answer"], answer)

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
class _Arguments:
    """The arguments of one batch, as the contract has them: float32 tensors (0-d for a weight), floats and ints.

    A few hundred calls of some microseconds are asked for: what is done for each of them counts.
    """

    def __init__(self, payload: bytes, device: str) -> None:
        import torch  # noqa: PLC0415 - warmed in the template

        self._floats = np.frombuffer(payload, dtype="<f4")
        self._to_tensor, self._device = torch.from_numpy, device

    def read(self, tagged: list[Any]) -> Any:
        """One argument as it was sent; an array is read-only, and not to be handed out."""
        match tagged:
            case ["a", "f4", list(shape), int(offset)]:
                start = offset // 4
                return self._floats[start : start + math.prod(shape)].reshape(shape)
            case _:
                return frames.decode(tagged, b"")

    def give(self, sent: Any) -> Any:
        """What the submission gets: a tensor of its own, on its device."""
        if type(sent) is not np.ndarray:
            return sent
        tensor = self._to_tensor(sent.copy())
        return tensor if self._device == "cpu" else tensor.to(self._device)

    @staticmethod
    def changed(given: list[Any], sent: list[Any]) -> list[int]:
        """Which array arguments (not the 0-d weights, which may be updated in place) differ from what was sent."""
        arrays = [i for i, value in enumerate(sent) if type(value) is np.ndarray and value.ndim]
        return [i for i in arrays if _differs(given[i], sent[i])]


def _differs(now: Any, then: np.ndarray) -> bool:
    try:
        values = now.detach().cpu().numpy()
        return bool(values.shape != then.shape or values.tobytes() != then.tobytes())
    except Exception:  # noqa: BLE001 - hostile or half-destroyed tensors count as changed
        return True


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
        self._loaded, self._memory = loaded, memory_bytes
        self.device = device

    def answer(
        self, function: str, tagged: list[Any], arguments: _Arguments, *, watch: bool
    ) -> tuple[dict[str, Any], bytearray]:
        """Make one call; what came of it, and the arrays of the answer."""
        target = self._loaded.functions.get(function)
        out = bytearray()
        if target is None:
            return {"raised": "NameError", "message": f"{function} is not defined", "missing": True}, out
        sent = [arguments.read(item) for item in tagged]
        given = [arguments.give(value) for value in sent]
        evidence: list[str] = []
        try:
            value = self._call(target, given, evidence, watch=watch)
            reply: dict[str, Any] = {"value": frames.encode(value, out)}
        except frames.Unspeakable as fault:
            out.clear()
            reply = {"malformed": str(fault)[:200]}
        except BaseException as fault:  # noqa: BLE001 - a submission may raise anything
            out.clear()
            return _failure(fault, self._loaded.files, self._memory), out
        if changed := arguments.changed(given, sent):
            reply["mutated"] = changed
        if found := [
            seen for seen in evidence if self._feeds(seen, (reply.get("value"), bytes(out)), target, sent, arguments)
        ]:
            reply["evidence"] = found
        return reply, out

    def _feeds(
        self, seen: str, own: tuple[Any, bytes], target: Callable[..., Any], sent: list[Any], arguments: _Arguments
    ) -> bool:
        if self._loaded.flat is not None:  # its weights tell, not what is returned
            return True
        loaded = self._loaded
        return feeds(
            seen, own, target, lambda: [arguments.give(value) for value in sent], loaded.namespace, loaded.files
        )

    def _call(self, target: Callable[..., Any], given: list[Any], evidence: list[str], *, watch: bool) -> Any:
        if not watch:
            return target(*given)
        with Watch(given, evidence, self._loaded.files):
            return target(*given)


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
        legacy=request["legacy"],
    )
    report = {
        "defined": {name: list(place) for name, place in loaded.defined.items()},
        "others": loaded.others,
        "flat": loaded.flat,
        "notices": loaded.notices[:200],
    }
    if loaded.flat is None:
        proxies.install(loaded.namespace, loaded.functions, request["proxied"], line.ask)
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
            arguments = _Arguments(payload, responder.device)
            for index, function, watch, tagged in header["ask"]:
                reply, out = responder.answer(function, tagged, arguments, watch=watch)
                reply["id"] = index
                _send_or_say_why(line, reply, out)


def _send_or_say_why(line: _Line, reply: dict[str, Any], out: bytearray) -> None:
    try:
        line.send(reply, out)
    except (frames.FrameError, ValueError, TypeError) as fault:
        line.send({"id": reply.get("id"), "malformed": f"an answer that is too large or unreadable ({fault})"[:200]})
