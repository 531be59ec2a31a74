"""Verdicts on a flat script that no case speaks: blocked, or put together from two."""

from __future__ import annotations

from dataclasses import replace

from grader.contract import CheckSpec
from grader.judge.flat.extra import Again
from grader.messages import say
from grader.model import CheckVerdict, Diagnosis, FlatFacts, PropertyVerdict

__all__ = ["blocked", "never_ends", "understood", "with_again", "with_leak"]


def never_ends(verdict: CheckVerdict) -> CheckVerdict:
    """The verdict on a training whose loop nothing ends but the grader."""
    message = say("flat.endless")
    properties = tuple(
        replace(prop, status="failed", message=message) if prop.name == "iterations" else prop
        for prop in verdict.properties
    )
    code = "general.timeout"
    diagnoses = (*(d for d in verdict.diagnoses if d.code != code), Diagnosis(code, message))
    verdict = replace(verdict, properties=properties, diagnoses=diagnoses)
    return replace(verdict, status="failed", message=message) if verdict.status == "passed" else verdict


def with_leak(verdict: CheckVerdict, again: PropertyVerdict) -> CheckVerdict:
    """The verdict on the states of one iteration, with what the next one showed."""
    verdict = replace(verdict, properties=(*verdict.properties, again))
    if again.status != "failed":
        return verdict
    code = "forward.state_leak"
    found = tuple(d for d in verdict.diagnoses if d.code != code)
    verdict = replace(verdict, diagnoses=(*found, Diagnosis(code, say(code))))
    return replace(verdict, status="failed", message=again.message) if verdict.status == "passed" else verdict


def understood(facts: FlatFacts) -> str:
    """Which name was taken for what."""
    return ", ".join(name if role == name else f"{role} is {name}" for role, (name, _) in facts.roles.items())


def blocked(spec: CheckSpec, reason: str) -> CheckVerdict:
    """The verdict on a check for which something is missing in the script."""
    message = say("check.blocked", function=spec.name, cause=reason)
    properties = tuple(PropertyVerdict(prop.name, "blocked", 0, message) for prop in spec.properties)
    return CheckVerdict(spec.name, "blocked", properties, message, review=message)


def with_again(verdict: CheckVerdict, again: Again) -> CheckVerdict:
    """The verdict on the gradients of one iteration, with what the next one showed."""
    policy = [d for d in verdict.diagnoses if d.code.startswith("policy.")]
    prop = again.verdict
    if policy and verdict.status == "failed":
        prop = replace(prop, status="failed", message=policy[0].message)
    verdict = replace(verdict, properties=(*verdict.properties, prop))
    if again.verdict.status != "failed":
        return verdict
    found = list(verdict.diagnoses)
    if again.accumulates:
        code = "gradient.accumulates_between_calls"
        found.append(Diagnosis(code, say(code)))
    elif again.random:
        found.append(Diagnosis("general.nondeterministic", prop.message))
    elif again.uninitialised and not found:
        found.append(Diagnosis("general.uninitialised_memory", prop.message))
    verdict = replace(verdict, diagnoses=tuple(found))
    if verdict.status != "passed":
        return verdict
    return replace(verdict, status="failed", message=prop.message, counterexample=again.counterexample)
