"""Errors carried forward: one mistake is one penalty.

A check that fails may do so only because it calls a lower function that is wrong, missing or forbidden. It is judged
as it is first; then once more, in a fresh child, with those lower functions answered from outside, and the better
mark counts. Only downwards, and only functions whose own checks are closed: nothing that is answered there can be
carried into a check that is still open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.messages import say
from grader.model import CheckVerdict, Notice

__all__ = ["helpers_to_answer", "kept", "lower_failed", "with_help"]

_LOWER: Mapping[str, tuple[str, ...]] = {
    "forward": ("relu",),
    "bptt_gradients": ("relu", "relu_derivative", "forward"),
    "train": ("relu", "relu_derivative", "forward", "bptt_gradients"),
    "predict_counts": ("relu", "forward"),
}


def helpers_to_answer(check: str, as_it_is: Mapping[str, CheckVerdict]) -> dict[str, bool]:
    """Which lower functions to answer for while `check` is judged again; none where that is pointless.

    The flag says whether the submission's own may still be called, to learn in what form it answers: one that raised,
    hung or ended the process is better left alone.
    """
    if as_it_is[check].status == "passed":
        return {}
    wrong = (name for name in _LOWER.get(check, ()) if as_it_is[name].status != "passed")
    return {name: as_it_is[name].status == "failed" for name in wrong}


def lower_failed(check: str, as_it_is: Mapping[str, CheckVerdict]) -> bool:
    """Whether a function that `check` may call did not pass; lower checks are judged before higher ones."""
    return any(as_it_is[name].status != "passed" for name in _LOWER.get(check, ()))


def kept(
    verdict: CheckVerdict, again: CheckVerdict, helpers: Mapping[str, bool], explained: CheckVerdict
) -> CheckVerdict:
    """`verdict`, which help did not better: with mistakes and failing case of `explained`, if that failed alike.

    A check that raises once its helpers are answered works with what they leave behind, not with what they return: it
    cannot be judged apart from them, and a person should look.
    """
    if explained.status == verdict.status:
        case = explained.counterexample or verdict.counterexample
        verdict = replace(verdict, message=explained.message, diagnoses=explained.diagnoses, counterexample=case)
    if again.status == "error":
        return replace(verdict, review=say("carried.not_separable", function=verdict.name, helpers=", ".join(helpers)))
    return verdict


def with_help(verdict: CheckVerdict, helpers: Mapping[str, bool]) -> CheckVerdict:
    """`verdict`, saying that it was reached with `helpers` answered from outside."""
    names = ", ".join(helpers)
    told = say("carried.forward", function=verdict.name, helpers=names)
    message = told if verdict.status == "passed" else verdict.message
    return replace(verdict, message=message, notices=(*verdict.notices, Notice("carried.forward", told)))
