"""Which mistaken gradients give all of a submission's answers.

Each of the two parts is matched by itself, so that a mistake in only one of them is found too: a filter (the cosine
between the answers and every recurrence's, over a dozen cases) leaves few candidates, of any constant factor, and each
of these is computed exactly over all cases. Then the cheapest pair wins: mistakes that both parts share count once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from grader.cases import CheckCases
from grader.diagnose.algebra import INPUTS, MEANS, STATES, Factor, Recurrence, mistakes_of
from grader.diagnose.batch import UNIT_ROUNDOFF, pack
from grader.diagnose.family import Family, Values, costs, telling_rows
from grader.diagnose.mistakes import Answer, Explanation, Mistake, cheapest
from grader.diagnose.states import Pass, mistakes_behind, passes

__all__ = ["explain_gradients"]

_COSINE = 1 - 1e-5
_NEAR = 2e-3  # in units of a case's terms: float32 is off by less
_MOST = 48
_ONE_PART_ONLY = 0.5
_SCALE, _SIGN, _SWAPPED, _ACCUMULATES = (
    Mistake("gradient." + name) for name in ("scale", "sign", "swapped", "accumulates_between_calls")
)
_RIGHT = Recurrence(0, 0, 0, 0, 0)
_ZS = (INPUTS, STATES)
_OFFSET = (0, len(INPUTS))


class _Targets(NamedTuple):
    """What a recurrence has to give in one part: the answers `known`, and what these add to error bounds."""

    got: np.ndarray
    extra: np.ndarray
    known: np.ndarray


@dataclass(frozen=True)
class _Match:
    """A recurrence that gives one part of all answers when multiplied by any factor from `low` to `high`."""

    chosen: Recurrence
    part: int
    low: float
    high: float

    @property
    def zs(self) -> tuple[Factor, ...]:
        return _ZS[self.part]

    @property
    def factor(self) -> float:
        """The constant that a person would have written."""
        return float(_simplest(abs(self.low), abs(self.high))) * (1 if self.low > 0 else -1)

    def mistakes(self) -> tuple[Mistake, ...]:
        return (*mistakes_of(self.chosen, self.zs), *_factor(self.low, self.high))


def _factor(low: float, high: float) -> tuple[Mistake, ...]:
    """The mistakes of a constant factor between `low` and `high`."""
    if low <= 1 <= high:
        return ()
    if low <= -1 <= high:
        return (_SIGN,)
    scale = Mistake(_SCALE.code, {"factor": _simplest(abs(low), abs(high))})
    return (scale, _SIGN) if low < 0 else (scale,)


def _simplest(a: float, b: float) -> str:
    """The shortest number between `a` and `b`.

    >>> _simplest(1.9999, 2.0001), _simplest(0.333332, 0.333334)
    ('2', '0.333333')
    """
    low, high = min(a, b), max(a, b)
    digits = next((n for n in range(1, 9) if low <= float(f"{(low + high) / 2:.{n}g}") <= high), 9)
    return f"{(low + high) / 2:.{digits}g}"


def explain_gradients(cases: CheckCases, answers: Sequence[Answer], directions: np.ndarray) -> tuple[Explanation, ...]:
    """The cheapest explanations of `answers`, one for each case in the order asked; () where none gives them all.

    `directions` are `family.fingerprint` over `family.telling_rows` of the same cases.
    """
    every = tuple(case for _, case in cases)
    got = np.array([[float(part) for part in answer if part is not None] for answer in answers]).T
    rows = telling_rows(cases)
    if not rows:  # at some sizes that a flat script is for, no case tells mistakes apart
        return ()
    search = _Search(Family(every), rows, directions)
    once = np.zeros(len(every))
    asked = [_Targets(part, once, once == 0) for part in got]
    return (
        search.explain(asked)
        or search.explain([_since_last(part) for part in got], _ACCUMULATES)
        or search.forward(asked)
    )


def _since_last(got: np.ndarray) -> _Targets:
    """What each call added to the call before; the first has nothing before it that we know of."""
    before = np.concatenate([[0.0], got[:-1]])
    known = np.arange(len(got)) > 0
    with np.errstate(invalid="ignore"):  # infinity less infinity
        added = got - before
    return _Targets(added, 4 * UNIT_ROUNDOFF * (np.abs(got) + np.abs(before)), known)


@dataclass(frozen=True, eq=False)
class _Search:
    family: Family
    rows: tuple[int, ...]
    directions: np.ndarray

    def explain(self, parts: Sequence[_Targets], *always: Mistake) -> tuple[Explanation, ...]:
        """The cheapest explanations of both parts, as they are, else swapped."""
        if not all(np.isfinite(part.got).all() for part in parts):
            return ()
        straight = self._joined([self._matches(part, i) for i, part in enumerate(parts)], always)
        return straight or self._joined(
            [self._matches(part, 1 - i) for i, part in enumerate(parts)], (*always, _SWAPPED)
        )

    def _joined(self, found: Sequence[Sequence[_Match]], always: tuple[Mistake, ...]) -> tuple[Explanation, ...]:
        if not all(found):
            return ()
        pairs = [_together(a, b, always) for a in found[0] for b in found[1]]
        return cheapest([pair for pair in pairs if pair.mistakes])

    def forward(self, parts: Sequence[_Targets]) -> tuple[Explanation, ...]:
        """The cheapest mistaken forward passes of which the submission takes the right gradient."""
        if not all(np.isfinite(part.got).all() for part in parts):
            return ()
        some = tuple(self.family.cases[r] for r in self.rows)
        fewer = [_Targets(*(column[list(self.rows)] for column in part)) for part in parts]
        found = []
        for chosen in passes(("zero", "sequence before")):
            if chosen == Pass() or not _fit_all(Family(some, chosen), fewer):
                continue
            if matches := _fit_all(Family(self.family.cases, chosen), parts):
                found.append(_together(*matches, mistakes_behind(chosen), chosen))
        return cheapest(found)

    def _matches(self, target: _Targets, part: int) -> list[_Match]:
        """The recurrences that give one part of all answers, the cheapest first."""
        found = []
        for chosen in self._candidates(target, part):
            values = self._right(part) if chosen == _RIGHT else self.family.values(chosen, _ZS[part])
            low, high = _fitting_factors(target, values)
            if low <= high:
                found.append(_Match(chosen, part, low, high))
        return found

    def _right(self, part: int) -> Values:
        parts = [case.parts[part] for case in self.family.cases]
        low, high, tolerance = (
            np.array([float(getattr(p, name)) for p in parts]) for name in ("low", "high", "tolerance")
        )
        return Values(low, high, tolerance)

    def _candidates(self, target: _Targets, part: int) -> Iterator[Recurrence]:
        rows = list(self.rows)
        first = _OFFSET[part]
        directions = self.directions[:, first : first + len(_ZS[part])]
        batch = pack([self.family.cases[r] for r in rows])
        means = np.stack([factor.make(batch, size=False) for factor in MEANS], axis=-1)
        scales = self.family.scales(self.rows)[:, None]
        wanted = target.got[rows, None] / means / scales
        length = np.sqrt((wanted**2).sum(axis=0))
        if not length.all():
            return
        blur = target.extra[rows, None] / means / scales
        widest = _COSINE - (blur**2).sum(axis=0) / length**2
        cosines = directions @ (wanted / length).astype(np.float32)
        near = np.argwhere(np.abs(cosines) > widest)
        # one huge case can hide what the others say: now each by itself
        along = (cosines * length)[tuple(near.T)][:, None] * directions[tuple(near[:, :-1].T)]
        meant, slack = wanted.T[near[:, -1]], blur.T[near[:, -1]]
        slack = slack + np.linalg.norm(slack, axis=1, keepdims=True) * np.abs(directions[tuple(near[:, :-1].T)])
        near = near[(np.abs(along - meant) <= _NEAR * np.maximum(np.abs(meant), 1.0) + slack).all(axis=1)]
        price = costs()[:, first : first + len(_ZS[part])][tuple(near.T)]
        for at in np.argsort(price, kind="stable")[:_MOST]:
            m, z, e, p, h, mean = (int(i) for i in near[at])
            yield Recurrence(m, z, e, p, h, mean)


def _fitting_factors(target: _Targets, values: Values) -> tuple[float, float]:
    """The constant factors with which `values` give all answers: an interval, empty (1, 0) where there is none."""
    got, known = target.got, target.known
    exact = known & (values.low == values.high)
    size = np.abs(values.low)
    at = int(np.argmax(np.where(exact, size, 0.0)))
    if not exact[at] or size[at] == 0 or got[at] == 0:
        return 1.0, 0.0
    guess = got[at] / values.low[at]
    slack = abs(guess) * values.tolerance + target.extra + UNIT_ROUNDOFF * np.abs(got)
    low, high = -np.inf, np.inf
    telling = exact & (values.low != 0)
    ends = np.stack([got - slack, got + slack])[:, telling] / values.low[telling]
    low, high = float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
    middle = (low + high) / 2
    fits = np.minimum(middle * values.low, middle * values.high) - slack <= got
    fits &= got <= np.maximum(middle * values.low, middle * values.high) + slack
    return (low, high) if bool(fits[known].all()) and middle != 0 else (1.0, 0.0)


def _fit_all(family: Family, parts: Sequence[_Targets]) -> tuple[_Match, _Match] | None:
    """The right gradient of the family's states as the match of both parts, if it is one."""
    found = []
    for part, target in enumerate(parts):
        low, high = _fitting_factors(target, family.values(_RIGHT, _ZS[part]))
        if low > high:
            return None
        found.append(_Match(_RIGHT, part, low, high))
    return found[0], found[1]


def _together(a: _Match, b: _Match, always: tuple[Mistake, ...], forward: Pass = Pass()) -> Explanation:  # noqa: B008 - frozen
    """Both parts' mistakes, those in common once; cheaper where both come from one recurrence."""
    alike = a.chosen._replace(z=0) == b.chosen._replace(z=0) and max(a.low, b.low) <= min(a.high, b.high)
    ours, theirs = a.mistakes(), b.mistakes()
    union = {(m.code, *m.facts.values()): m for m in (*ours, *theirs)}
    apart = 0.0 if alike else _ONE_PART_ONLY
    mistakes = (*always, *union.values())
    return Explanation(
        mistakes, sum(m.cost for m in mistakes) + apart, lambda case: _trace(Family((case,), forward), (a, b), always)
    )


def _trace(family: Family, matches: tuple[_Match, _Match], always: tuple[Mistake, ...]) -> Mapping[str, object] | None:
    """What the mistaken recurrences compute on the way; nothing where what matters was left by earlier calls."""
    if _ACCUMULATES in always:
        return None
    S, Y, _ = family.states()
    table: dict[str, object] = {"S": S.tolist(), "Y": Y.tolist(), "error": family.errors(matches[0].chosen).tolist()}
    names = ("dWxs", "dWrec")
    deltas = [match.factor * family.deltas(match.chosen, match.zs)[0] for match in matches]
    if np.allclose(deltas[0], deltas[1], rtol=1e-9, atol=0.0):
        table["delta"] = (deltas[0] + 0.0).tolist()  # no -0
    for match, name in zip(matches, names, strict=True):
        table[name] = (match.factor * family.contributions(match.chosen, match.zs)[0] + 0.0).tolist()
    return table
