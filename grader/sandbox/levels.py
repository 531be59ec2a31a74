"""Isolation levels: what each needs, what was found to hold, and what would help where it is too little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from grader.errors import IsolationError
from grader.model import Isolation

__all__ = ["HELP", "LEVELS", "Level", "Limits", "conclude", "require", "unconfined"]

Level = Literal["none", "basic", "standard", "strong"]
LEVELS: tuple[Level, ...] = ("none", "basic", "standard", "strong")

_MIB = 1 << 20
_SHOWN_AT_STANDARD = frozenset({"stat"})  # whether a file exists may show there

HELP = {
    "namespaces": (
        "user namespaces are refused: as an ordinary user set kernel.unprivileged_userns_clone=1 (Debian), "
        "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu 24.04) or user.max_user_namespaces > 0; "
        "in Docker add --security-opt seccomp=unconfined --security-opt apparmor=unconfined"
    ),
    "landlock": "Landlock needs Linux 5.13 or later with landlock in the lsm= boot parameter (Docker: a newer engine)",
    "seccomp": "seccomp filters need Linux 3.17 or later on x86_64 or aarch64, and no outer filter that forbids them",
}


@dataclass(frozen=True)
class Limits:
    """What one submission may use. `time_s` bounds one check's calls, and times `factor` the whole submission."""

    time_s: float = 10.0
    factor: int = 6
    memory_bytes: int = 1024 * _MIB
    output_bytes: int = 1 * _MIB
    scratch_bytes: int = 32 * _MIB

    @property
    def whole_s(self) -> float:
        """Wall seconds for a whole submission."""
        return self.time_s * self.factor


def unconfined(level: Level) -> Isolation:
    """What is in force where a child is only a process of its own."""
    reason = "this system has no confinement that the grader uses: its own process and time limits only"
    return Isolation(level, ("process",), (("confinement", reason),))


def conclude(facts: Mapping[str, Any], held: Mapping[str, bool]) -> Isolation:
    """The level that really is in force: from what was set up, and above all from what the canaries found to hold."""
    present = [name for name in ("namespaces", "landlock", "seccomp", "rlimits", "unused_uid") if facts.get(name)]
    broken = {name for name, ok in held.items() if not ok and name != "device"}
    files_confined = not {"namespaces", "landlock", "unused_uid"}.isdisjoint(present)
    basis = "seccomp" in present and "rlimits" in present and files_confined
    level: Level
    if basis and "namespaces" in present and "landlock" in present and not broken:
        level = "strong"
    elif basis and broken <= _SHOWN_AT_STANDARD:
        level = "standard"
    else:
        level = "basic"
    missing = tuple(sorted((str(k), str(v)) for k, v in dict(facts.get("missing", {})).items()))
    return Isolation(level, tuple(present), missing, tuple(sorted(held.items())))


def require(found: Isolation, least: Level) -> None:
    """Raise IsolationError where `found` is below `least`: which probe failed, and what would help."""
    if LEVELS.index(found.level) >= LEVELS.index(least):
        return
    broken = [name for name, ok in found.canaries if not ok and name != "device"]
    why = []
    if broken:
        why.append("not prevented: " + ", ".join(broken))
    why += [f"{name}: {reason}" for name, reason in found.missing]
    helps = [HELP[name] for name, _ in found.missing if name in HELP]
    if found.layers == ("process",):
        helps.append(
            "grade on Linux (a machine or a virtual one), in WSL2 on Windows, or accept it with "
            "--isolation basic: the marks will say unconfined"
        )
    text = f"isolation {least} was asked for, {found.level} is what this machine gives ({'; '.join(why)})."
    raise IsolationError(" ".join([text, *(f"What helps: {line}." for line in helps)]))
