"""Mistakes that any check can show: general codes, with how many of the cases show them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from grader.contract import CheckSpec
from grader.judge.findings import Finding, error_of, place_of, sentence
from grader.judge.screen import Screening
from grader.judge.sizes import hardcoded_size
from grader.judge.twins import Twins, nondeterministic
from grader.messages import say
from grader.model import Diagnosis, OutOfMemory, Raised, TimedOut

__all__ = ["general_diagnoses", "mutates"]

_GENERAL = {
    "raised": "general.crash",
    "form": "general.shape",
    "malformed": "general.shape",
    "timeout": "general.timeout",
    "memory": "general.memory",
    "died": "general.crash",
}


def general_diagnoses(spec: CheckSpec, screening: Screening, twins: Twins | None) -> tuple[Diagnosis, ...]:
    """The general mistakes, each with how many of the cases show it."""
    found: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for _, finding in screening.findings:
        code = _GENERAL.get(finding.kind)
        if finding.kind == "wrong" and not all(got is None or np.isfinite(got).all() for got in finding.answer):
            code = "general.nan"
        if code is not None:
            found.setdefault(code, _general(spec, code, finding))
            counts[code] += 1
    total = len(screening.findings)
    size = hardcoded_size([finding for _, finding in screening.findings])
    if size:  # which is why some calls raise, or return another shape
        told = say("general.hardcoded_size", function=spec.name, size=size)
        found = {code: message for code, message in found.items() if code not in {"general.crash", "general.shape"}}
    diagnoses = [Diagnosis(code, message, counts[code], total) for code, message in found.items()]
    if size:
        diagnoses.insert(0, Diagnosis("general.hardcoded_size", told))
    if twins is not None:
        diagnoses.append(Diagnosis("general.nondeterministic", nondeterministic(spec, twins)))
    changed = mutates(spec, screening)
    if changed and any(prop.name == "inputs_untouched" for prop in spec.properties):
        diagnoses.append(Diagnosis("general.mutates_input", changed))
    return tuple(diagnoses)


def _general(spec: CheckSpec, code: str, finding: Finding) -> str:
    facts = {"function": spec.name}
    match finding.observation:
        case Raised() as raised:
            return say(code, **facts, error=error_of(raised), place=place_of(raised.location))
        case TimedOut(limit_s):
            return say(code, **facts, limit=f"{limit_s:g}")
        case OutOfMemory(limit_bytes):
            return say(code, **facts, limit=limit_bytes >> 20)
        case _ if finding.kind == "died":
            return sentence(spec, finding)
        case _:
            return say(code, **facts, problem=finding.problem)


def mutates(spec: CheckSpec, screening: Screening) -> str:
    """Names the inputs that some call changed, of those that must stay; empty if none did."""
    changed = screening.mutated()  # the child says so: any number may be in it
    names = [name for i, name in enumerate(spec.parameters) if i in changed and name in {"X", "T"}]
    return say("general.mutates_input", function=spec.name, names=" and ".join(names)) if names else ""
