"""Which mistaken trainings give all of a submission's weights and losses.

Learning rates and starts of the submission's own are read off its answers: where nothing is to be done, the weights
that come back are the start; after one update, the way they went is the rate times the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from grader.cases import Case, CheckCases
from grader.diagnose.batch import Batch, pack
from grader.diagnose.descent import Descent, Run, descend, descents, first_gradient
from grader.diagnose.mistakes import Answer, Explanation, Mistake, cheapest

__all__ = ["explain_training"]

_ROUNDOFFS = 16  # of a mistaken training, seen by doing it in float32 too
_RELATIVE = 1e-5
_WIDEST = 1e-2
_LOST = 1e6  # a value that large has left every valley
_SHORT = (2, 8)  # updates: few ways are left to be followed further
_LONG = 16
_LEAST = 1e-3  # a gradient from which a rate can be read
_COUNTS = (0, -1, 1)
_COUNT = {0: (), -1: (Mistake("train.iteration_count", {"count": "one too few"}),),
          1: (Mistake("train.iteration_count", {"count": "one too many"}),)}  # fmt: skip


def explain_training(cases: CheckCases, answers: Sequence[Answer | None]) -> tuple[Explanation, ...]:
    """The cheapest explanations of all answers; None where one could not be read (losses of another length)."""
    search = _Search(tuple(case for _, case in cases), tuple(answers))
    with np.errstate(all="ignore"):  # mistaken trainings overflow
        return cheapest([found for found in search.explanations() if found.mistakes])


@dataclass(frozen=True, eq=False)
class _Search:
    cases: tuple[Case, ...]
    answers: tuple[Answer | None, ...]

    @cached_property
    def batch(self) -> Batch:
        return pack(self.cases)

    @cached_property
    def rates(self) -> np.ndarray:
        return np.array([float(case.args[4]) for case in self.cases])

    @cached_property
    def counts(self) -> np.ndarray:
        return np.array([int(case.args[5]) for case in self.cases])

    @cached_property
    def weights(self) -> np.ndarray:
        """What came back, (weight, r); NaN where it was not asked for or not read."""
        got = np.full((2, len(self.cases)), np.nan)
        for r, answer in enumerate(self.answers):
            for i in (0, 1):
                part = answer[i] if answer else None
                if part is not None:
                    got[i, r] = part
        return got

    @cached_property
    def asked(self) -> np.ndarray:
        """Whether weights came back that count: (r,)."""
        return np.array([bool(a) and a is not None and a[0] is not None for a in self.answers])

    def explanations(self) -> list[Explanation]:
        """Every way whose weights and losses are the submission's: tried on short trainings, what is left on all."""
        ways = list(descents(self._own_rates(), self._own_starts()))
        for most in () if self._hardcoded() else _SHORT:
            short = np.flatnonzero(self.counts <= most)
            if short.size < len(self.cases) and (self.asked & (self.counts > 0))[short].any():
                some = _Search(tuple(self.cases[r] for r in short), tuple(self.answers[r] for r in short))
                ways = list(dict.fromkeys(way for way, _ in some.fitting(ways)))
        return [found for _, found in self.fitting(ways)]

    def fitting(self, ways: list[Descent]) -> Iterator[tuple[Descent, Explanation]]:
        """Those of `ways` that give all answers, with what is wrong with them."""
        if not ways:
            return
        run, single = self._follow(ways)
        slack = Run(
            *(np.minimum(_ROUNDOFFS * np.abs(a - b), _WIDEST * np.abs(a)) for a, b in zip(run, single, strict=True))
        )
        fixed = self._hardcoded()
        for v, way in enumerate(ways):
            for count in _COUNTS:
                if fixed:
                    final: tuple[Mistake, ...] | None = fixed if count == 0 else None
                else:
                    final = _COUNT[count] if self._ends_there(run, slack, v, count) else None
                losses = None if final is None else self._losses(run, slack, v, count)
                if final is not None and losses is not None:
                    mistakes = (*way.mistakes(), *final, *losses)
                    cost = sum(mistake.cost for mistake in mistakes)
                    yield way, Explanation(mistakes, cost, None if fixed else partial(_trace, way))

    def _follow(self, ways: list[Descent]) -> tuple[Run, Run]:
        """Each way through all cases, one update further than asked, in float64 and in float32.

        The few long trainings go apart from the others.
        """
        updates, v, r = int(self.counts.max()) + 1, len(ways), len(self.cases)
        double, single = (
            Run(np.full((updates + 1, 2, v, r), np.nan), np.full((updates + 1, v, r), np.nan)) for _ in range(2)
        )
        for rows in map(np.flatnonzero, (self.counts <= _LONG, self.counts > _LONG)):
            if rows.size:
                batch, most = pack([self.cases[r] for r in rows]), int(self.counts[rows].max()) + 1
                for run, dtype in ((double, np.float64), (single, np.float32)):
                    part = descend(ways, batch, self.rates[rows], most, dtype)
                    run.weights[: most + 1, :, :, rows], run.losses[: most + 1, :, rows] = part
        return double, single

    # ------------------------------------------------------------------------ weights
    def _ends_there(self, run: Run, slack: Run, v: int, count: int) -> bool:
        rows = np.flatnonzero(self.asked)
        at = np.maximum(self.counts[rows] + count, 0)
        for i in (0, 1):
            expected, more = run.weights[at, i, v, rows], slack.weights[at, i, v, rows]
            derived = np.array([float(part.tolerance) for r in rows if (part := self.cases[r].parts[i]) is not None])
            if not _alike(self.weights[i, rows], expected, derived + more).all():
                return False
        return bool((self.counts[rows] > 0).any())

    def _hardcoded(self) -> tuple[Mistake, ...]:
        """Whether the same weights always come back, whatever was asked."""
        got = self.weights[:, self.asked]
        if got.shape[1] < 2 or not (got == got[:, :1]).all():
            return ()
        return (Mistake("train.hardcoded_weights", {"weights": f"Wxs = {got[0, 0]:g} and Wrec = {got[1, 0]:g}"}),)

    def _own_starts(self) -> list[tuple[float | None, float | None]]:
        still = self.asked & (self.counts == 0)
        still = still if still.any() else self.asked & (self.rates == 0)
        if not still.any() or self._hardcoded():
            return []
        own: list[float | None] = []
        for got, given in zip(self.weights[:, still], (self.batch.Wxs[still], self.batch.Wrec[still]), strict=True):
            kept = not np.isfinite(got).all() or (got == given).all() or (got != got[0]).any()
            own.append(None if kept else float(got[0]))
        return [(own[0], own[1])] if own != [None, None] else []

    def _own_rates(self) -> list[float]:
        """One constant that takes the first update of each case where one is made, written with 1 to 3 digits."""
        once = self.asked & (self.counts == 1)
        start = self._own_starts()
        Wxs, Wrec = (
            given if not start or start[0][i] is None else np.full(len(given), start[0][i])
            for i, given in enumerate((self.batch.Wxs, self.batch.Wrec))
        )
        batch = Batch(self.batch.X, self.batch.T, Wxs, Wrec, self.batch.steps, self.batch.sequences, self.batch.slope)
        gradient = first_gradient(batch)
        found: list[float] = []
        for i, before in enumerate((Wxs, Wrec)):
            telling = once & (np.abs(gradient[i]) > _LEAST)
            moved = (before - self.weights[i])[telling] / gradient[i][telling]
            rate = abs(float(np.median(moved))) if moved.size else 0.0
            if np.isfinite(rate) and rate > 0 and (np.abs(np.abs(moved) - rate) <= 1e-3 * rate).mean() > 0.5:
                found += [float(f"{rate:.{n}g}") for n in (1, 2, 3)]
        return sorted(set(found))

    # ------------------------------------------------------------------------ losses
    def _losses(self, run: Run, slack: Run, v: int, count: int) -> tuple[Mistake, ...] | None:
        """What is wrong with the losses: () for nothing, None where nothing known explains them."""
        found = self._loss_cases(count)
        if found is None:
            return None
        if not found:
            return ()
        J, K = self.batch.sequences, self.batch.steps
        means = ((), np.ones(len(J))), (("NbSeq",), 1 / J), (("SeqL",), 1 / K), (("SeqL", "NbSeq"), 1 / (J * K))
        for offset in (0, 1):
            for _, mean in means:
                factor = self._loss_factor(found, run, v, offset, mean)
                if factor is None or not self._all_losses(found, run, slack, (v, offset), factor * mean):
                    continue
                right = offset == 0 and factor == 1 and bool((mean == 1).all())
                return (
                    ()
                    if right
                    else (Mistake("train.loss_misreported", cost=1.0 if factor == 1 or offset == 0 else 1.5),)
                )
        return None

    def _loss_cases(self, count: int) -> list[tuple[int, np.ndarray]] | None:
        """Position and losses where they were asked for; None where some could not be read and should have been."""
        found = []
        for r, (case, answer) in enumerate(zip(self.cases, self.answers, strict=True)):
            if case.parts[2] is None or self.counts[r] == 0:
                continue
            if answer is None or answer[2] is None:
                if count == 0:
                    return None
                continue
            got = np.atleast_1d(answer[2])
            found.append((r, got[:-1] if count == -1 and got[-1] == 0 else got))
        return found

    def _loss_factor(
        self, found: Sequence[tuple[int, np.ndarray]], run: Run, v: int, offset: int, mean: np.ndarray
    ) -> float | None:
        """The constant that the first loss worth measuring was multiplied by, rounded as a person writes it."""
        for r, got in found:
            if got.size and np.isfinite(got[0]) and run.losses[offset, v, r] > 0:
                factor = float(got[0] / (run.losses[offset, v, r] * mean[r]))
                return float(f"{factor:.4g}") if np.isfinite(factor) and factor > 0 else None
        return 1.0

    def _all_losses(
        self,
        found: Sequence[tuple[int, np.ndarray]],
        run: Run,
        slack: Run,
        way: tuple[int, int],
        factor: np.ndarray,
    ) -> bool:
        v, offset = way
        for r, got in found:
            part = self.cases[r].parts[2]
            assert part is not None
            at = slice(offset, offset + got.size)
            tolerance = np.atleast_1d(part.tolerance)[: got.size] + slack.losses[at, v, r]
            if not _alike(got, factor[r] * run.losses[at, v, r], factor[r] * tolerance).all():
                return False
        return True


def _trace(way: Descent, case: Case) -> Mapping[str, object]:
    """Wxs, Wrec and L before each update and after the last."""
    run = descend([way], pack([case]), np.array([float(case.args[4])]), int(case.args[5]), np.float64)
    columns = {"Wxs": run.weights[:, 0, 0], "Wrec": run.weights[:, 1, 0], "L": run.losses[:, 0]}
    return {"updates": {name: column.tolist() for name, column in columns.items()}}


def _alike(got: np.ndarray, expected: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Equal within the bound; where training ran away, both did."""
    lost = ~(np.abs(expected) < _LOST) & ~(np.abs(got) < _LOST / 1e3)
    alike: np.ndarray = lost | (np.abs(got - expected) <= tolerance + _RELATIVE * np.abs(expected))
    return alike
