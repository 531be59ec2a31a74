"""The hostile corpus: tries every attack and prints what became of it.

    python tests/hostile/run.py [--level strong|standard-docker|standard-ubuntu|standard-root]
                                [--user root|ordinary] [--only GLOB] [--on-only] [-v]

Prints attacks tried and stopped, by which layer, and those that succeed once their layers are off. Exit status 1 if
one got through that the threat model does not name, ended without the verdict its file names, or, at strong, does not
succeed with its layers off (an attack that never could shows nothing). See `attack.py` for what an attack is.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import argparse
import fnmatch
import importlib
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from attack import FAMILIES, LAYERS, all_attacks
from harness import Harness, Tried
from levels import LEVELS, USERS, as_user, enter, here, is_there

_HERE = Path(__file__).resolve().parent
__all__ = ["all_scenes", "summary", "trials"]


def all_scenes() -> list[Any]:
    """Every staged attack: those that need files around the submission."""
    modules = sorted(path.stem for path in (_HERE / "scenes").glob("*.py") if path.stem != "stage")
    return [scene for name in modules for scene in importlib.import_module(f"scenes.{name}").SCENES]


def trials(level: str, user: str, only: str, *, off: bool = True) -> Iterator[Tried]:
    """Try every attack that `only` matches, one after another."""
    wanted = [attack for attack in all_attacks() if fnmatch.fnmatch(str(attack), only)]
    if wanted:
        with Harness(level=level, user=user) as harness:
            print(harness.in_force, flush=True)
            for attack in wanted:
                yield harness.attempt(attack, off=off)
            print(f"published as a student may see it: {harness.published}", flush=True)
    for scene in all_scenes():
        if fnmatch.fnmatch(str(scene.attack), only):
            yield scene.attempt(level=level, user=user, off=off)


def state(tried: Tried) -> str:
    """What became of the attack, in a word."""
    if tried.stopped:
        return "stopped"
    if tried.allowed:
        return "allowed"
    return "THROUGH" if tried.on.succeeded else "UNNAMED"


def row(tried: Tried) -> str:
    """One line of the table."""
    off = "-" if tried.off is None else "yes" if tried.off.succeeded else "NO"
    layers = ", ".join(tried.attack.stopped_by)
    signs = "" if tried.stopped else "; ".join(tried.on.signs)
    return f"{tried.attack!s:36} {state(tried):8} {tried.on.verdict:26.26} off: {off:4} {layers}  {signs}".rstrip()


def bad(tried: Tried) -> bool:
    """Whether it is more than the threat model allows, or shows nothing."""
    return not (tried.stopped or tried.allowed) or (tried.level == "strong" and not tried.real)


def summary(all_tried: list[Tried], level: str, user: str, wall_s: float) -> str:
    """The totals."""
    states = Counter(state(tried) for tried in all_tried)
    off = [tried for tried in all_tried if tried.off is not None]
    lines = [f"level {level}, user {user}: {len(all_tried)} attacks tried in {wall_s:.0f} s"]
    lines += [f"  {name:9} {states[name]:4}" for name in ("stopped", "allowed", "THROUGH", "UNNAMED")]
    lines.append(f"  succeed with their layers off: {sum(tried.real for tried in off)} of {len(off)}")
    lines.append("by family: stopped of tried")
    for family in FAMILIES:
        mine = [tried for tried in all_tried if tried.attack.family == family]
        if mine:
            lines.append(f"  {family:13} {sum(tried.stopped for tried in mine):4} of {len(mine)}")
    lines.append("by layer: attacks that it helps to stop, and that nothing else stops")
    for layer in LAYERS:
        named = [tried.attack for tried in all_tried if layer in tried.attack.stopped_by]
        if named:
            lines.append(f"  {layer:13} {len(named):4} {sum(len(attack.stopped_by) == 1 for attack in named):4}")
    return "\n".join(lines)


def main() -> int:
    """Try what the command line says; the exit status."""
    parser = argparse.ArgumentParser(description="Try the hostile corpus on this machine.")
    parser.add_argument("--level", choices=LEVELS, default="strong")
    parser.add_argument("--user", choices=USERS, default=here())
    parser.add_argument("--only", default="*", metavar="GLOB", help="family/name, as in steal/*")
    parser.add_argument("--on-only", action="store_true", help="do not try with layers off")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="a line for every attack, not only for what is odd"
    )
    options = parser.parse_args()
    if not is_there(options.user, options.level):
        with as_user(options.user, [sys.executable, str(Path(__file__).resolve()), *sys.argv[1:]]) as command:
            return subprocess.run(command, check=False).returncode
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    enter(options.level)
    started, all_tried = time.monotonic(), []
    for tried in trials(options.level, options.user, options.only, off=not options.on_only):
        all_tried.append(tried)
        if options.verbose or bad(tried):
            print(row(tried), flush=True)
    print(summary(all_tried, options.level, options.user, time.monotonic() - started))
    return int(not all_tried or any(map(bad, all_tried)))


if __name__ == "__main__":
    sys.exit(main())
