"""How moves vary from one iteration to the next while the weights are held: by chance, or by what a script keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from grader.cases import Case
from grader.judge.flat.steps import RATES, ULP, WEIGHTS, asked, real_steps, start_of, summed
from grader.judge.flat.subject import HELD, SEED, FlatSubject, Reading, Run
from grader.model import Observation

__all__ = ["Habits", "Kept", "alike", "habits_of"]

Kept: TypeAlias = Literal["unseen", "nothing", "sums", "multiples", "something"]
"""What later moves are made of: the gradient again, sums of it, multiples that the training makes, or something else.

"unseen" where too few iterations were made to tell.
"""

_NEAR = 1e-4


def alike(a: np.ndarray, b: np.ndarray, case: Case) -> bool:
    """Whether two moves from the case's weights are the same but for what reading them off costs."""
    return bool(_same(a, b, start_of(case)).all())


def _same(a: np.ndarray, b: np.ndarray, start: np.ndarray) -> np.ndarray:
    room = 4 * ULP * (np.abs(start) + np.abs(a) + np.abs(b))
    same: np.ndarray = (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= room)
    return same


@dataclass(frozen=True)
class Habits:
    """What held runs showed of each case: `moves` (iteration, weight) that the rate makes.

    `random`: they differ by chance. `wanders`: so do moves that no rate makes. `faults`: what came in place of runs.
    """

    reading: Reading = Reading()  # noqa: RUF009 - frozen
    moves: tuple[np.ndarray, ...] = ()
    kept: Kept = "unseen"
    random: bool = False
    wanders: bool = False
    factors: np.ndarray | None = None
    """What each weight's first move is multiplied by in each iteration (iteration, weight), where that is all."""
    faults: tuple[Observation, ...] = ()

    @property
    def moving(self) -> frozenset[str]:
        """The weights that move at all."""
        return frozenset(w for at, w in enumerate(WEIGHTS) if any(moves[:, at].any() for moves in self.moves))


def habits_of(subject: FlatSubject, cases: Sequence[Case], *, limit_s: float) -> Habits:
    """Hold the weights for a few iterations, with a rate of 1 and of 0, and with other random numbers."""
    kinds = ((1.0, HELD), (0.0, HELD), (1.0, HELD | SEED), (0.0, HELD | SEED))
    questions = [asked(subject, case, l_r=rate, flags=flags) for case in cases for rate, flags in kinds]
    seen = list(subject.runs(questions, limit_s=limit_s))
    runs = [each for each in seen if isinstance(each, Run)]
    if len(runs) < len(questions) or not cases:
        return Habits(faults=tuple(each for each in seen if not isinstance(each, Run)))
    moves = [_moves(run) for run in runs]
    made, still, again, still_again = (moves[at :: len(kinds)] for at in range(len(kinds)))
    aside = _moves_aside(cases, made, still)
    wanders = not _all_alike(cases, still, still_again)
    if aside:
        made, again = _less(made, still), _less(again, still_again)
    at = _first_moves(made)
    kept, factors = _kept(cases, made, at)
    if kept == "unseen" or (kept == "sums" and factors is not None):
        sums = _sums(subject, cases, limit_s)  # a rate that grows would look the same
        kept = "sums" if sums else "unseen" if factors is None else "multiples"
    return Habits(Reading(at, aside), tuple(made), kept, not _all_alike(cases, made, again), wanders, factors)


def _moves(run: Run) -> np.ndarray:
    count = min(len(run.Wxs), len(run.Wrec))
    return np.stack([run.Wxs[:count], run.Wrec[:count]], axis=1).astype(np.float64)


def _less(moves: Sequence[np.ndarray], still: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [a[: len(b)] - b[: len(a)] for a, b in zip(moves, still, strict=True)]


def _moves_aside(cases: Sequence[Case], made: Sequence[np.ndarray], still: Sequence[np.ndarray]) -> bool:
    """Whether weights move with a rate of 0; not where they move as with any: then nothing is the rate's."""
    moving = [(case, a, b) for case, a, b in zip(cases, made, still, strict=True) if b.any()]
    if not moving or not all(np.isfinite(b).all() for _, _, b in moving):
        return False
    return not all(_same(a[: len(b)], b[: len(a)], start_of(case))[(b != 0)[: len(a)]].all() for case, a, b in moving)


def _all_alike(cases: Sequence[Case], first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> bool:
    return all(
        _same(a[: len(b)], b[: len(a)], start_of(case)).all() for case, a, b in zip(cases, first, second, strict=True)
    )


def _sums(subject: FlatSubject, cases: Sequence[Case], limit_s: float) -> bool:
    """Whether real updates add up gradients of different weights."""
    questions = [asked(subject, case, l_r=RATES[1], n_iter=2, flags=0) for case in cases]
    paths = [run for run in subject.runs(questions, limit_s=limit_s) if isinstance(run, Run)]
    return len(paths) == len(cases) and summed(real_steps(subject, cases, paths, limit_s=limit_s))


def _first_moves(made: Sequence[np.ndarray]) -> tuple[int, int]:
    """The iteration in which each weight first moves in any case; the first, where it never does."""
    count = min(len(moves) for moves in made)
    moving = np.any([moves[:count] != 0 for moves in made], axis=0)
    first = [int(np.argmax(moving[:, w])) if count else 0 for w in (0, 1)]
    return first[0], first[1]


def _kept(cases: Sequence[Case], made: Sequence[np.ndarray], at: tuple[int, int]) -> tuple[Kept, np.ndarray | None]:
    """What the moves of later iterations are made of, and the factors if these explain them."""
    count = min(len(moves) for moves in made)
    if count <= 1:
        return "unseen", None
    moves = np.array([each[:count] for each in made])  # (case, iteration, weight)
    starts = np.array([start_of(case) for case in cases])[:, None, :]
    first = np.stack([moves[:, at[w], w] for w in (0, 1)], axis=-1)[:, None, :]
    if _same(moves, np.broadcast_to(first, moves.shape), starts).all():
        return "nothing", np.ones(moves.shape[1:])
    if not np.isfinite(moves).all():
        return "something", None
    best = np.abs(first[:, 0]).argmax(axis=0)
    length = np.array([first[best[w], 0, w] for w in (0, 1)])
    factors = np.stack([moves[best[w], :, w] for w in (0, 1)], axis=-1) / np.where(length == 0, 1.0, length)
    near = 4 * ULP * (1 + np.abs(factors)) * (np.abs(starts) + np.abs(moves)) + _NEAR * np.abs(factors * first)
    factors = np.where(length == 0, 1.0, factors)
    if not (np.abs(moves - factors * first) <= near).all():
        return ("sums" if _adds_up(moves, starts) else "something"), None
    summed = np.broadcast_to(np.arange(1, count + 1)[:, None], factors.shape)
    by_weight = [(np.abs(factors - whole) <= _NEAR * np.abs(whole)).all(axis=0) for whole in (summed, np.ones(2))]
    if np.all(by_weight[0] | by_weight[1]):
        return "sums", factors
    return "multiples", factors


def _adds_up(moves: np.ndarray, starts: np.ndarray) -> bool:
    """Whether every iteration adds the same to its moves."""
    added = np.diff(moves, axis=1)
    room = 8 * ULP * (np.abs(starts) + np.abs(moves).max(axis=1, keepdims=True))
    steady = np.abs(np.diff(added, axis=1)) <= room + _NEAR * np.abs(added[:, :1])
    return added.shape[1] > 1 and bool(steady.all())
