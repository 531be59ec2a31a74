"""The seven verdicts on a flat script: the same judge and diagnosis, over a subject that runs it on our data.

Errors are carried forward as far as a script without functions lets them: a wrong ReLU or derivative is answered
rightly while the rest is judged again, right states are written over wrong ones before it goes back in time, and
a test phase may repeat what its own forward pass does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from grader.cases import Case, CaseBank, CheckCases, PropertyCases
from grader.contract import CheckSpec
from grader.contract_flat import FLAT_CHECKS
from grader.judge.check import Diagnoser, Shrinker, judge_check
from grader.judge.findings import Finding
from grader.judge.flat.carry import RightAnswer, relative_cases, right_states, rounded_cases
from grader.judge.flat.cases import Fixed, flat_bank, widened
from grader.judge.flat.extra import Again, places_that_matter, same_again, states_again
from grader.judge.flat.habits import Habits, habits_of
from grader.judge.flat.sizes import fixed_sizes
from grader.judge.flat.steps import WEIGHTS, telling
from grader.judge.flat.subject import FlatSubject
from grader.judge.flat.training import judge_train
from grader.judge.flat.verdicts import blocked, never_ends, understood, with_again, with_leak
from grader.judge.flat.written import accused, pardoned, unclear, use_of
from grader.judge.policy import Policy
from grader.messages import say
from grader.model import CheckVerdict, FlatFacts, Notice, Subject

__all__ = ["FlatJudge", "FlatResult", "judge_flat"]

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "relu": ("X_train", "Wxs", "Y"),
    "relu_derivative": ("X_train", "T_train", "Wxs", "l_r"),
    "count_targets": ("X_train", "T_train"),
    "forward": ("X_train", "Wxs", "Wrec", "Y"),
    "bptt_gradients": ("X_train", "T_train", "Wxs", "Wrec", "l_r"),
    "train": ("X_train", "T_train", "Wxs", "Wrec", "l_r"),
    "predict_counts": ("X_test", "Wxs", "Wrec", "predictions"),
}
"""What must be found in the script before a check can be judged; `relu` and its derivative need it only without one."""


class Opener(Protocol):
    """Starts the script in a fresh child."""

    def __call__(self) -> Subject:
        """The child, as a subject."""
        ...


@dataclass(frozen=True)
class FlatJudge:
    """How to judge: each of these as for functions. `diagnoser_of` gives a diagnoser for a bank.

    Nothing is judged again after `ends_s` (monotonic), when the time for the whole submission is up.
    """

    bank: CaseBank
    limit_s: float
    ends_s: float
    policy: Policy
    shrink: Callable[..., Finding | None]
    diagnoser_of: Callable[[CaseBank], Diagnoser]
    right_answer: RightAnswer
    earns: Callable[[CheckSpec, CheckVerdict], Fraction]


@dataclass(frozen=True)
class FlatResult:
    """The verdicts in the contract's order, what is to be said of the script as a whole, and `asked`: its subject."""

    verdicts: tuple[CheckVerdict, ...]
    notices: tuple[Notice, ...]
    asked: FlatSubject
    fixed: Fixed


def judge_flat(subject: Subject, facts: FlatFacts, how: FlatJudge, reopen: Opener) -> FlatResult:
    """Judge the seven checks. Raises SandboxError."""
    judging = _Judging(subject, facts, how, reopen)
    verdicts = {spec.name: judging.verdict(spec) for spec in FLAT_CHECKS}
    better = tuple(judging.better(spec, verdicts) for spec in FLAT_CHECKS)
    return FlatResult(better, judging.notices(), judging.subject, judging.fixed)


class _Judging:
    """One script being judged."""

    def __init__(self, subject: Subject, facts: FlatFacts, how: FlatJudge, reopen: Opener) -> None:
        self._facts, self._how, self._reopen = facts, how, reopen
        free = FlatSubject(subject, facts, Fixed())
        self.fixed = fixed_sizes(free, facts, limit_s=how.limit_s) if facts.loop else Fixed()
        self.subject = FlatSubject(subject, facts, self.fixed)
        self._bank = flat_bank(how.bank, facts, self.fixed)
        self._telling = telling(self._bank["bptt_gradients"])
        self._diagnoser = how.diagnoser_of(self._bank)
        self._again: Again | None = None
        self._known: dict[FlatSubject, Habits] = {}
        self._moving = {w for w in WEIGHTS if facts.updates.get(w)}

    # ------------------------------------------------------------------ as it is
    def verdict(self, spec: CheckSpec) -> CheckVerdict:
        """The verdict on one check, of the script as it is."""
        missing = self._missing(spec.name)
        if missing:
            return blocked(spec, missing)
        return self._judged(spec, self.subject)

    def _missing(self, check: str) -> str:
        """Why a check cannot be judged; empty where it can."""
        if check in self._facts.roles and check in {"relu", "relu_derivative"}:
            return ""
        if not self._facts.loop:
            return say("cause.no_loop")
        absent = [role for role in _NEEDS[check] if not self._has(role)]
        if check in {"bptt_gradients", "train"} and not any(self._facts.updates.values()):
            return say("cause.no_updates")
        return say("cause.role_missing", roles=", ".join(absent), first=absent[0]) if absent else ""

    def _has(self, role: str) -> bool:
        facts = self._facts
        match role:
            case "l_r":
                return facts.rate
            case "Y" | "predictions":
                return role in facts.roles and role in facts.found
            case "T_train":
                return role in facts.roles and "T" in facts.found
            case _:
                return role in facts.roles

    def _judged(self, spec: CheckSpec, subject: FlatSubject) -> CheckVerdict:
        match spec.name:
            case "train":
                cases, habits = self._telling, self._habits(subject)
                outputs = self._facts.roles["Y"][0] if self._has("Y") else ""
                verdict = judge_train(subject, cases, habits, limit_s=self._how.limit_s, outputs=outputs)
                return never_ends(verdict) if self._facts.endless else verdict
            case "bptt_gradients":
                return self._gradients(spec, subject)
            case "forward":
                return self._forward(spec, subject)
            case "predict_counts":
                raw = self._screened(spec, self._bank[spec.name], subject)
                if raw.status == "passed":
                    return raw
                rounded = self._screened(spec, rounded_cases(self._bank[spec.name]), subject)
                return rounded if self._how.earns(spec, rounded) > self._how.earns(spec, raw) else raw
            case _:
                if spec.name == "relu_derivative" and spec.name not in self._facts.roles:
                    self._habits(subject)  # a slope is read off the weights as a gradient is
                return self._screened(spec, self._bank[spec.name], subject)

    def _screened(
        self, spec: CheckSpec, cases: CheckCases, subject: FlatSubject, policy: Policy | None = None
    ) -> CheckVerdict:
        shrinks = spec.name not in {"relu", "relu_derivative", "predict_counts"}
        asked = {group.name for group in cases.properties} | {"hand_written"}
        narrowed = replace(spec, properties=tuple(prop for prop in spec.properties if prop.name in asked))
        return judge_check(
            narrowed,
            cases,
            subject,
            limit_s=self._how.limit_s,
            policy=self._how.policy if policy is None else policy,
            shrinker=self._shrinker if shrinks else None,
            diagnoser=self._diagnoser,
        )

    @property
    def _shrinker(self) -> Shrinker:
        def shrinker(spec: CheckSpec, subject: Subject, stored: Finding) -> Finding | None:
            fixed = (self.fixed.SeqL, self.fixed.NbSeq)
            return self._how.shrink(
                spec, subject, stored, fixed=fixed, adapt=lambda case: self._adapted(spec.name, case)
            )

        return shrinker

    def _adapted(self, check: str, case: Case) -> Case:
        if check == "forward" and "S" not in self._facts.found:
            case = replace(case, parts=(None, case.parts[1]))
        return self._one_sided(widened(check, case)) if check == "bptt_gradients" else case

    def _forward(self, spec: CheckSpec, subject: FlatSubject) -> CheckVerdict:
        verdict = self._screened(spec, self._bank[spec.name], subject)
        return with_leak(verdict, states_again(subject, self._telling, limit_s=self._how.limit_s))

    def _habits(self, subject: FlatSubject) -> Habits:
        """What held runs show; from then on the subject's gradients are read accordingly."""
        if subject not in self._known:
            self._known[subject] = habits_of(subject, self._telling, limit_s=self._how.limit_s)
        habits = self._known[subject]
        subject.reading = habits.reading
        return habits

    # ------------------------------------------------------------------ gradients
    def _gradients(self, spec: CheckSpec, subject: FlatSubject) -> CheckVerdict:
        stored, habits = self._bank[spec.name], self._habits(subject)
        self._moving |= habits.moving  # by a statement that does not say so
        cases = CheckCases(
            spec.name,
            tuple(PropertyCases(g.name, tuple(self._one_sided(case) for case in g.cases)) for g in stored.properties),
        )
        verdict = self._by_hand(spec, cases, subject)
        fresh = bool(self._facts.uninitialised)
        again = same_again(subject, self._telling, habits, fresh=fresh, limit_s=self._how.limit_s)
        self._again = self._again or again
        verdict = with_again(verdict, again)
        frozen = [w for w in WEIGHTS if w not in self._moving]
        return replace(verdict, review=say("flat.unseen", weight=frozen[0])) if frozen else verdict

    def _by_hand(self, spec: CheckSpec, cases: CheckCases, subject: FlatSubject) -> CheckVerdict:
        """Only a gradient that feeds the updates speaks against a script."""
        verdict = self._screened(spec, cases, subject)
        kinds = accused(verdict)
        if not kinds:
            return verdict
        match use_of(spec, self._how.policy, subject, limit_s=self._how.limit_s):
            case "trains":
                return verdict
            case "beside":
                return self._screened(spec, cases, subject, policy=pardoned(self._how.policy, kinds))
            case _:
                return unclear(verdict, kinds[0]) if verdict.status == "failed" else verdict

    def _one_sided(self, case: Case) -> Case:
        """A weight that is never updated shows no gradient: that is a mistake of the training, told there."""
        parts = tuple(part if w in self._moving else None for part, w in zip(case.parts, WEIGHTS, strict=True))
        return replace(case, parts=parts)

    # ------------------------------------------------------------------ carried forward
    def better(self, spec: CheckSpec, verdicts: Mapping[str, CheckVerdict]) -> CheckVerdict:
        """The verdict, or the one on the script with what it builds on put right, if that earns more."""
        verdict = verdicts[spec.name]
        if verdict.status in {"passed", "blocked"} or spec.name not in {"forward", "bptt_gradients", "predict_counts"}:
            return verdict
        if time.monotonic() > self._how.ends_s:
            return verdict
        helpers = [
            name
            for name in ("relu", "relu_derivative")
            if name in self._facts.roles and verdicts[name].status != "passed"
        ]
        states = verdicts["forward"].status not in {"passed", "blocked"}
        again = None
        if spec.name == "predict_counts" and states:
            again = self._relative(spec)
            helpers = ["forward"]
        elif helpers or (states and spec.name == "bptt_gradients"):
            states = states and spec.name == "bptt_gradients"
            with closing(self._helped(bool(helpers), states=states)) as subject:
                again = self._judged(spec, subject)
            helpers += ["forward"] if states else []
        if again is None or self._how.earns(spec, again) <= self._how.earns(spec, verdict):
            return verdict
        told = say("carried.forward", function=spec.name, helpers=", ".join(helpers))
        message = told if again.status == "passed" else again.message
        return replace(again, message=message, notices=(*again.notices, Notice("carried.forward", told)))

    def _helped(self, helped: bool, *, states: bool) -> FlatSubject:  # noqa: FBT001 - private, two flags
        right = right_states(self._how.right_answer) if states else None
        return FlatSubject(self._reopen(), self._facts, self.fixed, helped=helped, right_states=right)

    def _relative(self, spec: CheckSpec) -> CheckVerdict | None:
        """Predictions compared with the script's own forward pass."""
        cases = relative_cases(self._bank[spec.name], self.subject, limit_s=self._how.limit_s)
        if cases is None:
            return None
        return self._screened(spec, cases, FlatSubject(self.subject.inner, self._facts, self.fixed, same_data=True))

    # ------------------------------------------------------------------ what is said of the whole
    def notices(self) -> tuple[Notice, ...]:
        """Sizes written in, memory used as it lay, and what was understood."""
        found = [Notice("flat.understood", say("flat.understood", roles=understood(self._facts)))]
        sizes = [f"{n} = {v}" for n, v in (("SeqL", self.fixed.SeqL), ("NbSeq", self.fixed.NbSeq)) if v is not None]
        if sizes:
            size = " and ".join(sizes)
            found.append(Notice("general.hardcoded_size", say("flat.hardcoded_size", size=size)))
        if not self._facts.binary:
            found.append(Notice("flat.odd_data", say("flat.odd_data", name=self._facts.roles["X_train"][0])))
        if self._again is not None and self._again.uninitialised:
            found += self._uninitialised()
        return tuple(found)

    def _uninitialised(self) -> list[Notice]:
        places = self._facts.uninitialised
        guilty = places_that_matter(self.subject, self._telling[0], len(places), limit_s=self._how.limit_s)
        code = "general.uninitialised_memory"
        return [Notice(code, say(code), places[index]) for index in guilty] or [Notice(code, say(code))]
