"""Draws a bank: the same cases for the same seed and Hypothesis version, on any machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, configuration, given
from hypothesis import strategies as st

from grader.cases.anchors import ANCHORS
from grader.cases.bank import Case, CaseBank, CheckCases, PropertyCases, with_identity
from grader.cases.oracle import expected, in_domain
from grader.cases.recipes import RECIPES, REPEATED, Args, Recipe
from grader.contract import CHECKS, CheckSpec
from grader.errors import BankError

__all__ = ["build_bank", "no_storage"]

T = TypeVar("T")

_DRAWS_PER_CASE = 3  # drawn for each case kept: Hypothesis starts small and repeats itself


_MAX_ATTEMPTS = 20


class _EnoughError(Exception):
    """Ends a run of Hypothesis early."""


def build_bank(seed: str) -> CaseBank:
    """Every case for `seed`. Raises BankError if a property cannot be given enough cases."""
    with no_storage():
        checks = tuple(_build_check(spec, seed) for spec in CHECKS)
    return with_identity(seed, checks, hypothesis.__version__)


@contextmanager
def no_storage() -> Iterator[None]:
    """Keep Hypothesis from reading and writing `.hypothesis` in the current folder."""
    name = "__hypothesis_home_directory"
    before = getattr(configuration, name, None)
    configuration.set_hypothesis_home_dir(Path(os.devnull) / "hypothesis")  # cannot be made: nothing is kept
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(before)


def _build_check(spec: CheckSpec, seed: str) -> CheckCases:
    groups = []
    for prop in spec.properties:
        recipe = RECIPES[spec.name].get(prop.name)
        if recipe is not None:
            groups.append(PropertyCases(prop.name, _build_property(spec.name, prop.name, recipe, seed)))
    if spec.name in REPEATED:
        last = {group.name: group.cases[-1] for group in groups}
        groups.append(PropertyCases("repeatable", tuple(last[name] for name in REPEATED[spec.name])))
    return CheckCases(spec.name, tuple(groups))


def _build_property(check: str, name: str, recipe: Recipe, seed: str) -> tuple[Case, ...]:
    picked = (*recipe.picked, *ANCHORS.get((check, name), ()))
    cases = [_case(check, each, recipe) for args in picked for each in _expanded(recipe, args)]
    kept: dict[bytes, None] = {}
    for attempt in range(_MAX_ATTEMPTS):
        digest = hashlib.sha256(f"{seed}\0{check}\0{name}\0{attempt}".encode()).digest()
        candidates = _draw(recipe.drawn, _DRAWS_PER_CASE * recipe.count, int.from_bytes(digest[:8], "big"))
        for args in _spread(candidates):
            if len(kept) == recipe.count:
                return tuple(cases)
            if _key(args) in kept or not (recipe.kinks or in_domain(check, args)):
                continue
            first, *others = (_case(check, each, recipe) for each in _expanded(recipe, args))
            if not recipe.telling or _tells(check, first):
                cases += [first, *others]
                kept[_key(args)] = None
    raise BankError(f"{check}, {name}: {len(kept)} usable cases drawn with seed {seed!r}, need {recipe.count}")


def _expanded(recipe: Recipe, args: Args) -> tuple[Args, ...]:
    return recipe.expand(args) if recipe.expand else (args,)


def _tells(check: str, case: Case) -> bool:
    """Whether more than a function that returns zeros, or its own arguments, could tell right from wrong."""
    match check:
        case "bptt_gradients":
            return all(part is not None and abs(part.low) > 8 * part.tolerance for part in case.parts)
        case "train":
            X, T, Wxs, Wrec = case.args[:4]
            gradients = expected("bptt_gradients", (X, T, Wxs, Wrec))
            return all(abs(part.low) > 8 * part.tolerance for part in gradients)
        case _:
            return any(part is not None and bool(part.low.any()) for part in case.parts)


def _case(check: str, args: Args, recipe: Recipe) -> Case:
    parts = expected(check, args, intervals=recipe.kinks)
    checked = recipe.checked or (True,) * len(parts)
    return Case(args, tuple(part if counts else None for part, counts in zip(parts, checked, strict=True)))


def _spread(candidates: Sequence[T]) -> Iterator[T]:
    """Early and late draws in turn: every third, then those between."""
    return (candidates[i] for first in range(_DRAWS_PER_CASE) for i in range(first, len(candidates), _DRAWS_PER_CASE))


def _draw(strategy: st.SearchStrategy[Args], count: int, seed: int) -> list[Args]:
    """Up to `count` distinct draws, fewer where the strategy has fewer."""
    found: dict[bytes, Args] = {}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=4 * count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def collect(args: Args) -> None:
        found.setdefault(_key(args), args)
        if len(found) >= count:
            raise _EnoughError

    with suppress(_EnoughError):
        collect()
    return list(found.values())


def _key(args: Args) -> bytes:
    return b"".join(f"{np.shape(arg)}".encode() + np.asarray(arg).tobytes() for arg in args)
