"""The bank's cases as a flat script can be asked them: at sizes it takes, in shapes it uses, with room for rounding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from grader.cases import Case, CaseBank, CheckCases, Part, PropertyCases
from grader.cases.bank import with_identity
from grader.contract_flat import FLAT_CHECKS
from grader.model import Arg, FlatFacts

__all__ = ["Fixed", "flat_bank", "in_shapes", "resized", "widened"]

Args: TypeAlias = tuple[Arg, ...]

_LEAST_SEQ_L = _LEAST_NB_SEQ = 2
_ULP = 2.0**-22
_MODEST = 1e3
"""Beyond this, a weight that stands for s cannot show its gradient beside itself in float32."""


@dataclass(frozen=True)
class Fixed:
    """The sizes that are written into a script; None where it takes any."""

    SeqL: int | None = None
    NbSeq: int | None = None

    def __bool__(self) -> bool:
        """Whether any is."""
        return self.SeqL is not None or self.NbSeq is not None

    def of(self, X: np.ndarray) -> tuple[int, int]:
        """The size at which to ask in place of that of `X`."""
        rows, columns = X.shape
        return (self.SeqL or rows, self.NbSeq or columns)


def flat_bank(bank: CaseBank, facts: FlatFacts, fixed: Fixed) -> CaseBank:
    """The cases of `bank` for one script. Where sizes are `fixed`, what is right is worked out anew."""
    checks = tuple(
        CheckCases(
            spec.name,
            tuple(
                PropertyCases(prop.name, cases)
                for prop in spec.properties
                if (cases := tuple(_cases(spec.name, prop.name, bank, facts, fixed)))
            ),
        )
        for spec in FLAT_CHECKS
    )
    return with_identity(bank.seed, checks, bank.hypothesis_version)


def _cases(check: str, prop: str, bank: CaseBank, facts: FlatFacts, fixed: Fixed) -> Iterator[Case]:
    stored = next((group.cases for group in bank[check].properties if group.name == prop), ())
    match check:
        case "relu" | "relu_derivative":
            yield from _elementwise(check, stored, facts)
        case "train":
            return
        case "predict_counts":
            yield from _predictions(stored, fixed)
            if prop == "other_weights":  # negative ones, too: a test phase has a ReLU of its own
                signed = next(group.cases for group in bank["forward"].properties if group.name == "negative_weights")
                yield from _predictions(signed, fixed)
        case "count_targets" | "forward" | "bptt_gradients":
            for case in stored:
                if (found := _at_size(check, case, fixed, intervals=prop == "kinks")) is not None:
                    yield _unkept_states(widened(check, found), facts) if check == "forward" else widened(check, found)


def _unkept_states(case: Case, facts: FlatFacts) -> Case:
    """A script that keeps no pre-activations is judged by its outputs."""
    return case if "S" in facts.found else replace(case, parts=(None, case.parts[1]))


# ---------------------------------------------------------------------------- sizes
def _at_size(check: str, case: Case, fixed: Fixed, *, intervals: bool) -> Case | None:
    X = case.args[0]
    assert isinstance(X, np.ndarray)
    rows, columns = X.shape
    if fixed.of(X) == (rows, columns):
        return case if rows >= _LEAST_SEQ_L and columns >= _LEAST_NB_SEQ else None
    if not fixed and (rows < _LEAST_SEQ_L or columns < _LEAST_NB_SEQ):
        return None
    return _right(check, resized(case.args, fixed), intervals=intervals)


def _right(check: str, args: Args, *, intervals: bool = False) -> Case | None:
    from grader.cases.oracle import expected, in_domain  # noqa: PLC0415 - hardly any script needs it

    if not intervals and not in_domain(check, args):
        return None
    return Case(args, expected(check, args, intervals=intervals))


def resized(args: Args, fixed: Fixed) -> Args:
    """`args` with X (and T) at the size that is `fixed`: cut, or repeated, every further sequence one step later."""
    X = args[0]
    assert isinstance(X, np.ndarray)
    rows, columns = fixed.of(X)
    at = np.arange(columns)
    steps = (np.arange(rows)[:, None] + at[None, :] // X.shape[1]) % X.shape[0]
    return tuple(
        np.ascontiguousarray(a[steps, at[None, :] % X.shape[1]]) if isinstance(a, np.ndarray) and a.ndim == 2 else a
        for a in args
    )


# ---------------------------------------------------------------------------- tolerance
def widened(check: str, case: Case) -> Case:
    """Room for what a gradient loses in float32 when it is read off a weight: W - (W - g)."""
    if check != "bptt_gradients":
        return case
    weights = [float(np.asarray(w)) for w in case.args[2:4]]
    parts = tuple(
        part if part is None else Part(part.low, part.high, part.tolerance + _ULP * (abs(w) + np.abs(part.high)))
        for part, w in zip(case.parts, weights, strict=True)
    )
    return Case(case.args, parts)


# ---------------------------------------------------------------------------- predictions
def _predictions(stored: tuple[Case, ...], fixed: Fixed) -> Iterator[Case]:
    """Outputs of the test phase, not rounded."""
    for case in stored:
        X = case.args[0]
        assert isinstance(X, np.ndarray)
        if not fixed and min(X.shape) < _LEAST_NB_SEQ:
            continue
        found = _right("forward", resized(case.args, fixed))
        if found is not None:
            yield Case(found.args, found.parts[1:])


# ---------------------------------------------------------------------------- helpers
def _elementwise(check: str, stored: tuple[Case, ...], facts: FlatFacts) -> Iterator[Case]:
    if check in facts.roles:
        yield from in_shapes(stored, facts.shapes.get(check) or (facts.sizes or (5, 4),))
        return
    for S, D in _numbers(stored):
        if check == "relu" or abs(S) <= _MODEST:
            one = np.asarray(D)
            yield Case((np.asarray(S, dtype=np.float32),), (Part(one, one, np.asarray(abs(D) * _ULP)),))


def _numbers(stored: tuple[Case, ...]) -> Iterator[tuple[float, float]]:
    """Every number asked about in `stored`, once, with what is right for it."""
    seen: dict[float, float] = {}
    for case in stored:
        part = case.parts[0]
        assert part is not None
        for S, D in zip(np.ravel(case.args[0]), part.low.ravel(), strict=True):
            seen.setdefault(float(S), float(D))
    return iter(seen.items())


def in_shapes(stored: tuple[Case, ...], shapes: tuple[tuple[int, ...], ...]) -> Iterator[Case]:
    """The numbers of `stored` in the shapes that a script calls its helper with, each shape at least once."""
    pairs = list(_numbers(stored))
    at = 0
    rounds = 0
    while pairs and (at < len(pairs) or rounds < len(shapes)):
        shape = shapes[rounds % len(shapes)]
        size = int(np.prod(shape))
        drawn = [pairs[(at + i) % len(pairs)] for i in range(size)]
        S = np.array([s for s, _ in drawn], dtype=np.float32).reshape(shape)
        D = np.array([d for _, d in drawn]).reshape(shape)
        yield Case((S,), (Part(D, D, np.zeros(shape)),))
        at, rounds = at + size, rounds + 1
