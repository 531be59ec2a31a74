"""Everything the judge says to a student, keyed by code: one catalogue, ready for translation.

A message is a plain sentence: what was asked, what came back, what was expected. `say` fills
the named facts in; a missing fact is a programming error and raises KeyError.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MESSAGES", "say"]

MESSAGES: Mapping[str, str] = {
    # ------------------------------------------------------------ a check as a whole
    "check.passed": "All {examples} cases are right.",
    "check.blocked": "{function} could not be judged: {cause}.",
    # ------------------------------------------------------------ one case
    "case.wrong": "For {inputs} you return {part} = {got}, expected {expected}.",
    "case.interval": "For {inputs} you return {part} = {got}, expected anything from {low} to {high}.",
    "case.form": "For {inputs} your answer has the wrong form: {problem}.",
    "case.malformed": "For {inputs} you return something that is no number, array, list or tuple: {problem}.",
    "case.raised": "For {inputs} {function} raises {error}{place}.",
    "case.timeout": "For {inputs} {function} does not finish: the {limit} s for this check ran out.",
    "case.memory": "For {inputs} {function} needs more than the {limit} MiB of memory allowed{place}.",
    "case.died": "For {inputs} {function} ends the whole process: {reason}.",
    "case.blocked": "Not reached: {cause}.",
    "case.no_answers": "No call returned an answer to look at.",
    # ------------------------------------------------------------ why cases were not reached
    "cause.timeout": "an earlier call of {function} did not finish in time",
    "cause.memory": "an earlier call of {function} ran out of memory",
    "cause.malformed": "an earlier answer of {function} could not be read",
    "cause.died": "an earlier call of {function} ended the process",
    # ------------------------------------------------------------ mistakes of any check
    "general.missing": "{function} is not defined.",
    "general.missing.near": (
        "{function} is not defined. Did you mean {near}? Then rename it, or grade with --map {function}={near}."
    ),
    "general.missing.stub": "{function} is still empty: it raises NotImplementedError.",
    "general.crash": "{function} raises {error}{place}.",
    "general.timeout": "{function} does not finish within {limit} s: look for a loop that never ends.",
    "general.memory": "{function} needs more memory than the {limit} MiB allowed.",
    "general.shape": "{function} returns an answer of the wrong form: {problem}.",
    "general.nan": "{function} returns NaN or infinity where the right answer is an ordinary number.",
    "general.nondeterministic": (
        "Asked the same question twice, {function} gives two answers: for {inputs} first {part} = {first}, "
        "then {part} = {second}. Something is kept between calls, or random."
    ),
    "general.mutates_input": "{function} changes {names}: leave the inputs as they are and work on a copy.",
    # ------------------------------------------------------------ what the exercise does not allow
    "policy.autograd": (
        "{function} takes its gradient from automatic differentiation; the exercise asks for backpropagation "
        "through time written by hand."
    ),
    "policy.numerical_gradient": (
        "{function} takes its gradient from differences between runs with shifted weights; the exercise asks for "
        "backpropagation through time written by hand."
    ),
    # ------------------------------------------------------------ notices
    "flat.not_yet": "This is the exercise in its flat form, trained at top level; this version grades functions only.",
    "train.zero_iterations_raises": "{function} raises {error} when n_iter is 0: better give the start back.",
}


def say(code: str, **facts: object) -> str:
    """The sentence for `code` with `facts` filled in. Raises KeyError for an unknown code or a missing fact.

    >>> say("general.missing", function="relu")
    'relu is not defined.'
    """
    return MESSAGES[code].format_map(facts)
