"""A flat script as a subject: the contract's questions, answered by running it on data of the grader's choosing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

import numpy as np

from grader.contract import ContractError, as_array
from grader.judge.flat.cases import Fixed, resized
from grader.model import Answered, Arg, FlatFacts, Loaded, Malformed, Observation, Question, Subject, Value

__all__ = ["HELD", "HELD_WREC", "HELD_WXS", "LITTLE", "MUCH", "ONES", "PLACE", "SEED", "FlatSubject", "Reading", "Run"]

HELD_WXS, HELD_WREC, TEST, ONES, STATES, HELPERS, OTHER, SEED, LITTLE, MUCH, PLACE = (1 << bit for bit in range(11))
"""Flags of a run, as `sandbox.inside.flat.runs` has them."""
HELD = HELD_WXS | HELD_WREC

RightStates: TypeAlias = Callable[[np.ndarray, Arg, Arg], "tuple[np.ndarray, np.ndarray]"]

_NOTHING = np.zeros(0, dtype=np.float32)
_HALF = np.asarray(0.5, dtype=np.float32)
_WATCHED_SIZE = 2


@dataclass(frozen=True, eq=False)
class Run:
    """What one run showed: own targets, states, each weight's moves (or where it was) an iteration, predictions.

    `Y_later` are the outputs of the second iteration, `T_test` the targets of the test data.
    """

    T: Value
    S: Value
    Y: Value
    Wxs: np.ndarray
    Wrec: np.ndarray
    predictions: Value
    Y_later: Value
    T_test: Value


@dataclass(frozen=True)
class Reading:
    """Where a script's gradient shows: for each weight the iteration `at` which it first moves.

    `aside`: weights move with a rate of 0, too; that is no gradient, and taken off.
    """

    at: tuple[int, int] = (0, 0)
    aside: bool = False


class FlatSubject:
    """Implements `grader.model.Subject` over a confined flat script.

    `helped`: the script's ReLU and its derivative are answered rightly while it runs. `right_states` gives (S, Y) to be
    written over its own before it goes back in time: only once its forward pass has been judged. `same_data`: what is
    tested is what it was trained on. `reading` may be set later: it takes runs to find out.
    """

    def __init__(
        self,
        subject: Subject,
        facts: FlatFacts,
        fixed: Fixed,
        *,
        helped: bool = False,
        right_states: RightStates | None = None,
        same_data: bool = False,
    ) -> None:
        self._subject, self._facts, self._fixed, self._same = subject, facts, fixed, same_data
        self._helped, self._right_states = helped, right_states
        self._spare_first = True
        self.reading = Reading()

    @property
    def inner(self) -> Subject:
        """The confined script."""
        return self._subject

    @property
    def loaded(self) -> Loaded:
        """What the child said."""
        return self._subject.loaded

    def close(self) -> None:
        """End the child."""
        self._subject.close()

    # ------------------------------------------------------------------ runs
    def question(  # noqa: PLR0913 - what a run is made of, each by name
        self,
        X: np.ndarray,
        Wxs: Arg,
        Wrec: Arg,
        *,
        T: np.ndarray = _NOTHING,
        l_r: float = 1.0,
        n_iter: int = 1,
        flags: int = HELD,
        watch: bool = False,
    ) -> Question:
        """The question that makes a run."""
        flags |= HELPERS if self._helped else 0
        args: tuple[Arg, ...] = (X, T, Wxs, Wrec, float(l_r), n_iter)
        if self._right_states is None:
            return Question("flat.run", (*args, flags), watch=watch)
        return Question("flat.run", (*args, flags | STATES, *self._right_states(X, Wxs, Wrec)), watch=watch)

    def runs(self, questions: Sequence[Question], *, limit_s: float) -> Iterator[Run | Observation]:
        """What each run showed, or what came in its place."""
        for seen in self._subject.ask(questions, limit_s=limit_s):
            yield _read_run(seen) if isinstance(seen, Answered) else seen

    # ------------------------------------------------------------------ the contract's questions
    def ask(self, questions: Sequence[Question], *, limit_s: float) -> Iterator[Observation]:
        """Answer in order, lazily (see `grader.model.Subject`)."""
        asked = [self._asked(question) for question in questions]
        answers = self._subject.ask([part for parts in asked for part in parts], limit_s=limit_s)
        for question, parts in zip(questions, asked, strict=True):
            seen = list(islice(answers, len(parts)))
            fault = next((each for each in seen if not isinstance(each, Answered)), None)
            if fault is not None:
                yield fault
            elif len(seen) < len(parts):
                return
            else:
                yield self._answer(question, [each for each in seen if isinstance(each, Answered)])

    def _asked(self, question: Question) -> list[Question]:  # noqa: PLR0911 - one for each function
        args = question.args
        match question.function:
            case "relu" | "relu_derivative" if question.function in self._facts.roles:
                return [Question("flat.helper", (int(question.function == "relu_derivative"), args[0]))]
            case "relu":
                X = np.zeros(self._size(), dtype=np.float32)
                X[0] = 1
                return [self.question(X, _weight(args[0]), _HALF, l_r=0.0)]
            case "relu_derivative":
                return [*self._slope(_weight(args[0])), *self._slope(np.asarray(1, dtype=np.float32))]
            case "count_targets":
                both = (HELD, HELD | OTHER) if "T_test" in self._facts.found else (HELD,)
                return [self.question(_matrix(args[0]), _HALF, _HALF, n_iter=0, flags=each) for each in both]
            case "forward":
                return [self.question(_matrix(args[0]), args[1], args[2], l_r=0.0)]
            case "bptt_gradients" if question.watch:
                args = self.watchable(args)
                X, T = _matrix(args[0]), _matrix(args[1])
                return [self.question(X, args[2], args[3], T=T, n_iter=max(self.reading.at) + 1, watch=True)]
            case "bptt_gradients":
                return self._moving(_matrix(args[0]), _matrix(args[1]), args[2], args[3])
            case _:
                return [
                    self.question(
                        _matrix(args[0]), args[1], args[2], l_r=0.0, flags=HELD | TEST | OTHER * (not self._same)
                    )
                ]

    def _size(self) -> tuple[int, int]:
        return self._facts.sizes or (5, 4)

    def _moving(self, X: np.ndarray, T: np.ndarray, Wxs: Arg, Wrec: Arg) -> list[Question]:
        """The runs that show the gradient."""
        rates = (1.0, 0.0) if self.reading.aside else (1.0,)
        return [self.question(X, Wxs, Wrec, T=T, l_r=rate, n_iter=max(self.reading.at) + 1) for rate in rates]

    def _slope(self, weight: np.ndarray) -> list[Question]:
        """Runs in which every s_k has the sign of `weight`, and every output an error of 1.

        What is made of errors, masks and inputs then depends on `weight` by the masks alone, which are all alike.
        """
        rows = self._size()[0]
        X = np.ones(self._size(), dtype=np.float32)
        Y = max(float(weight), 0.0) * (2 - 0.5 ** np.arange(rows, dtype=np.float64))
        T = np.asarray(np.broadcast_to((Y - 1)[:, None], X.shape), dtype=np.float32)
        return self._moving(X, T, weight, _HALF)

    def watchable(self, args: tuple[Arg, ...]) -> tuple[Arg, ...]:
        """The arguments of a call to be watched, at a size that the script takes."""
        X = _matrix(args[0])
        least = max(X.shape[1], _WATCHED_SIZE)
        return resized(args, Fixed(self._fixed.SeqL or X.shape[0], self._fixed.NbSeq or least))

    def _answer(self, question: Question, seen: list[Answered]) -> Observation:
        if question.function in self._facts.roles:
            return seen[0]
        runs = [_read_run(each) for each in seen]
        malformed = next((each for each in runs if isinstance(each, Malformed)), None)
        if malformed is not None:
            return malformed
        value = self._value(question.function, question.args[0], [each for each in runs if isinstance(each, Run)])
        return replace(seen[0], value=value, mutated=())

    def _value(self, function: str, X: Arg, runs: Sequence[Run]) -> Value:
        """What the contract's function would have returned."""
        run = runs[0]
        values: dict[str, Callable[[], Value]] = {
            "relu": lambda: _corner(run.Y),
            "relu_derivative": lambda: self._ratio(runs),
            "count_targets": lambda: self._targets(runs, X),
            "forward": lambda: (self.states(run.S, X), self.states(run.Y, X)),
            "bptt_gradients": lambda: (self._gradient(runs, 0), self._gradient(runs, 1)),
            "predict_counts": lambda: self.states(run.predictions, X),
        }
        return values[function]()

    def _gradient(self, runs: Sequence[Run], weight: int) -> float | None:
        at = self.reading.at[weight]
        moves = [(run.Wxs, run.Wrec)[weight] for run in runs]
        if any(len(each) <= at for each in moves):
            return None
        moved, *aside = (float(each[at]) for each in moves)
        return sum(aside) - moved

    def _ratio(self, runs: Sequence[Run]) -> float | None:
        half = len(runs) // 2
        slope, unit = self._gradient(runs[:half], 0), self._gradient(runs[half:], 0)
        return slope / unit if slope is not None and unit else None

    def _targets(self, runs: Sequence[Run], X: Arg) -> Value:
        """The targets of the training data, or those of the test data where these are wrong and the first are not."""
        T = self.states(runs[0].T, X)
        tested = self.states(runs[-1].T_test, X)
        right = isinstance(T, np.ndarray) and np.array_equal(T, np.cumsum(_matrix(X), axis=0))
        return tested if right and isinstance(tested, np.ndarray) and tested.shape == np.shape(X) else T

    def states(self, value: Value, X: Arg) -> Value:
        """A matrix as the contract has it: without axes of size 1 too many, or a row for the step before the first."""
        rows, columns = _matrix(X).shape
        try:
            found = as_array(value)
        except ContractError:
            return value
        if found.size == rows * columns and found.shape[:1] == (rows,):
            return found.reshape(rows, columns)
        if found.size != (rows + 1) * columns or found.shape[:1] != (rows + 1,):
            return value
        found = found.reshape(rows + 1, columns)
        first, last = not found[0].any(), not found[-1].any()
        if first != last:
            self._spare_first = first
        return found[1:] if self._spare_first else found[:-1]


def _matrix(argument: Arg) -> np.ndarray:
    assert isinstance(argument, np.ndarray)
    return argument


def _weight(S: Arg) -> np.ndarray:
    return np.asarray(S, dtype=np.float32).reshape(())


def _read_run(seen: Answered) -> Run | Malformed:
    value = seen.value
    if not isinstance(value, tuple) or len(value) != 8:
        return Malformed("a run that shows nothing")
    T, S, Y, Wxs, Wrec, predictions, Y_later, T_test = value
    try:
        moves = [as_array(w).reshape(-1) for w in (Wxs, Wrec)]
    except ContractError:
        return Malformed("weights that are no numbers")
    return Run(T, S, Y, moves[0], moves[1], predictions, Y_later, T_test)


def _corner(value: Value) -> Value:
    try:
        found = as_array(value)
    except ContractError:
        return None
    return float(found.ravel()[0]) if found.size else None
