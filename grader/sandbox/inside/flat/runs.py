"""A flat script as something to run: once on its own data, to get to know it, then on the grader's, again and again.

Every run has a namespace of its own. What failed on the script's own data (a plot, say) is left out of later runs.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Protocol, TypeAlias

import numpy as np

from .. import frames, stubs
from ..namespace import fresh_namespace
from ..parsing import Statement
from ..proxies import like
from ..running import compiled
from ..wording import LoadNotice
from .altered import Alteration, mark_functions
from .fresh import Fresh, mark_fresh
from .guards import is_onlooker, without_guards
from .hooks import Hook, LoopDone, Plan, Seen
from .instrument import instrument
from .kinds import snapshot
from .roles import Roles

__all__ = ["FlatScript", "Known", "ScriptError"]

HELD_WXS, HELD_WREC, TEST, ONES, STATES, HELPERS, OTHER, SEED, LITTLE, MUCH, PLACE = (1 << bit for bit in range(11))
"""Flags of a run: see `FlatScript.run`."""
_Code: TypeAlias = tuple[CodeType, bool]
"""A statement's code, and whether it only looks on."""
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MAX_SHAPES = 12
_OTHER_SEED = 20260
_HOOK, _FRESH, _ALTERED = "the hook", "fresh memory", "what is altered"  # with a space: no script can write them


class ScriptError(Exception):
    """The script did something that leaves nothing to look at; the message says what."""


@dataclass
class Known:
    """What the first run showed. `shapes`: of what each helper was called with, and in which container.

    `turned`: which of S, Y and predictions are kept as (NbSeq, SeqL). In a square one it shows only elsewhere.
    """

    sizes: tuple[int, int] | None = None
    shapes: dict[str, list[tuple[str, tuple[int, ...]]]] = field(default_factory=dict)
    entered: bool = False
    binary: bool = True
    found: dict[str, bool] = field(default_factory=dict)
    uninitialised: list[tuple[str, int]] = field(default_factory=list)
    turned: set[str] = field(default_factory=set)


class Runs(Protocol):
    """Runs a statement in its namespace and says what it raised; see `running.Runner`."""

    namespace: dict[str, Any]

    def run(self, statement: Statement, limit_s: float) -> LoadNotice | None:
        """Run `statement` for at most `limit_s`."""
        ...


class FlatScript:
    """One flat script, instrumented and compiled. `rewrite` changes each tree further (see `legacy`)."""

    def __init__(
        self,
        statements: Sequence[Statement],
        roles: Roles,
        rewrite: Callable[[ast.AST], ast.AST] | None = None,
    ) -> None:
        self.roles = roles
        made = instrument(statements, roles, _HOOK)
        self.statements = [Statement(_rewritten(each.node, _FRESH, rewrite), each.filename, each.cell) for each in made]
        own = {node.name for each in statements for node in ast.walk(each.node) if isinstance(node, _NAMED)}
        self._onlookers = {i for i, each in enumerate(self.statements) if is_onlooker(each.node, {*own, _HOOK})}
        self._codes: list[_Code] = []
        self._altered_codes: list[_Code] = []
        self._left_out: set[int] = set()
        self._namespace: dict[str, Any] = {}
        self.known = Known()

    # ------------------------------------------------------------------ the first run
    def start(
        self,
        runner: Runs,
        share_s: Callable[[], float],
        skip: Mapping[int, LoadNotice],
        started: Callable[[int], None],
    ) -> list[LoadNotice]:
        """Run on the script's own data, two iterations of its loop, statement by statement."""
        hook, fresh = Hook(runner.namespace, self.roles, Plan(n_iter=2, held=(), test=True), self._spy), Fresh(0.0)
        self.known = Known()
        runner.namespace.update({_HOOK: hook, _FRESH: fresh})
        notices: list[LoadNotice] = []
        for index, statement in enumerate(self.statements):
            notice = skip.get(index)
            if notice is not None:
                notice = {**notice, "cell": statement.cell, "line": statement.node.lineno}
            else:
                started(index)
                notice = runner.run(statement, share_s())
            if notice is not None:
                notices.append(notice)
                if index in skip or not self._hooked(statement.node):  # else it raises again, where a question says so
                    self._left_out.add(index)
        hook.end()
        self._namespace = runner.namespace
        self._learn(hook.seen, fresh)
        self._codes = self._compiled()
        self._altered_codes = []
        return notices

    def _hooked(self, node: ast.stmt) -> bool:
        return any(isinstance(part, ast.Name) and part.id == _HOOK for part in ast.walk(node))

    def _learn(self, seen: Seen, fresh: Fresh) -> None:
        known = self.known
        known.entered = seen.entered
        known.uninitialised = list(fresh.used)
        name = self.roles.names.get("X_train")
        shape = _shape(self._namespace.get(name)) if name else ()
        known.sizes = (shape[0], shape[1]) if len(shape) >= 2 else None
        self._turn(seen, known.sizes)
        self._stack(seen, known.sizes)
        known.found = {role: getattr(seen, role) is not None for role in ("T", "T_test", "S", "Y", "predictions")}
        known.binary = known.sizes is None or _is_binary(self._namespace.get(name or ""))

    def _turn(self, seen: Seen, sizes: tuple[int, ...] | None) -> None:
        """Turn round what the script keeps the other way."""
        for part in ("S", "Y", "Y_later", "predictions"):
            role = part.removesuffix("_later")
            value = getattr(seen, part)
            shape = tuple(n for n in _shape(value) if n > 1)
            if not sizes or len(shape) != len(sizes):
                continue
            rows = {sizes[0], sizes[0] + 1}
            if shape[0] not in rows and shape[0] == sizes[1] and shape[1] in rows:
                self.known.turned.add(role)
            if role in self.known.turned:
                setattr(seen, part, np.asarray(snapshot(value), dtype=np.float64).reshape(shape).T.copy())

    def _stack(self, seen: Seen, sizes: tuple[int, ...] | None) -> None:
        """Predictions that came row by row are none if they are not a row for each step."""
        if not self.roles.rows or not sizes:
            return
        rows = seen.predictions or []
        if len(rows) != sizes[0] or any(int(np.prod(_shape(row))) != sizes[1] for row in rows):
            seen.predictions = None

    def _spy(self, role: str, function: Any) -> Any:
        """`function`, noting what it is called with."""
        shapes = self.known.shapes.setdefault(role, [])

        @functools.wraps(function)
        def spied(*args: Any, **options: Any) -> Any:
            given = args[0] if args else next(iter(options.values()), None)
            entry = (_container(given), _shape(given))
            if entry not in shapes and len(shapes) < _MAX_SHAPES:
                shapes.append(entry)
            return function(*args, **options)

        return spied

    def _compiled(self, change: Callable[[ast.stmt], ast.stmt] = lambda node: node) -> list[_Code]:
        future = 0
        codes = []
        for index, statement in enumerate(self.statements):
            if index in self._left_out:
                continue
            changed = Statement(change(statement.node), statement.filename, statement.cell)
            code, future = compiled(changed, future)
            codes.append((code, index in self._onlookers))
        return codes

    # ------------------------------------------------------------------ a run
    def run(  # noqa: PLR0913, PLR0917 - a question's arguments
        self, X: Any, T: Any, Wxs: Any, Wrec: Any, l_r: float, n_iter: int, flags: int, *states: Any
    ) -> Any:
        """One run on the grader's data: (T, S, Y, Wxs, Wrec, predictions, later Y, T_test), None for what is not there.

        `T` may be empty: the script's own stay. Flags: `HELD_WXS` and `HELD_WREC` note each update of that weight and
        take it back (it is then its moves, an entry an iteration), `TEST` goes on after the loop, `ONES` fills
        uninitialised memory with 1, `STATES` says that right (S, Y) follow, `HELPERS` answers the script's ReLU and its
        derivative rightly, `OTHER` trains on 1 - X and leaves X to the test, `SEED` draws other random numbers in the
        loop, `LITTLE` and `MUCH` alter what autograd and shifted calls give (see `altered`; no weights come back where
        that is out of reach). What is above the flags, times `PLACE`, is 1 more than the index of the only place to
        fill with 1.
        """
        right = [np.array(value) for value in states] if flags & STATES else [None, None]
        plan = Plan(
            np.array(X),
            np.array(T) if T.numel() else None,
            np.array(Wxs),
            np.array(Wrec),
            l_r,
            n_iter,
            held=tuple(w for w, flag in (("Wxs", HELD_WXS), ("Wrec", HELD_WREC)) if flags & flag),
            test=bool(flags & TEST),
            other=bool(flags & OTHER),
            seed=_OTHER_SEED if flags & SEED else None,
            S=right[0],
            Y=right[1],
            turned=frozenset(self.known.turned),
        )
        namespace = fresh_namespace()
        hook = Hook(namespace, self.roles, plan, _answered if flags & HELPERS else None)
        places = self.known.uninitialised
        place = places[flags // PLACE - 1] if 0 < flags // PLACE <= len(places) else None
        namespace.update({_HOOK: hook, _FRESH: Fresh(1.0 if flags & ONES else 0.0, place)})
        stubs.answer_afresh()
        if flags & (LITTLE | MUCH):
            return self._run_altered(hook, Alteration((float(Wxs), float(Wrec)), much=bool(flags & MUCH)), namespace)
        self._execute(self._codes, hook, namespace)
        return self._seen(hook.seen, np.shape(X))

    def _execute(self, codes: Sequence[_Code], hook: Hook, namespace: dict[str, Any]) -> None:
        try:
            for code, looks_on in codes:
                with suppress(Exception, SystemExit) if looks_on else nullcontext():
                    exec(code, namespace)  # noqa: S102 -- running it is the point; the process is confined
        except LoopDone:
            pass
        hook.end()

    def _run_altered(self, hook: Hook, alteration: Alteration, namespace: dict[str, Any]) -> tuple[Any, ...]:
        if not self._altered_codes:
            self._altered_codes = self._compiled(lambda node: mark_functions(node, _ALTERED))
        namespace[_ALTERED] = alteration
        with alteration.engine():
            self._execute(self._altered_codes, hook, namespace)
        if alteration.lost:
            raise ScriptError("a function was called with a shifted weight, and what it found could not be altered")
        if alteration.missed:
            hook.seen.weights = {w: [] for w in hook.seen.weights}
        return self._seen(hook.seen, ())

    def _seen(self, seen: Seen, sizes: tuple[int, ...]) -> tuple[Any, ...]:
        if not seen.entered:
            raise ScriptError("the training loop was never reached")
        if seen.problem:
            raise ScriptError(seen.problem)
        self._turn(seen, sizes)
        self._stack(seen, sizes)
        weights = (np.array(seen.weights["Wxs"]), np.array(seen.weights["Wrec"]))
        parts = (seen.T, seen.S, seen.Y, *weights, seen.predictions, seen.Y_later, seen.T_test)
        return tuple(part if _speakable(part) else None for part in parts)

    def helper(self, which: int, S: Any) -> Any:
        """What the script's own ReLU (0) or its derivative (1) makes of `S`, given in the container the script uses."""
        role = ("relu", "relu_derivative")[which]
        function = self._namespace[self.roles.names[role]]
        function = getattr(function, "__wrapped__", function)
        containers = [container for container, _ in self.known.shapes.get(role, ())]
        return function(_contained(S, containers[0] if containers else "torch"))


def _rewritten(node: ast.stmt, fresh: str, rewrite: Callable[[ast.AST], ast.AST] | None) -> ast.stmt:
    tree = mark_fresh(node, fresh)
    if rewrite is not None:
        tree = rewrite(tree)
    assert isinstance(tree, ast.stmt)
    return ast.fix_missing_locations(without_guards(tree))


def _speakable(value: Any) -> bool:
    try:
        frames.encode(value, bytearray())
    except Exception:  # noqa: BLE001 - whatever an odd object raises, it is no number
        return False
    return True


def _container(value: Any) -> str:
    if isinstance(value, sys.modules["torch"].Tensor):
        return "torch"
    if isinstance(value, (np.ndarray, np.generic)):
        return "numpy"
    return "list" if isinstance(value, (list, tuple)) else "float"


def _shape(value: Any) -> tuple[int, ...]:
    try:
        return tuple(int(n) for n in np.shape(value))
    except (TypeError, ValueError):
        return ()


def _is_binary(X: Any) -> bool:
    """Whether a matrix holds zeros and ones, some of each; what cannot be looked at passes."""
    try:
        return set(np.unique(np.asarray(snapshot(X), dtype=np.float64)).tolist()) == {0.0, 1.0}
    except (TypeError, ValueError, RuntimeError):
        return True


def _contained(S: Any, container: str) -> Any:
    match container:
        case "numpy":
            return S.numpy().copy()
        case "list":
            return S.tolist()
        case "float":
            return float(S) if S.numel() == 1 else S
        case _:
            return S


def _answered(role: str, own: Any) -> Any:
    """The right answer in the place of a helper's own, in the form of the latter: its check is closed by now."""

    @functools.wraps(own)
    def right(S: Any, *rest: Any, **options: Any) -> Any:
        try:
            model = own(S, *rest, **options)
        except Exception:  # noqa: BLE001 - a wrong helper may raise; its argument then says what it works on
            model = S
        values = np.asarray(S.detach().cpu() if hasattr(S, "detach") else S, dtype=np.float64)
        return like(model, np.maximum(values, 0) if role == "relu" else (values > 0).astype(np.float64))

    return right
