"""A flat script, got ready to be asked: made straight, its roles found, run once on its own data."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

from ..parsing import Statement
from ..running import Runner
from ..wording import LoadNotice
from . import legacy
from .roles import Roles, find_roles
from .runs import FlatScript
from .shown import told, with_names
from .straighten import straighten

__all__ = ["facts", "load_flat"]

_MAX_USES = 40
_FUNCTIONS = frozenset({"count_targets", "forward", "bptt_gradients", "train", "predict_counts"})
"""What `mapping` may name that is no part of a flat script."""


def load_flat(  # noqa: PLR0913 - what a run needs, each by name
    statements: Sequence[Statement],
    runner: Runner,
    *,
    mapping: Mapping[str, str],
    mode: str,
    share_s: Callable[[], float],
    skip: Mapping[int, LoadNotice],
    started: Callable[[int], None],
) -> tuple[FlatScript, list[LoadNotice]]:
    """The script after its first run, and what is to be said of it.

    `mode`: "off", "on" or "auto": run under the compatibility layer for old PyTorch and NumPy never, always, or where
    something fails that it may mend; then the whole script starts again.
    """
    straight, roles = _understood(statements, {r: name for r, name in mapping.items() if r not in _FUNCTIONS})
    if mode != "on":
        script = FlatScript(straight, roles)
        wanted = _Watch(runner)
        notices = script.start(wanted, share_s, skip, started)
        if mode == "off" or not wanted.legacy:
            return script, notices
        runner.namespace.clear()
    uses = _Uses(straight)
    legacy.install(uses.note)
    script = FlatScript(straight, roles, rewrite=legacy.mark_legacy)
    notices = script.start(runner, share_s, skip, started)
    uses.open = False
    return script, [*uses.notices(), *notices]


def _understood(statements: Sequence[Statement], mapping: Mapping[str, str]) -> tuple[list[Statement], Roles]:
    """The script made straight, and its roles; taken apart further where its states are kept in functions."""
    straight = straighten(statements)
    roles = find_roles(straight, mapping)
    if not roles.states:
        deeper = straighten(statements, deep=True)
        found = find_roles(deeper, mapping)
        if found.states and set(roles.names) <= {*found.names, "S", "Y"}:
            straight, roles = deeper, found
    if "predictions" in roles.names or roles.loop_at is None:
        return straight, roles
    for other in (with_names(straight, roles.loop_at), straighten(straight, deep=True)):
        found = find_roles(other, mapping)
        if found.names.keys() >= {*roles.names, "predictions"}:
            return other, found
    return straight, roles


class _Watch:
    """A runner that remembers whether something failed that only an old PyTorch or NumPy would have taken."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.namespace = runner.namespace
        self.legacy = False

    def run(self, statement: Statement, limit_s: float) -> LoadNotice | None:
        """Run `statement`; see `Runner.run`."""
        notice = self._runner.run(statement, limit_s)
        error = self._runner.raised
        if error is not None and legacy.looks_legacy(error):
            self.legacy = True
        self._runner.raised = None  # it holds on to frames
        return notice


class _Uses:
    """Where the script leaned on the compatibility layer while it ran for the first time."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._cells = {statement.filename: statement.cell for statement in statements}
        self._found: dict[tuple[str, str, int], None] = {}
        self.open = True

    def note(self, code: str) -> None:
        """Something was mended in the way that `code` names; the place is the script's innermost frame."""
        if not self.open or len(self._found) >= _MAX_USES:
            return
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no other way to know
        while frame is not None and frame.f_code.co_filename not in self._cells:
            frame = frame.f_back
        if frame is not None:
            self._found.setdefault((code, frame.f_code.co_filename, frame.f_lineno))

    def notices(self) -> list[LoadNotice]:
        """A notice for each use and line, in order of line."""
        found = sorted(self._found, key=lambda use: (self._cells[use[1]] or 0, use[2], use[0]))
        return [
            {"code": "flat.legacy", "message": legacy.MODERN[code], "cell": self._cells[filename], "line": line}
            for code, filename, line in found
        ]


def _endless(loop: ast.AST | None) -> bool:
    """Whether a `while` loop asks about names alone that nothing in it changes, and nothing leaves it."""
    if not isinstance(loop, ast.While):
        return False
    parts = list(ast.walk(loop.test))
    if any(isinstance(part, (ast.Call, ast.Attribute, ast.Subscript, ast.NamedExpr)) for part in parts):
        return False
    asked = {part.id for part in parts if isinstance(part, ast.Name)}
    body = [part for node in loop.body for part in ast.walk(node)]
    if any(isinstance(part, (ast.Break, ast.Return, ast.Raise, ast.Call)) and _leaves(part) for part in body):
        return False
    return not any(isinstance(part, ast.Name) and part.id in asked and _changes(part, body) for part in body)


def _leaves(part: ast.AST) -> bool:
    """Whether a statement may end the loop; of calls, only those by name of what ends a program."""
    return not isinstance(part, ast.Call) or (isinstance(part.func, ast.Name) and part.func.id in {"exit", "quit"})


def _changes(name: ast.Name, body: Sequence[ast.AST]) -> bool:
    """Whether a name is bound there, or what it is bound to may change: an item, an attribute, a method of it."""
    if isinstance(name.ctx, ast.Store):
        return True
    return any(isinstance(part, (ast.Attribute, ast.Subscript)) and part.value is name for part in body)


def facts(script: FlatScript, files: Mapping[str, int | None]) -> dict[str, Any]:
    """What the supervisor is told of a flat script."""
    roles, known = script.roles, script.known
    loop = roles.loop
    return {
        "roles": {role: [told(name), roles.how.get(role, "")] for role, name in sorted(roles.names.items())},
        "loop": loop is not None and known.entered,
        "updates": {w: len(found) for w, found in roles.updates.items()},
        "rate": "l_r" in roles.names or bool(roles.rate_literal or roles.rate_inverse),
        "endless": _endless(loop),
        "binary": known.binary,
        "sizes": list(known.sizes) if known.sizes else None,
        "shapes": {role: [list(shape) for container, shape in seen] for role, seen in known.shapes.items()},
        "found": dict(known.found),
        "uninitialised": [[files.get(name), line] for name, line in known.uninitialised[:_MAX_USES] if name in files],
    }
