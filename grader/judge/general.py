"""Mistakes that any check can show: general codes, with how many of the cases show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from grader.contract import CheckSpec
from grader.judge.findings import Finding, error_of, place_of, sentence
from grader.judge.screen import Screening
from grader.judge.sizes import hardcoded_size
from grader.judge.twins import Twins, nondeterministic
from grader.messages import say
from grader.model import CheckVerdict, Diagnosis, Notice, OutOfMemory, Raised, TimedOut
from grader.sandbox.inside.lost import read_loss

__all__ = ["general_diagnoses", "mutates", "tells_loss", "with_loss"]

_GENERAL = {
    "raised": "general.crash",
    "form": "general.shape",
    "malformed": "general.shape",
    "timeout": "general.timeout",
    "memory": "general.memory",
    "died": "general.crash",
}

_LOSSES = frozenset({"general.syntax_error", "general.crash", "general.timeout", "general.memory"})


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


def tells_loss(notice: Notice) -> bool:
    """Whether it tells of a statement that functions were lost to."""
    return bool(read_loss(notice.message)[1])


def with_loss(verdict: CheckVerdict, notices: Iterable[Notice]) -> CheckVerdict:
    """`verdict`; where its function was lost to a statement that one of `notices` tells of, with that as the cause."""
    if verdict.status != "missing":
        return verdict
    for notice in notices:
        error, functions = read_loss(notice.message)
        if verdict.name in functions:
            kind = "unread" if notice.code == "general.syntax_error" else "failed"
            facts = {"function": verdict.name, "place": notice.location or "the file", "error": error}
            message = say(f"general.missing.{kind}", **facts)
            properties = tuple(replace(prop, message=message) for prop in verdict.properties)
            code = notice.code if notice.code in _LOSSES else "general.missing"  # the child says so: it may be anything
            return replace(verdict, properties=properties, message=message, diagnoses=(Diagnosis(code, message),))
    return verdict
