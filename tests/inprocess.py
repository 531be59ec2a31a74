"""A subject without a sandbox: plain functions answer in this process. For tests only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from grader.model import (
    Answered,
    Arg,
    Died,
    Loaded,
    Location,
    Malformed,
    Observation,
    OutOfMemory,
    Question,
    Raised,
    TimedOut,
    Value,
)


class HangError(Exception):
    """Raised by a function under test in place of looping for ever."""


class ExitError(Exception):
    """Raised by a function under test in place of `os._exit`."""


class InProcess:
    """Answers questions with `functions`; `evidence` maps a function's name to what watching it would find."""

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        *,
        others: Sequence[str] = (),
        evidence: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.functions = dict(functions)
        self.evidence = dict(evidence or {})
        self.asked: list[Question] = []
        self.asks = 0
        self._loaded = Loaded(defined={name: Location() for name in functions}, others=tuple(others))

    @property
    def loaded(self) -> Loaded:
        return self._loaded

    def ask(self, questions: Sequence[Question], *, limit_s: float) -> Iterator[Observation]:
        self.asks += 1
        deadline = time.monotonic() + limit_s
        for question in questions:
            self.asked.append(question)
            seen = self._answer(question)
            if time.monotonic() > deadline:
                seen = TimedOut(limit_s)
            yield seen
            if isinstance(seen, (TimedOut, Died)):
                return

    def _answer(self, question: Question) -> Observation:  # noqa: PLR0911 - one for each kind
        function = self.functions.get(question.function)
        if function is None:
            return Raised("NameError", f"{question.function} is not defined", missing=True)
        args = [_to_tensor(arg) for arg in question.args]
        try:
            result = function(*args)
        except NotImplementedError as error:
            return Raised("NotImplementedError", str(error), missing=True)
        except MemoryError:
            return OutOfMemory(1 << 30)
        except HangError:
            return TimedOut(10.0)
        except ExitError:
            return Died("exit status 0")
        except Exception as error:  # noqa: BLE001 - whatever a submission raises
            return Raised(type(error).__name__, str(error))
        try:
            value = _to_value(result)
        except TypeError as error:
            return Malformed(str(error))
        mutated = tuple(
            i
            for i, (arg, tensor) in enumerate(zip(question.args, args, strict=True))
            if isinstance(arg, np.ndarray) and not np.array_equal(tensor.detach().numpy(), arg)
        )
        return Answered(value, mutated, self.evidence.get(question.function, ()) if question.watch else ())

    def close(self) -> None:
        pass


def _to_tensor(arg: Arg) -> Any:
    return torch.from_numpy(np.array(arg)) if isinstance(arg, np.ndarray) else arg


def _to_value(result: Any) -> Value:
    if isinstance(result, (tuple, list)):
        return tuple(_to_value(item) for item in result)
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu().numpy()
    if isinstance(result, (np.ndarray, np.generic)):
        array = np.asarray(result)
        if array.dtype.kind in "iu":
            return array.astype(np.int64)
        return array if array.dtype.kind == "b" else array.astype(np.float64)
    if result is None or isinstance(result, (bool, int, float)):
        return result
    raise TypeError(f"a {type(result).__name__}")
