"""What `grader doctor` prints: one screen that says whether this machine can grade, and what would help."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.model import Isolation
from grader.report.as_text import Look, render
from grader.report.clean import clean
from grader.result import DoctorFacts

__all__ = ["doctor_object", "doctor_text"]

SCHEMA_NAME = "grader-doctor/1"


def doctor_object(facts: DoctorFacts) -> dict[str, Any]:
    """Turn the facts into plain JSON data."""
    isolation = facts.isolation
    return {
        "schema": SCHEMA_NAME,
        "healthy": facts.healthy,
        "isolation": {
            "level": isolation.level,
            "layers": list(isolation.layers),
            "missing": [
                {"layer": layer, "reason": clean(reason), "helps": _cleaned(facts.helps.get(layer))}
                for layer, reason in isolation.missing
            ],
            "canaries": dict(isolation.canaries),
        },
        "device": {
            "asked": facts.device,
            "name": clean(facts.device_name),
            "problem": _cleaned(facts.device_problem),
        },
        "cache": {"path": clean(facts.cache_dir), "problem": _cleaned(facts.cache_problem)},
        "versions": dict(facts.versions),
    }


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)


def doctor_text(facts: DoctorFacts, look: Look) -> str:
    """Write the facts on one screen: isolation and why, device, cache, versions, verdict."""
    return render(lambda console: _print(console, facts), look)


def _print(console: Console, facts: DoctorFacts) -> None:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    level = facts.isolation.level
    enough = level in {"standard", "strong"}
    grid.add_row("Isolation", _marked(level, good=enough, note="" if enough else "below standard"))
    if facts.isolation.layers:
        grid.add_row("  layers", Text(", ".join(facts.isolation.layers)))
    for layer, reason in facts.isolation.missing:
        grid.add_row("  without", Text(clean(f"{layer}: {reason}")))
        if layer in facts.helps:
            grid.add_row("  helps", Text(clean(facts.helps[layer])))
    for label, names in _canaries(facts.isolation):
        grid.add_row(label, Text(names))
    grid.add_row("Device", _marked(facts.device, good=facts.device_problem is None, note=facts.device_name))
    if facts.device_problem:
        grid.add_row("", Text(clean(facts.device_problem)))
    grid.add_row("Cache", _marked(clean(facts.cache_dir), good=facts.cache_problem is None, note=""))
    if facts.cache_problem:
        grid.add_row("", Text(clean(facts.cache_problem)))
    versions = ", ".join(f"{name} {version or 'not installed'}" for name, version in facts.versions.items())
    grid.add_row("Versions", Text(clean(versions)))
    console.print(grid)
    console.print()
    console.print(_verdict(facts))


def _marked(text: str, *, good: bool, note: str) -> Text:
    mark = Text("✓ " if good else "✗ ", "green" if good else "red")
    return mark.append(f"{text} ({clean(note)})" if note not in {"", text} else text)


def _canaries(isolation: Isolation) -> list[tuple[str, str]]:
    """What was tried inside the sandbox: what was stopped, and, worse, what was not."""
    stopped = ", ".join(name for name, held in isolation.canaries if held)
    loose = ", ".join(name for name, held in isolation.canaries if not held)
    return [(label, names) for label, names in (("  stopped", stopped), ("  NOT stopped", loose)) if names]


def _verdict(facts: DoctorFacts) -> Text:
    if facts.healthy:
        return Text("This machine can grade.", "bold green")
    lines = []
    if facts.isolation.level not in {"standard", "strong"}:
        advice = "grade on Linux, in WSL2, or accept it with --isolation basic: the marks will say unconfined."
        lines.append(f"This machine cannot confine a submission well enough: {advice}")
    if facts.device_problem:
        lines.append(f"This machine cannot grade on {facts.device}; --device cpu is always there.")
    return Text("\n".join(lines), "bold red")
