"""Other losses that a course may allow: means in place of the sum.

A loss divided by a constant (NbSeq, SeqL or both) divides gradients and losses by it, and training with a rate that
much larger takes the same path. So nothing that judges needs to know: a subject answers in the exercise's own
convention, its answers multiplied back.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from grader.model import Answered, Loaded, Observation, Question, Subject, Value

__all__ = ["CONVENTIONS", "Convention", "InConvention", "helper_in", "readings"]

Convention: TypeAlias = Literal["sum", "mean_over_sequences", "mean_over_time", "mean", "any"]

CONVENTIONS: tuple[Convention, ...] = ("sum", "mean_over_sequences", "mean_over_time", "mean", "any")

_DIVISORS: Mapping[str, Callable[[int, int], int]] = {
    "sum": lambda _SeqL, _NbSeq: 1,
    "mean_over_sequences": lambda _SeqL, NbSeq: NbSeq,
    "mean_over_time": lambda SeqL, _NbSeq: SeqL,
    "mean": lambda SeqL, NbSeq: SeqL * NbSeq,
}
_AFFECTED = frozenset({"bptt_gradients", "train"})
_RATE = 4
"""Where `l_r` stands among the arguments of `train`."""

Helper: TypeAlias = Callable[[str, tuple[Value, ...]], Value]


def readings(check: str, convention: Convention) -> tuple[str, ...]:
    """In which conventions to judge `check`, the exercise's own first where any is allowed."""
    if check not in _AFFECTED:
        return ("sum",)
    return tuple(_DIVISORS) if convention == "any" else (convention,)


def _divisor(reading: str, X: Any) -> int:
    shape = np.shape(X)
    return _DIVISORS[reading](*shape) if len(shape) == 2 else 1


def _times(value: Value, factor: float) -> Value:
    match value:
        case None:
            return None
        case tuple():
            return tuple(_times(item, factor) for item in value)
        case _:
            return value * factor


@functools.cache
def helper_in(reading: str, helper: Helper) -> Helper:
    """`helper`, its gradients in the convention `reading`: what a submission's own would return."""

    def answer(function: str, args: tuple[Value, ...]) -> Value:
        right = helper(function, args)
        if function != "bptt_gradients" or right is None:
            return right
        return _times(right, 1 / _divisor(reading, args[0]))

    return answer


class InConvention:
    """A subject whose answers are in the convention `reading`, read as sums."""

    def __init__(self, subject: Subject, reading: str) -> None:
        self._subject, self._reading = subject, reading

    @property
    def loaded(self) -> Loaded:
        """What the subject defines."""
        return self._subject.loaded

    def ask(self, questions: Sequence[Question], *, limit_s: float) -> Iterator[Observation]:
        """Ask with the rate that takes the same path; multiply gradients and losses back."""
        divisors = [_divisor(self._reading, question.args[0]) for question in questions]
        asked = [_with_rate(question, divisor) for question, divisor in zip(questions, divisors, strict=True)]
        answers = self._subject.ask(asked, limit_s=limit_s)
        for question, divisor, seen in zip(questions, divisors, answers, strict=False):
            yield (
                replace(seen, value=_multiplied(question.function, seen.value, divisor))
                if isinstance(seen, Answered)
                else seen
            )

    def close(self) -> None:
        """End it."""
        self._subject.close()


def _with_rate(question: Question, divisor: int) -> Question:
    if question.function != "train":
        return question
    args = question.args
    return replace(question, args=(*args[:_RATE], args[_RATE] * divisor, *args[_RATE + 1 :]))


def _multiplied(function: str, value: Value, divisor: int) -> Value:
    if function == "train" and isinstance(value, tuple):
        return (*value[:2], *(_times(part, divisor) for part in value[2:]))
    return _times(value, divisor) if function == "bptt_gradients" else value
