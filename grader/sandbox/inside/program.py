"""Runs a submission statement by statement and says what came of it.

A statement that raises or runs past its share of time is noted and the next goes on, so that a crashed plot or an
endless demonstration costs no function defined before or after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypedDict

from . import stubs
from .companions import CompanionFinder, register_source
from .flat.load import facts, load_flat
from .flat.recognise import looks_flat
from .lost import defines_function, tell_losses
from .namespace import fresh_namespace
from .parsing import CellText, Parsed, Statement, parse_cells
from .running import Alarm, Runner
from .survey import CONTRACT, code_place, own_functions, resolve
from .wording import LoadNotice

__all__ = ["CompanionText", "LoadedProgram", "Reason", "run_program"]

_MAX_NOTICES = 100
_LEAST_SHARE_S = 0.1
_SURVEY_S = 1.0


class CompanionText(TypedDict):
    """A companion module as it comes over the wire."""

    name: str
    source: str


class Reason(TypedDict):
    """Why a statement is left out, as the supervisor found when it ended an earlier child."""

    code: str
    message: str


@dataclass
class LoadedProgram:
    """A program that has run: `functions` maps contract names to what is to be called, `defined` to (cell, line).

    `files` maps the file names of its code to cells (None: a script or a companion), `others` names further functions.

    `flat`: what is known of a program that defines no function of the training and trains at top level (see
    `flat.load.facts`); its `functions` are then `flat.run` and `flat.helper`. `notices`: what was left out, raised or
    was stopped.
    """

    namespace: dict[str, Any]
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    files: Mapping[str, int | None] = field(default_factory=dict)
    defined: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    flat: dict[str, Any] | None = None
    notices: list[LoadNotice] = field(default_factory=list)


class _Clock:
    """Shares of time: a quarter of the budget for one statement while some is left, then 0.1 s each."""

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._start = monotonic()

    def share_s(self) -> float:
        left_s = self._budget_s - (monotonic() - self._start)
        return max(_LEAST_SHARE_S, min(self._budget_s / 4, left_s))


class _Bindings:
    """Which statement last bound each name that a contract function is looked up under."""

    def __init__(self, namespace: dict[str, Any], names: Sequence[str]) -> None:
        self._namespace = namespace
        self._values = dict.fromkeys(names)
        self.places: dict[str, tuple[int | None, int | None]] = {}

    def note(self, statement: Statement) -> None:
        for name, old in self._values.items():
            new = self._namespace.get(name)
            if new is not old:
                self._values[name] = new
                self.places[name] = (statement.cell, statement.node.lineno)


def _skipped(statement: Statement, reason: Reason) -> LoadNotice:
    return {**reason, "cell": statement.cell, "line": statement.node.lineno}


def _run_all(
    parsed: Parsed,
    runner: Runner,
    bindings: _Bindings,
    clock: _Clock,
    skip: Mapping[int, Reason],
    started: Callable[[int], None],
) -> list[tuple[LoadNotice, Statement]]:
    """Run them all; the statements that were left out or failed, and what is to be said of each."""
    failed = []
    for index, statement in enumerate(parsed.statements):
        if index in skip:
            failed.append((_skipped(statement, skip[index]), statement))
            continue
        started(index)
        notice = runner.run(statement, clock.share_s())
        if notice is not None:
            failed.append((notice, statement))
        try:
            bindings.note(statement)
        except BaseException:  # noqa: BLE001, S112 -- the namespace may hold keys whose __eq__ raises
            continue
    return failed


def _loses_training(parsed: Parsed, theirs: Mapping[str, str]) -> bool:
    """Whether a function of the training seems to be defined where nothing could be read."""
    names = [theirs[function] for function in ("forward", "bptt_gradients", "train")]
    return any(defines_function(text, name) for name in names for _, text in parsed.unread)


def _text_of(statement: Statement, parsed: Parsed) -> str:
    lines = parsed.sources.get(statement.filename, "").split("\n")
    return "\n".join(lines[statement.node.lineno - 1 : statement.node.end_lineno])


def _survey(
    loaded: LoadedProgram, bindings: _Bindings, theirs: Mapping[str, str], cells: Mapping[str, int | None]
) -> None:
    for function, name in theirs.items():
        try:
            value = resolve(loaded.namespace, name)
            filename, line = code_place(value) or ("", None)
        except Exception:  # noqa: BLE001, S112 -- a property that raises is no function
            continue
        if value is None:
            continue
        place = bindings.places.get(name.split(".")[0], (None, None))
        loaded.functions[function] = value
        loaded.defined[function] = (cells[filename], line) if filename in cells else place


def _capped(notices: list[LoadNotice]) -> list[LoadNotice]:
    if len(notices) <= _MAX_NOTICES:
        return notices
    more = len(notices) - _MAX_NOTICES
    message = f"{more} more statements were left out, raised an exception or were stopped"
    return [*notices[:_MAX_NOTICES], {"code": "load.more_notices", "message": message, "cell": None, "line": None}]


def run_program(  # noqa: PLR0913 - a request, part by part
    cells: Sequence[CellText],
    companions: Sequence[CompanionText],
    *,
    aliases: Mapping[str, str],
    budget_s: float,
    skip: Mapping[int, Reason],
    started: Callable[[int], None],
    legacy: str = "auto",
) -> LoadedProgram:
    """Run `cells` in this process, for good: builtins are patched, stubs and companions become importable.

    `aliases` maps contract names to the names that stand in for them (dotted: an attribute). `started(i)` is called
    before statement i: the supervisor ends a child that swallows the soft limit, and the next one leaves out i for the
    reason in `skip`. One statement may take a quarter of `budget_s`, and 0.1 s once that is spent. Student code makes
    it raise nothing. `legacy`: whether a flat program may run under the layer for old PyTorch (see `flat.load`).
    """
    finder = CompanionFinder({companion["name"]: companion["source"] for companion in companions})
    finder.install()
    stubs.install()  # last: asked before the companions are
    parsed = parse_cells(cells)
    for filename, source in parsed.sources.items():
        register_source(filename, source)
    script = any(cell["number"] is None for cell in cells)
    loaded = LoadedProgram(fresh_namespace(script=script))
    theirs = {function: aliases.get(function, function) for function in CONTRACT}
    places = {statement.filename: statement.cell for statement in parsed.statements}
    filenames = frozenset(places) | finder.filenames
    loaded.files = {**dict.fromkeys(finder.filenames), **places}
    alarm = Alarm()
    runner = Runner(loaded.namespace, alarm, filenames)
    clock = _Clock(budget_s)
    flat = looks_flat(parsed.statements, theirs, [companion["source"] for companion in companions])
    if flat and not _loses_training(parsed, theirs):
        _load_flat(loaded, parsed, runner, clock, aliases, legacy, skip, started)
        return loaded
    bindings = _Bindings(loaded.namespace, [name.split(".")[0] for name in theirs.values()])
    failed = _run_all(parsed, runner, bindings, clock, skip, started)
    loaded.notices = _capped([*parsed.notices, *(notice for notice, _ in failed)])
    with suppress(BaseException):  # what was found so far stands
        alarm.run(lambda: _survey(loaded, bindings, theirs, places), _SURVEY_S)
    missing = {function: name.split(".")[0] for function, name in theirs.items() if function not in loaded.functions}
    if missing:
        texts = [(notice, _text_of(statement, parsed)) for notice, statement in failed]
        whole = parsed.unread[0][0] if parsed.unread and not parsed.statements else None
        tell_losses(missing, [*texts, *parsed.unread], whole=whole)
    known = frozenset(theirs.values())
    loaded.others = own_functions(loaded.namespace, filenames, known)
    return loaded


def _load_flat(  # noqa: PLR0913, PLR0917 - one call, the parts of a load
    loaded: LoadedProgram,
    parsed: Parsed,
    runner: Runner,
    clock: _Clock,
    aliases: Mapping[str, str],
    legacy: str,
    skip: Mapping[int, Reason],
    started: Callable[[int], None],
) -> None:
    left_out: dict[int, LoadNotice] = {index: {**reason, "cell": None, "line": None} for index, reason in skip.items()}
    script, notices = load_flat(
        parsed.statements,
        runner,
        mapping=aliases,
        mode=legacy,
        share_s=clock.share_s,
        skip=left_out,
        started=started,
    )
    loaded.notices = _capped(parsed.notices + notices)
    loaded.functions = {"flat.run": script.run, "flat.helper": script.helper}
    loaded.flat = facts(script, loaded.files)
