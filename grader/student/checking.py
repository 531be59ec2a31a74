"""`check(bptt_gradients)` and `check.all()`: the judge over a notebook's own functions, public cases only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from grader.contract import CHECK_BY_NAME, CHECKS, CheckSpec
from grader.errors import UsageError
from grader.judge import DEFAULT_POLICY, judge_check
from grader.judge.general import with_loss
from grader.model import CheckVerdict, Subject
from grader.student.card import Card
from grader.student.notebook import OwnFunctions
from grader.student.stock import stock
from grader.suggest import did_you_mean

__all__ = ["LIMIT_S", "Check", "check", "judge_all"]

LIMIT_S = 10.0
"""For all calls of one function."""


def judge_all(subject: Subject, specs: tuple[CheckSpec, ...] = CHECKS, limit_s: float = LIMIT_S) -> list[CheckVerdict]:
    """The verdict on each function by itself: errors are not carried forward. Raises BankError, SandboxError."""
    bank, diagnoser = stock()
    verdicts = (
        judge_check(spec, bank[spec.name], subject, limit_s=limit_s, policy=DEFAULT_POLICY, diagnoser=diagnoser)
        for spec in specs
    )
    return [with_loss(verdict, subject.loaded.notices) for verdict in verdicts]


class Check:
    """Checks functions where they are defined; what comes back shows itself, as a card in a notebook."""

    def __call__(self, function: Callable[..., Any], name: str | None = None) -> Card:
        """Ask `function`, which plays the part `name` (default: its own), all public cases. Raises UsageError."""
        if not callable(function):
            raise UsageError(f"check takes a function, as in check(forward); got {type(function).__name__}")
        own = name or str(getattr(function, "__name__", ""))
        if own not in CHECK_BY_NAME:
            known = ", ".join(CHECK_BY_NAME)
            near = did_you_mean(own, CHECK_BY_NAME)
            told = f"{own or 'this'} is none of the seven functions: {known}{near}"
            raise UsageError(f"{told}; or say which it is: check(f, 'forward')")
        return Card(judge_all(OwnFunctions({own: function}), (CHECK_BY_NAME[own],)))

    def all(self, namespace: Mapping[str, Any] | None = None) -> Card:
        """Ask all seven functions of `namespace` (default: where this is called). Raises UsageError."""
        if namespace is None:
            namespace = sys._getframe(1).f_globals  # noqa: SLF001 - the notebook that asks
        functions = {name: namespace[name] for name in CHECK_BY_NAME if callable(namespace.get(name))}
        return Card(judge_all(OwnFunctions(functions)))

    def __repr__(self) -> str:
        return "check(function) checks one function, check.all() all seven"


check = Check()
