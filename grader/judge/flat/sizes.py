"""Sizes written into a flat script: found by asking at others, before any arithmetic is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.contract import ContractError, as_array
from grader.judge.flat.cases import Fixed
from grader.judge.flat.subject import FlatSubject, Run
from grader.model import Answered, FlatFacts, Observation, Question

__all__ = ["fixed_sizes"]

_WEIGHT = np.asarray(0.75, dtype=np.float32)


def fixed_sizes(subject: FlatSubject, facts: FlatFacts, *, limit_s: float) -> Fixed:
    """The sizes at which alone the script works; none where it does not work at its own either.

    At others it raises, or leaves steps or sequences untouched.
    """
    if facts.sizes is None:
        return Fixed()
    SeqL, NbSeq = facts.sizes
    others = [size for size in _others(SeqL, NbSeq) if min(size) > 1]
    shown = list(_shown(subject, [(SeqL, NbSeq), *others], limit_s))
    if not shown or shown[0] is None:
        return Fixed()
    failing = {size for size, seen in zip(others, shown[1:], strict=False) if not _agree(shown[0], seen)}
    failing |= set(others[len(shown) - 1 :])  # a size that ended the child, and those after it
    return Fixed(
        SeqL if any(size[0] != SeqL for size in failing) else None,
        NbSeq if any(size[1] != NbSeq for size in failing) else None,
    )


def _others(SeqL: int, NbSeq: int) -> list[tuple[int, int]]:
    return [(SeqL + 1, NbSeq), (SeqL - 2, NbSeq), (SeqL, NbSeq + 1), (SeqL, NbSeq - 1)]


def _inputs(size: tuple[int, int]) -> np.ndarray:
    """Ones and zeros of which every smaller matrix is a corner."""
    k, j = np.indices(size)
    return np.asarray((k * 3 + j * 5 + k * j) % 4 < 2, dtype=np.float32)


def _shown(
    subject: FlatSubject, sizes: list[tuple[int, int]], limit_s: float
) -> Iterator[tuple[np.ndarray | None, ...] | None]:
    """Targets and outputs at each size, None where the script raises."""
    questions: list[Question] = []
    for size in sizes:
        X = _inputs(size)
        questions.append(subject.question(X, _WEIGHT, _WEIGHT, T=X.cumsum(0)))
    for size, seen in zip(sizes, subject.runs(questions, limit_s=limit_s), strict=False):
        yield _parts(seen, size)


def _parts(seen: Run | Observation, size: tuple[int, int]) -> tuple[np.ndarray | None, ...] | None:
    if not isinstance(seen, Run):
        assert not isinstance(seen, Answered)
        return None
    return _in_size(seen.T, size), _in_size(seen.Y, size)


def _in_size(value: object, size: tuple[int, int]) -> np.ndarray | None:
    """The first rows and columns of a matrix, whatever else it holds; None where it is of another size."""
    try:
        found = as_array(value)  # type: ignore[arg-type]
    except ContractError:
        return None
    if found.ndim < 1 or found.shape[0] not in {size[0], size[0] + 1}:
        return None
    return found.reshape(len(found), -1) if found.size == len(found) * size[1] else None


def _agree(own: tuple[np.ndarray | None, ...], other: tuple[np.ndarray | None, ...] | None) -> bool:
    """Whether a script still works at another size: it does not raise, and leaves no step or sequence untouched."""
    if other is None:
        return False
    for mine, theirs in zip(own, other, strict=True):
        if mine is None:
            continue
        if theirs is None:
            return False
        further = theirs[len(mine) :, :], theirs[:, mine.shape[1] :]
        if any(part.size and not part.any() for part in further) and mine.any():
            return False
    return True
