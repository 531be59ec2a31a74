"""A folder that somebody hostile has prepared, the real command run in it, and what a naive one does in its place.

A `Staged` attack needs more than one file, so it is Python: `on` runs the command (`grade`, as people type it) with
everything on, `off` the naive counterpart. Both say what they saw; `attempt` gives the harness's own `Tried`, so that
`run.py` counts and prints staged attacks like all others. A scene module exposes `SCENES: tuple[Staged, ...]`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attack import Attack
from harness import Result, Tried

from grader.cases import PUBLIC_SEED, default_cache_dir, load_or_build
from grader.cases.cache import _cache_key

__all__ = ["RIGHT", "WRONG", "Ran", "Seen", "Stage", "Staged"]

_ROOT = Path(__file__).resolve().parents[3]
RIGHT = _ROOT / "tests" / "twins" / "submissions" / "functional.py"
WRONG = _ROOT / "tests" / "mutants" / "submissions" / "relu_leaky_slope.py"
_WITHIN_S = 60.0


@dataclass(frozen=True)
class Ran:
    """How a command ended: exit status (None: it did not, and was killed), what it printed, how long it took."""

    code: int | None
    out: bytes
    err: bytes
    wall_s: float

    @property
    def results(self) -> list[dict[str, Any]]:
        """The JSON results on stdout; none if it is no JSON."""
        try:
            data = json.loads(self.out)
        except ValueError:
            return []
        return [item for item in (data if isinstance(data, list) else [data]) if isinstance(item, dict)]


@dataclass(frozen=True)
class Seen:
    """What came of a run: `signs` of success (none: it failed), and how it ended, in words."""

    signs: tuple[str, ...]
    ended: str


@dataclass
class Stage:
    """The prepared folder `work` (current folder of every run), `outside` beside it, and a cache of its own."""

    root: Path
    token: str = field(default_factory=lambda: f"canary-{secrets.token_hex(16)}")

    def __post_init__(self) -> None:
        self.work, self.outside, self.home = (self.root / name for name in ("work", "outside", "home"))
        for folder in (self.work, self.outside, self.home):
            folder.mkdir(parents=True)
        self.mark = self.root / "mark"
        self.xdg = self.root / "xdg"
        self.cache = self.xdg / "bptt-grader"

    def submission(self, name: str = "hw.py", source: Path = RIGHT) -> Path:
        path = self.work / name
        shutil.copyfile(source, path)
        return path

    def trap(self, *names: str, folder: Path | None = None) -> None:
        """Python files that leave a mark when they are executed."""
        for name in names:
            path = (folder or self.work) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"open({str(self.mark)!r}, 'a').write(__name__ + ' ')\n", encoding="ascii")

    @property
    def sprung(self) -> tuple[str, ...]:
        """The traps that were executed; they are set again."""
        if not self.mark.exists():
            return ()
        names = self.mark.read_text(encoding="utf-8")
        self.mark.unlink()
        return (f"executed {names}".strip(),)

    def warm(self) -> None:
        """Put a sound case bank into the stage's cache."""
        self.cache.mkdir(parents=True, exist_ok=True)
        load_or_build(PUBLIC_SEED)
        folder = default_cache_dir()
        assert folder is not None
        shutil.copyfile(folder / self.bank.name, self.bank)

    @property
    def bank(self) -> Path:
        """The cached case bank of the public seed."""
        return self.cache / f"{_cache_key(PUBLIC_SEED)}.bank"

    def environment(self, **more: str) -> dict[str, str]:
        names = ("PATH", "PYTHONPATH", "LANG", "XDG_CACHE_HOME", "HOME", "OPENBLAS_CORETYPE")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        own = {"XDG_CACHE_HOME": str(self.xdg)} if self.cache.exists() else {}
        return {**kept, "OMP_NUM_THREADS": "1", "TMPDIR": str(self.home), "NO_COLOR": "1", **own, **more}

    def grade(self, *arguments: str | bytes, module: bool = False, within_s: float = _WITHIN_S, **more: str) -> Ran:
        """Run the command; `module`: as `python -m grader grade`."""
        script = ["-m", "grader", "grade"] if module else [str(self.script)]
        return self.run([sys.executable, *script, *arguments], within_s=within_s, **more)

    @property
    def script(self) -> Path:
        """What pip installs as `grade`: a file in a folder of its own."""
        path = self.root / "bin" / "grade"
        path.parent.mkdir(exist_ok=True)
        path.write_text("import sys\nfrom grader.cli import grade_main\nsys.exit(grade_main())\n", encoding="ascii")
        return path

    def python(self, code: str, *arguments: str, within_s: float = 20.0, **more: str) -> Ran:
        """Run the naive counterpart: `python -c`, as it is."""
        return self.run([sys.executable, "-c", code, *arguments], within_s=within_s, **more)

    def run(self, command: Sequence[str | bytes], *, within_s: float, **more: str) -> Ran:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=self.work,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, err = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return Ran(None, out, err, time.monotonic() - started)
        return Ran(process.returncode, out, err, time.monotonic() - started)


@dataclass(frozen=True)
class Staged:
    """An attack that needs a stage. `ended` says how the run with everything on must end."""

    family: str
    name: str
    goal: str
    stopped_by: tuple[str, ...]
    ended: str
    on: Callable[[Stage], Seen]
    off: Callable[[Stage], Seen]

    @property
    def attack(self) -> Attack:
        """What the table shows of it."""
        verdict = {"run": frozenset({self.ended})}
        stopped_by, off = self.stopped_by, frozenset({"naive"})
        return Attack(self.family, self.name, self.goal, "", "effect", "staged", stopped_by, off, verdict)

    def attempt(self, *, level: str = "strong", user: str = "root", off: bool = True) -> Tried:
        """Try it with everything on and, if asked for, the naive way; each on a stage of its own."""
        on = self._play(self.on)
        return Tried(self.attack, level, user, on, self._play(self.off) if off else None)

    def _play(self, act: Callable[[Stage], Seen]) -> Result:
        with tempfile.TemporaryDirectory(prefix="staged-", ignore_cleanup_errors=True) as folder:
            started = time.monotonic()
            seen = act(Stage(Path(folder) / "stage"))
            wall_s = time.monotonic() - started
        return Result(bool(seen.signs), seen.signs, seen.ended, seen.ended, seen.ended == self.ended, wall_s)
