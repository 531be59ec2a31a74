"""The frozen values that pass from stage to stage.

`load` makes a `Program`; a `Subject` (a sandboxed child, say) answers `Question`s with
`Observation`s; `judge` turns them into `CheckVerdict`s; `score` into points. Nothing here
does anything; everything here may be compared, hashed or printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, Union, overload

import numpy as np

__all__ = [
    "Answered",
    "Arg",
    "Cell",
    "CheckStatus",
    "CheckVerdict",
    "Companion",
    "Counterexample",
    "Diagnosis",
    "Died",
    "FlatFacts",
    "Isolation",
    "Loaded",
    "Location",
    "Malformed",
    "Notice",
    "Observation",
    "OutOfMemory",
    "Program",
    "PropertyStatus",
    "PropertyVerdict",
    "Question",
    "Raised",
    "Subject",
    "TimedOut",
    "Value",
]

Value: TypeAlias = Union[np.ndarray, float, int, bool, tuple["Value", ...], None]
"""What a submission may answer: arrays (float64, int64 or bool), numbers, or tuples of these."""

Arg: TypeAlias = Union[np.ndarray, float, int]
"""What a submission is asked with: an array becomes a float32 tensor, float and int stay as they are."""


# ---------------------------------------------------------------------------- loading
@dataclass(frozen=True)
class Location:
    """A place in a submission: cell (1-based, None in a script) and line (1-based, within the cell or script)."""

    cell: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        """`cell 3, line 7`; empty where nothing is known."""
        parts = [f"{name} {n}" for name, n in (("cell", self.cell), ("line", self.line)) if n is not None]
        return ", ".join(parts)


@dataclass(frozen=True)
class Notice:
    """Something the reader should know that is no verdict of a check; `code` keys the message catalogue."""

    code: str
    message: str
    location: Location | None = None


@dataclass(frozen=True)
class Cell:
    """A unit of source text: a notebook's code cell, or a whole script (`number` None)."""

    source: str
    number: int | None = None


@dataclass(frozen=True)
class Companion:
    """A file beside a script that it imports: importable in the child, as `name`."""

    name: str
    source: str


@dataclass(frozen=True)
class Program:
    """A submission as read, nothing of it run or parsed as Python."""

    path: str
    sha256: str
    kind: Literal["script", "notebook"]
    cells: tuple[Cell, ...]
    companions: tuple[Companion, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class FlatFacts:
    """What is known of a flat script once it has run on its own data (the child said so).

    `roles` maps a role (`X_train`, `Wxs`, `S`, `relu`, …) to the script's name for it and to how it was found ("name",
    "data flow", "map"). `loop`: a training loop was reached. `updates` counts what updates a weight there.
    `rate`: the learning rate can be set. `endless`: nothing in the loop can end it. `binary`: its own inputs are zeros
    and ones. `sizes`: the script's own (SeqL, NbSeq). `shapes`: what its helpers were called with. `found` names what
    the run showed of "T", "T_test", "S", "Y", "predictions". `uninitialised` are the places where memory was used as it
    lay.
    """

    roles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    loop: bool = False
    updates: Mapping[str, int] = field(default_factory=dict)
    rate: bool = False
    endless: bool = False
    binary: bool = True
    sizes: tuple[int, int] | None = None
    shapes: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    found: frozenset[str] = frozenset()
    uninitialised: tuple[Location, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """What the child says of a program after running it statement by statement (advisory: the child said so).

    `defined` maps each contract function found to where it was defined, `aliases` maps contract to the name that
    stood in for it, `others` are the names of other functions (for "did you mean"), `notices` hold the statements
    that raised, ran too long or were skipped. `flat`: facts on a script that trains at top level, without functions.
    """

    defined: Mapping[str, Location] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    flat: FlatFacts | None = None
    notices: tuple[Notice, ...] = ()


# ---------------------------------------------------------------------------- asking
@dataclass(frozen=True, eq=False)
class Question:
    """One call: contract function, positional arguments; `watch` asks for evidence of autograd and shifted calls."""

    function: str
    args: tuple[Arg, ...]
    watch: bool = False


@dataclass(frozen=True, eq=False)
class Batch(Sequence[Question]):
    """Questions asked of one submission after another: whoever asks them may keep what it makes of them."""

    questions: tuple[Question, ...]

    def __len__(self) -> int:
        return len(self.questions)

    @overload
    def __getitem__(self, index: int) -> Question: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Question, ...]: ...

    def __getitem__(self, index: int | slice) -> Question | tuple[Question, ...]:
        return self.questions[index]


@dataclass(frozen=True, eq=False)
class Answered:
    """The call returned. `mutated` lists the array arguments it changed, `evidence` policy findings: both advisory."""

    value: Value
    mutated: tuple[int, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Raised:
    """The call raised `kind` (an exception's class name); `missing`: the function is absent or a stub."""

    kind: str
    message: str
    location: Location | None = None
    missing: bool = False


@dataclass(frozen=True)
class TimedOut:
    """The call did not end within what was left of its limit; the child is gone."""

    limit_s: float


@dataclass(frozen=True)
class OutOfMemory:
    """The call hit the memory limit."""

    limit_bytes: int
    location: Location | None = None


@dataclass(frozen=True)
class Died:
    """The child ended inside the call: `os._exit`, a signal, too much output."""

    reason: str


@dataclass(frozen=True)
class Malformed:
    """The call returned what is no number, array or tuple of these, or a frame that cannot be read."""

    reason: str


Observation: TypeAlias = Union[Answered, Raised, TimedOut, OutOfMemory, Died, Malformed]


class Subject(Protocol):
    """Something that answers questions: a confined child, a flat script, a notebook's own functions."""

    @property
    def loaded(self) -> Loaded:
        """What the subject defines."""
        ...

    def ask(self, questions: Sequence[Question], *, limit_s: float) -> Iterator[Observation]:
        """Answer `questions` in order, lazily; `limit_s` bounds them together.

        After `TimedOut` or `Died` the iterator ends early; the next `ask` runs in a fresh child with the program
        loaded anew. Raises `SandboxError` for a fault of ours.
        """
        ...

    def close(self) -> None:
        """End it, and everything it started."""
        ...


# ---------------------------------------------------------------------------- judging
PropertyStatus: TypeAlias = Literal["passed", "failed", "error", "timeout", "missing", "blocked"]
CheckStatus: TypeAlias = Literal["passed", "failed", "error", "timeout", "missing", "blocked"]


@dataclass(frozen=True, eq=False)
class Counterexample:
    """The smallest case found that fails: arguments by name, what was expected, what came back.

    `inputs`, `expected` and `got` hold plain Python data (nested lists, floats, ints, strings), finite numbers only:
    a NaN or infinity is the string "nan", "inf" or "-inf". `trace` holds what a right solution computes on the way,
    by name and in steps of time (`S`, `Y`, …): rows as in the exercise's matrices.
    """

    inputs: Mapping[str, object]
    expected: object
    got: object
    trace: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Diagnosis:
    """A known mistake that explains `matched` of `of` answers."""

    code: str
    message: str
    matched: int | None = None
    of: int | None = None


@dataclass(frozen=True)
class PropertyVerdict:
    """One property of a check: `examples` cases were asked."""

    name: str
    status: PropertyStatus
    examples: int
    message: str = ""


@dataclass(frozen=True, eq=False)
class CheckVerdict:
    """One check: its properties, and for a failure the smallest failing case and what it shows."""

    name: str
    status: CheckStatus
    properties: tuple[PropertyVerdict, ...]
    message: str
    diagnoses: tuple[Diagnosis, ...] = ()
    counterexample: Counterexample | None = None
    notices: tuple[Notice, ...] = ()
    review: str | None = None
    """Why a person should look, if one should."""


# ---------------------------------------------------------------------------- isolation
@dataclass(frozen=True)
class Isolation:
    """What really confines the child: level in force, layers found to hold, layers missing with the reason."""

    level: Literal["strong", "standard", "basic", "none"]
    layers: tuple[str, ...]
    missing: tuple[tuple[str, str], ...] = ()
    canaries: tuple[tuple[str, bool], ...] = ()
