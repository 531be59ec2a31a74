"""The smallest failing case as lanes: one for each quantity, time from left to right, right values beside yours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real

from grader.contract import CHECK_BY_NAME
from grader.model import Counterexample
from grader.report.case import HEADINGS, answer_parts, enough_digits, is_matrix, show_number, show_value

__all__ = ["Answer", "Case", "Departure", "Lane", "Strip", "lay_out"]

_ORDER = ("X", "S", "Y", "T", "counts", "error", "delta", "dWxs", "dWrec", "Wxs", "Wrec", "L", "losses")
_BESIDE = ("yours", "departs", "updates")
_MAX_STEPS = 12
_MAX_SEQUENCES = 4

Matrix = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Answer:
    """A part of the answer that is no matrix, as text: expected, and what came back."""

    name: str
    expected: str
    yours: str

    @property
    def differs(self) -> bool:
        """Whether the two read differently."""
        return self.expected != self.yours


@dataclass(frozen=True)
class Lane:
    """One quantity: `right[k][n]` and `yours[k][n]` as text, step k, sequence n; `yours` where something differs."""

    name: str
    right: tuple[tuple[str, ...], ...]
    yours: tuple[tuple[str, ...], ...] | None = None
    told: bool = True
    """Whether `yours` is what came back, not what the likely cause computes on the way."""

    @property
    def heading(self) -> str:
        """How the exercise calls it."""
        return HEADINGS.get(self.name, self.name)

    def differs(self, k: int, n: int) -> bool:
        """Whether the two values read differently."""
        return self.yours is not None and self.yours[k][n] != self.right[k][n]


@dataclass(frozen=True)
class Departure:
    """Where yours first departs from the right solution: lane, step and sequence."""

    lane: str
    step: int
    sequence: int


@dataclass(frozen=True)
class Strip:
    """Lanes of one height: `index` is what their steps are called, "k" (time), "i" (updates) or "" (none).

    `first` is the number of the first step shown, `left_out` says what is not shown.
    """

    index: str
    lanes: tuple[Lane, ...]
    departs: Departure | None = None
    first: int = 0
    sequences: tuple[int, ...] = (0,)
    left_out: str = ""

    @property
    def steps(self) -> int:
        """How many steps are shown."""
        return len(self.lanes[0].right)

    def lane(self, name: str) -> Lane | None:
        """The lane of that name."""
        return next((lane for lane in self.lanes if lane.name == name), None)


@dataclass(frozen=True)
class Case:
    """A whole case: inputs that are no matrices by name, strips of lanes, answers in words."""

    given: tuple[tuple[str, str], ...]
    strips: tuple[Strip, ...]
    answers: tuple[Answer, ...]


def lay_out(check: str, example: Counterexample) -> Case:
    """Arrange the case: what stands step by step becomes a lane, the rest stays text."""
    lanes: dict[str, Lane] = {}
    given: list[tuple[str, str]] = []
    for name, value in example.inputs.items():
        column = _column(value) if name in {"X", "T", "S"} else None
        if column is None:
            given.append((name, show_value(value)))
        else:
            lanes[name] = _lane(name, column)
    answers: list[Answer] = []
    for part, expected, got in answer_parts(example.expected, example.got):
        name = part or "".join(CHECK_BY_NAME[check].returns[:1])
        right, yours = _column(expected), _column(got)
        steps = isinstance(expected, list) or "S" in lanes
        if steps and right and yours and _shape(right) == _shape(yours) and (name != "losses" or expected != got):
            lanes[name] = _lane(name, right, yours)
        else:
            digits = enough_digits(expected, got)
            answers.append(Answer(part, show_value(expected, digits), show_value(got, digits)))
    updates = _trace_lanes(example.trace or {}, lanes)
    strips = _strips(lanes.values(), "k" if "X" in example.inputs else "") + _strips(updates, "i")
    departs = (example.trace or {}).get("departs")
    return Case(tuple(given), tuple(_shown(strip, departs) for strip in strips), tuple(answers))


def _trace_lanes(trace: Mapping[str, object], lanes: dict[str, Lane]) -> list[Lane]:
    """Add to `lanes` what a right solution computes on the way; the lanes of its updates come back."""
    beside = trace.get("yours")
    mistaken = beside if isinstance(beside, Mapping) else {}
    for name, value in trace.items():
        if name not in _BESIDE and name not in lanes and is_matrix(value):
            lanes[name] = _lane(name, value, _like(value, mistaken.get(name)), told=False)
    updates, theirs = trace.get("updates"), mistaken.get("updates")
    theirs = theirs if isinstance(theirs, Mapping) else {}
    if not isinstance(updates, Mapping):
        return []
    return [
        _lane(name, value, _like(value, theirs.get(name)), told=False)
        for name, value in updates.items()
        if is_matrix(value)
    ]


def _like(right: Matrix, value: object) -> Matrix | None:
    return value if is_matrix(value) and _shape(value) == _shape(right) else None


def _lane(name: str, right: Matrix, yours: Matrix | None = None, *, told: bool = True) -> Lane:
    digits = enough_digits(list(right), list(yours)) if yours else 6
    texts = [
        None if matrix is None else tuple(tuple(show_number(cell, digits) for cell in row) for row in matrix)
        for matrix in (right, yours)
    ]
    assert texts[0] is not None
    return Lane(name, texts[0], None if texts[1] == texts[0] else texts[1], told)


def _column(value: object) -> Matrix | None:
    """A matrix as it is; numbers one below the other, or a number alone, as one column."""
    if is_matrix(value):
        return value
    if isinstance(value, list):
        flat = value and not any(isinstance(item, (list, Mapping)) for item in value)
        return [[item] for item in value] if flat else None
    return [[value]] if isinstance(value, Real) else None


def _shape(matrix: Matrix) -> tuple[int, int]:
    return len(matrix), len(matrix[0])


# ---------------------------------------------------------------------------- strips
def _strips(lanes: Iterable[Lane], index: str) -> list[Strip]:
    """Lanes of the same shape and steps in one strip; another for each that differs."""
    strips: dict[tuple[str, tuple[int, int]], list[Lane]] = {}
    for lane in sorted(lanes, key=lambda lane: _ORDER.index(lane.name) if lane.name in _ORDER else len(_ORDER)):
        steps = "i" if lane.name == "losses" else index
        strips.setdefault((steps, _shape(lane.right)), []).append(lane)
    return [Strip(steps, tuple(together)) for (steps, _), together in strips.items()]


def _shown(strip: Strip, told: object) -> Strip:
    """The strip with its departure found, cut down to what a picture can hold: around the departure."""
    departs = _departure(strip, told)
    height, width = _shape(strip.lanes[0].right)
    first = max(0, min(departs.step - _MAX_STEPS // 2, height - _MAX_STEPS)) if departs else 0
    steps = slice(first, first + _MAX_STEPS)
    wrong = [n for n in range(width) if any(lane.differs(k, n) for lane in strip.lanes for k in range(height))]
    sequences = sorted([*wrong, *(n for n in range(width) if n not in wrong)][:_MAX_SEQUENCES])
    left = [(height - min(height, _MAX_STEPS), "more steps"), (width - len(sequences), "more sequences")]
    return replace(
        strip,
        lanes=tuple(_cut(lane, steps, sequences) for lane in strip.lanes),
        departs=departs and replace(departs, step=departs.step - first, sequence=sequences.index(departs.sequence)),
        first=first,
        sequences=tuple(sequences),
        left_out=", ".join(f"{count} {what}" for count, what in left if count),
    )


def _cut(lane: Lane, steps: slice, sequences: Sequence[int]) -> Lane:
    right = tuple(tuple(row[n] for n in sequences) for row in lane.right[steps])
    yours = lane.yours and tuple(tuple(row[n] for n in sequences) for row in lane.yours[steps])
    return replace(lane, right=right, yours=yours)


def _departure(strip: Strip, told: object) -> Departure | None:
    """What the diagnosis says, else the first value that reads differently: earliest step, then lane by lane."""
    height, width = _shape(strip.lanes[0].right)
    places = [
        Departure(lane.name, k, n)
        for k in range(height)
        for lane in strip.lanes
        for n in range(width)
        if lane.differs(k, n)
    ]
    if isinstance(told, Mapping):
        step, column = told.get(strip.index), told.get("column")
        places.sort(key=lambda place: (place.step, place.lane) != (step, column))
    return places[0] if places else None
