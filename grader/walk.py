"""One training to draw: where a submission's weights go from a fixed start, beside a right solution's."""

from __future__ import annotations

import functools
import itertools
import math
import time
from collections.abc import Iterator, Sequence

import numpy as np

from grader.contract import ContractError, as_array
from grader.judge.flat.cases import Fixed, resized
from grader.judge.flat.subject import FlatSubject, Run
from grader.model import Answered, Arg, Observation, Question, Subject
from grader.result import TrainingPath, Walk

__all__ = ["training_path"]

_X = np.array([[0, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 1]], dtype=np.float32)
_START = (0.25, 1.25)
_RATE = 0.01  # the loss falls by a factor of a thousand
_STEPS = (0, 1, 2, 4, 8, 16, 32)
_LARGEST = 1e6


def training_path(subject: Subject | FlatSubject, fixed: Fixed, *, limit_s: float) -> TrainingPath | None:
    """The training of `subject` on data of ours, at a size it can take; None where it shows nothing."""
    (X,) = resized((_X,), fixed)
    assert isinstance(X, np.ndarray)
    T = X.cumsum(0)
    yours = _flat_walk(subject, X, T, limit_s) if isinstance(subject, FlatSubject) else _walk(subject, X, T, limit_s)
    if len(yours.weights) < 2:
        return None
    right = _right(X.shape, X.tobytes())
    return TrainingPath(_rows(X), _rows(T), _RATE, _STEPS, yours, right)


def _weights(pair: tuple[float, float] = _START) -> tuple[Arg, Arg]:
    return np.asarray(pair[0], dtype=np.float32), np.asarray(pair[1], dtype=np.float32)


def _walk(subject: Subject, X: np.ndarray, T: np.ndarray, limit_s: float) -> Walk:
    """The weights after each of `_STEPS`; each training goes on from where the last one ended."""
    ends_s = time.monotonic() + limit_s
    weights: list[tuple[float, float]] = [_START]
    losses: list[float] = []
    for n in (after - before for before, after in itertools.pairwise(_STEPS)):
        question = Question("train", (X, T, *_weights(weights[-1]), _RATE, n))
        leg = _leg(next(iter(subject.ask([question], limit_s=ends_s - time.monotonic())), None))
        if leg is None or not _drawable(leg[0]):
            break
        weights.append(leg[0])
        losses += leg[1][:n]
    return Walk(tuple(weights), tuple(_until_lost(losses)))


def _leg(seen: Observation | None) -> tuple[tuple[float, float], list[float]] | None:
    """Weights and losses of an answer, if it has the form of one."""
    if not isinstance(seen, Answered) or not isinstance(seen.value, tuple) or len(seen.value) != 3:
        return None
    try:
        Wxs, Wrec = (float(as_array(part).reshape(())) for part in seen.value[:2])
        return (Wxs, Wrec), as_array(seen.value[2]).ravel().tolist()
    except (ContractError, ValueError):
        return None


def _flat_walk(subject: FlatSubject, X: np.ndarray, T: np.ndarray, limit_s: float) -> Walk:
    """The same from one run, which shows where the weights are after each iteration; the losses there are ours."""
    from grader.cases.oracle import trained  # noqa: PLC0415 - only where something is drawn

    question = subject.question(X, *_weights(), T=T, l_r=_RATE, n_iter=_STEPS[-1], flags=0)
    run = next(iter(subject.runs([question], limit_s=limit_s)), None)
    if not isinstance(run, Run):
        return Walk((), ())
    path = [_START, *zip(run.Wxs.tolist(), run.Wrec.tolist(), strict=False)]
    weights: list[tuple[float, float]] = []
    for step in _STEPS:
        if step >= len(path) or not _drawable(path[step]):
            break
        weights.append(path[step])
    visited = itertools.takewhile(_drawable, path[:-1])
    return Walk(tuple(weights), tuple(_until_lost([trained(X, T, *pair, _RATE, 1)[2][0] for pair in visited])))


@functools.lru_cache(maxsize=64)  # of the sizes a flat script may insist on
def _right(shape: tuple[int, int], data: bytes) -> Walk:
    from grader.cases.oracle import trained  # noqa: PLC0415 - only where something is drawn

    X = np.frombuffer(data, dtype=np.float32).reshape(shape)
    runs = [trained(X, X.cumsum(0), *_START, _RATE, n) for n in _STEPS]
    return Walk(tuple((Wxs, Wrec) for Wxs, Wrec, _ in runs), tuple(runs[-1][2]))


def _drawable(pair: Sequence[float]) -> bool:
    return all(math.isfinite(w) and abs(w) < _LARGEST for w in pair)


def _until_lost(losses: Sequence[float]) -> Iterator[float]:
    for loss in losses:
        if not math.isfinite(loss) or abs(loss) > _LARGEST:
            return
        yield loss


def _rows(matrix: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(x) for x in row) for row in matrix)
