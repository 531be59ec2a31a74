"""Whether the gradient was written by hand: a few watched calls, and what the course makes of the evidence."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from grader.contract import CheckSpec
from grader.model import Answered, Observation, Question

__all__ = ["DEFAULT_POLICY", "Policy", "Treatment", "evidence_of", "watched_questions"]

Treatment: TypeAlias = Literal["fail", "warn", "allow"]
Policy: TypeAlias = Mapping[str, Treatment]
"""What to do about "autograd" and "numerical_gradient"."""

DEFAULT_POLICY: Policy = {"autograd": "fail", "numerical_gradient": "fail"}

_POLICY_OF_EVIDENCE = {"autograd": "autograd", "shifted_calls": "numerical_gradient"}

_WATCHED = (
    (((1,), (1,), (0,)), ((0.25,), (1.5,), (0.75,)), 0.8125, 0.6875),
    (((1, 1), (0, 1), (1, 1), (1, 0)), ((0.5, 1), (1.25, 0), (2, 1), (0.5, 3)), 0.6875, 0.8125),
)
"""(X, T, Wxs, Wrec) with every unit alive, and weights with no k/8 near that a shifted call could be mistaken for."""


def watched_questions(spec: CheckSpec, policy: Policy) -> tuple[Question, ...]:
    """The calls to watch for `spec`: none where it has nothing to hide, or everything is allowed."""
    watched = any(prop.name == "hand_written" for prop in spec.properties)
    if not watched or all(policy[kind] == "allow" for kind in _POLICY_OF_EVIDENCE.values()):
        return ()
    return _watching(spec.name)


@functools.cache
def _watching(function: str) -> tuple[Question, ...]:
    return tuple(
        Question(function, tuple(np.asarray(value, dtype=np.float32) for value in args), watch=True)
        for args in _WATCHED
    )


def evidence_of(seen: Sequence[Observation | None]) -> tuple[str, ...]:
    """The policies (`autograd`, `numerical_gradient`) that the watched answers speak against, each once.

    Each call must show it: that some number lies near a weight in one of them may be chance.
    """
    found = [frozenset(answer.evidence) for answer in seen if isinstance(answer, Answered)]
    shown = frozenset.intersection(*found) if found else frozenset()
    return tuple(policy for evidence, policy in _POLICY_OF_EVIDENCE.items() if evidence in shown)
