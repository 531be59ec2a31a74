"""The search for the smallest case that a live subject fails: what was asked, what is left to ask, the best so far.

Small means: few numbers to trace by hand. The cases of the ladder come first, then those that Hypothesis draws.
Expected values come from the oracle, so nothing at a kink is asked. The search is bounded by calls; the clock is a
safety net for slow submissions only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import numpy as np

from grader.cases import Case
from grader.cases.oracle import expected, in_domain
from grader.contract import CheckSpec
from grader.judge import findings
from grader.judge.cut import cut
from grader.judge.findings import ENDED, Finding, size_key
from grader.judge.ladder import LONGEST, RUNGS, rung
from grader.model import Arg, Question, Subject

__all__ = ["Adapt", "OverError", "Search", "Shape", "smallest"]

Adapt = Callable[[Case], Case]
"""Changes what is right."""

Shape = tuple[int | None, int | None]
"""The only (SeqL, NbSeq) that can be asked; None where any can."""

_MAX_CALLS = 400
_LIMIT_S = 15.0  # calls end every search but of very slow functions: the result must not hang on the clock


class OverError(BaseException):
    """Out of budget. Not an Exception: Hypothesis would take that for another failure and go on."""


def smallest(  # noqa: PLR0913 - budget and limits, each by name
    spec: CheckSpec,
    subject: Subject,
    stored: Finding,
    *,
    max_calls: int = _MAX_CALLS,
    limit_s: float = _LIMIT_S,
    fixed: Shape = (None, None),
    adapt: Adapt | None = None,
) -> Finding | None:
    """The smallest case found that fails as `stored` does; None if none is found, or it does not fail again.

    `fixed`: the only (SeqL, NbSeq) that can be asked. `adapt` changes what is right, as it was for `stored`.
    """
    search = Search(spec, subject, stored, max_calls, time.monotonic() + limit_s, adapt)
    with suppress(OverError):
        if fixed != (None, None) or not (search.climb() or search.cut(stored.case.args)):
            from grader.judge.shrink import draw  # noqa: PLC0415 - Hypothesis: only for what these cannot show

            draw(search, fixed)
    return search.confirmed()


class Search:
    """Asks one case after another and keeps the smallest that fails."""

    def __init__(
        self,
        spec: CheckSpec,
        subject: Subject,
        stored: Finding,
        max_calls: int,
        deadline: float,
        adapt: Adapt | None,
    ) -> None:
        self.best: Finding | None = None
        self.spec = spec
        self._subject, self._kind = subject, stored.kind
        self._checked = [part is not None for part in stored.case.parts]
        self._calls_left, self._deadline, self._adapt = max_calls, deadline, adapt
        self._known: dict[tuple[bool, int, int, str], bool] = {}

    def climb(self) -> bool:
        """Ask the ladder, up to the first rung on which something fails: whether one did. Raises OverError."""
        for number in range(RUNGS):
            step = rung(self.spec.name, number)
            for found in self._ask(step.cases, step.questions):
                if self.best is None and found.kind == self._kind:
                    self.best = found
            if self.best is not None:
                return True
        return False

    def cut(self, args: tuple[Arg, ...]) -> bool:
        """Cut down what failed: whether nothing smaller is to be found by drawing. Raises OverError."""
        cut(self.fails, self.spec.name, args)
        shape = () if self.best is None else np.shape(self.best.case.args[0])
        return self.best is not None and (shape in {(), (1, 1)} or shape[0] > LONGEST)

    def fails(self, args: tuple[Arg, ...]) -> bool:
        """Whether the subject fails `args`; each is asked once. Raises OverError when the budget is spent."""
        case = Case(args, ())
        key = size_key(case)
        if key not in self._known:
            # remembered too: whether training is stable takes longer to find out than to ask
            self._known[key] = in_domain(self.spec.name, args) and self._fails_anew(args)
        return self._known[key]

    def _fails_anew(self, args: tuple[Arg, ...]) -> bool:
        right = expected(self.spec.name, args)  # of what counted where it failed, the same counts
        case = Case(args, tuple(part if counts else None for part, counts in zip(right, self._checked, strict=True)))
        (found,) = self._ask((case,), (Question(self.spec.name, args),))
        fails = found.kind == self._kind
        if fails and (self.best is None or size_key(found.case) < size_key(self.best.case)):
            self.best = found
        return fails

    def _ask(self, cases: Sequence[Case], questions: Sequence[Question]) -> Iterator[Finding]:
        """What each case showed. Raises OverError for what is beyond the budget, or ended the child."""
        left_s = self._deadline - time.monotonic()
        if len(cases) > self._calls_left or left_s <= 0:
            raise OverError
        self._calls_left -= len(cases)
        answers = self._subject.ask(questions, limit_s=left_s)
        for case in cases:
            right = self._adapt(case) if self._adapt else case
            seen = next(answers, None)
            found = Finding(right, "blocked") if seen is None else findings.find(self.spec, right, seen)
            if found.kind in ENDED:
                raise OverError
            yield found

    def confirmed(self) -> Finding | None:
        """The smallest failing case if it fails in the very same way when asked again."""
        if self.best is None:
            return None
        self._calls_left, self._deadline = 1, max(self._deadline, time.monotonic() + 1.0)
        with suppress(OverError):
            (again,) = self._ask((self.best.case,), (Question(self.spec.name, self.best.case.args),))
            same = all(
                (a is None and b is None) or np.array_equal(a, b, equal_nan=True)  # type: ignore[arg-type]
                for a, b in zip(self.best.answer, again.answer, strict=False)
            )
            if again.kind == self._kind and same:
                return self.best
        return None
