"""What an instrumented script calls while it runs: puts our data in place of its own, and watches its weights.

The hook is reached under a name that the script does not use. In a run for a case the script's own sizes, inputs,
initial weights and learning rate are replaced where it binds them, the targets when its training loop begins. *Held*,
each update is noted and taken back, so that every iteration starts from the same weights: what it notes is the
gradient that the script used, unspoilt by an update of the other weight a line earlier. One weight can be held alone.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .kinds import number, overwrite, same, snapshot, substitute
from .roles import Roles

__all__ = ["Hook", "LoopDone", "Plan", "Seen"]

WEIGHTS = ("Wxs", "Wrec")
_MOST_ROWS = 1000


class LoopDone(BaseException):
    """The training loop has run and nothing after it is wanted."""


@dataclass(frozen=True, eq=False)
class Plan:
    """One run: what is put in place of the script's own (None: nothing), and how far it goes.

    `X`, `T`, `S`, `Y`: (SeqL, NbSeq). `held`: the weights whose updates are noted and taken back. `S`, `Y`: right
    states, to be written over the script's own before it goes back in time. `test`: run on after the loop. `other`: the
    test data are `X`, the training data 1 - X. `seed`: what chance starts from in the loop (None: as it comes).
    `turned`: the states that the script keeps as (NbSeq, SeqL).
    """

    X: np.ndarray | None = None
    T: np.ndarray | None = None
    Wxs: np.ndarray | None = None
    Wrec: np.ndarray | None = None
    l_r: float | None = None
    n_iter: int = 1
    held: tuple[str, ...] = WEIGHTS
    test: bool = False
    other: bool = False
    seed: int | None = None
    S: np.ndarray | None = None
    Y: np.ndarray | None = None
    turned: frozenset[str] = frozenset()


@dataclass
class Seen:
    """What a run showed. `weights[w]` has an entry an iteration: the sum of its moves (held), or where it then is."""

    T: Any = None
    T_test: Any = None
    S: Any = None
    Y: Any = None
    Y_later: Any = None
    predictions: Any = None
    start: dict[str, float] = field(default_factory=dict)
    weights: dict[str, list[float]] = field(default_factory=lambda: {w: [] for w in WEIGHTS})
    iterations: int = 0
    entered: bool = False
    problem: str = ""


class Hook:
    """The object behind the instrumentation's one name, for one run."""

    def __init__(
        self,
        namespace: dict[str, Any],
        roles: Roles,
        plan: Plan,
        wrap: Callable[[str, Any], Any] | None = None,
    ) -> None:
        self._namespace, self._names, self._plan = namespace, roles.names, plan
        self._wrap = wrap
        self.seen = Seen()
        self._objects: dict[str, Any] = {}
        self._starts: dict[str, Any] = {}
        self._moves = dict.fromkeys(WEIGHTS, 0.0)
        self._open = self._noted = False
        self._rows: list[Any] = []
        self._by_rows = bool(roles.rows)

    # ------------------------------------------------------------------ before the loop
    def bound(self, *roles: str) -> None:
        """The names of `roles` have just been bound: put our values there."""
        for role in roles:
            name = self._names.get(role)
            if name is None or name not in self._namespace:
                continue
            if role in {"relu", "relu_derivative"}:
                if self._wrap is not None:
                    self._namespace[name] = self._wrap(role, self._namespace[name])
                continue
            ours = self._ours(role)
            if ours is not None:
                self._namespace[name] = substitute(self._namespace[name], ours)

    def _ours(self, role: str) -> np.ndarray | None:  # noqa: PLR0911 - one for each role
        plan = self._plan
        match role:
            case "SeqL" | "NbSeq":
                return None if plan.X is None else np.asarray(plan.X.shape[role == "NbSeq"], dtype=np.float32)
            case "X_train" if plan.other and plan.X is not None:
                return 1 - plan.X  # what the training left must not pass for a test phase
            case "X_train" | "X_test":
                return plan.X
            case "Wxs":
                return plan.Wxs
            case "Wrec":
                return plan.Wrec
            case "l_r" | "l_r of Wrec":
                return None if plan.l_r is None else np.asarray(plan.l_r)
            case _:
                return None

    def rate(self, literal: Any) -> Any:
        """Our learning rate where the script has a number."""
        named = "l_r" in self._names  # it should have stood here: that is the training's mistake, not the gradient's
        return literal if self._plan.l_r is None or (named and self._plan.held != WEIGHTS) else self._plan.l_r

    def inverse(self, divisor: Any) -> Any:
        """What to divide by where the script divides by a rate's inverse."""
        if self._plan.l_r is None:
            return divisor
        return 1 / self._plan.l_r if self._plan.l_r else float("inf")

    # ------------------------------------------------------------------ the loop
    def enter(self) -> None:
        """The training loop begins: note its targets, put ours in their place, remember where the weights start."""
        self.seen.entered = True
        name = self._names.get("T_train")
        if name is not None and name in self._namespace:
            self.seen.T = snapshot(self._namespace[name])
            if self._plan.T is not None:
                self._put(name, self._plan.T)
        self._note_test_targets()
        for w in WEIGHTS:
            value = self._value(w)
            if value is not None:
                self._objects[w], self._starts[w] = value, snapshot(value)
                self.seen.start[w] = number(value)
        if self._plan.seed is not None:
            _reseed(self._plan.seed)

    def _note_test_targets(self) -> None:
        """Note the targets of the test data, if these are ours by now: some scripts make them later."""
        X_test, T_test = (self._namespace.get(self._names.get(role, "")) for role in ("X_test", "T_test"))
        if T_test is not None and (self._plan.X is None or (self._plan.other and same(X_test, self._plan.X))):
            self.seen.T_test = snapshot(T_test)

    def _put(self, name: str, ours: np.ndarray) -> None:
        """Write `ours` into the object that `name` is bound to; failing that, bind every name of that object anew."""
        old = self._namespace[name]
        if overwrite(old, ours):
            return
        if len(old) != len(ours):
            self.seen.problem = f"{name} does not have the shape of the inputs"
        new = substitute(old, ours)
        for alias in [alias for alias, value in self._namespace.items() if value is old]:
            self._namespace[alias] = new

    def _value(self, w: str) -> Any:
        name = self._names.get(w)
        return None if name is None else self._namespace.get(name)

    def take(self, iterable: Iterable[Any]) -> Iterator[Any]:
        """As much of what a `for` loop goes over as is wanted."""
        for item in iterable:
            if not self.more():
                return
            yield item

    def more(self) -> bool:
        """Whether the loop goes on; called before each iteration."""
        self._finish()
        if self.seen.iterations >= self._plan.n_iter:
            return False
        self.seen.iterations += 1
        self._open = True
        return True

    def states(self) -> None:
        """The forward pass is done: note the states; where right ones are given, write them over the script's own."""
        self._note_states()
        self._noted = True
        for role, right in (("S", self._plan.S), ("Y", self._plan.Y)):
            name = self._names.get(role)
            if right is not None and name is not None and name in self._namespace:
                self._write_states(name, right, turned=role in self._plan.turned)

    def _write_states(self, name: str, right: np.ndarray, *, turned: bool) -> None:
        old = self._namespace[name]
        rows = len(snapshot(old))
        if turned:
            right = np.ascontiguousarray(right.T)
        elif rows == len(right) + 1:  # with a row for y_{-1}: first, or last where an index of -1 finds it
            spare = np.zeros((1, right.shape[1]), right.dtype)
            first = bool(np.all(np.asarray(snapshot(old)[0]) == 0))
            right = np.concatenate([spare, right] if first else [right, spare])
        if not overwrite(old, right):
            self._namespace[name] = substitute(old, right)

    def _note_states(self) -> None:
        kept = (("S", "S"), ("Y", "Y")) if self.seen.iterations == 1 else (("Y", "Y_later"),)
        for role, attribute in kept if self.seen.iterations <= 2 else ():
            name = self._names.get(role)
            if name is not None and name in self._namespace:
                setattr(self.seen, attribute, snapshot(self._namespace[name]))

    def updated(self, *weights: str) -> None:
        """A statement that updates `weights` has run; called only in the loop."""
        for w in weights:
            value = self._value(w)
            if value is None or w not in self._starts or w not in self._plan.held:
                continue
            self._moves[w] += number(value) - self.seen.start[w]
            self._restore(w)

    def _restore(self, w: str) -> None:
        name = self._names[w]
        first = self._objects[w]
        if not overwrite(first, self._starts[w]):  # a number, say: nothing can be written into it
            first = self._starts[w]
        self._namespace[name] = first

    def _finish(self) -> None:
        """An iteration is over."""
        if not self._open:
            return
        self._open = False
        if not self._noted:  # no statement was found that ends the forward pass
            self._note_states()
        self._noted = False
        self.updated(*WEIGHTS)  # whatever was changed in a way that no statement shows
        for w in WEIGHTS:
            if w not in self._starts:
                continue
            at = self._moves[w] if w in self._plan.held else number(self._value(w))
            self.seen.weights[w].append(at)
            self._moves[w] = 0.0

    def leave(self) -> None:
        """The loop is over. Raises LoopDone unless the test phase is wanted."""
        self._finish()
        if not self._plan.test:
            raise LoopDone

    def row(self) -> None:
        """A statement of the test phase has found a row of predictions."""
        if self.seen.entered and len(self._rows) < _MOST_ROWS:
            self._rows.append(snapshot(self._namespace.get(self._names["predictions"])))

    def end(self) -> None:
        """The script has run: note what its test phase found. Test targets filled in only now are not judged."""
        tested = self._names.get("T_test")
        if tested is not None and not same(self.seen.T_test, self._namespace.get(tested)):
            self.seen.T_test = None
        name = self._names.get("predictions")
        if not self._plan.test:  # what has that name is the training's
            return
        if self._by_rows:
            self.seen.predictions = self._rows
        elif name is not None and name in self._namespace:
            self.seen.predictions = snapshot(self._namespace[name])


def _reseed(seed: int) -> None:
    """Start every generator that is not the script's own from `seed`."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the generator that scripts use
    sys.modules["torch"].manual_seed(seed)
