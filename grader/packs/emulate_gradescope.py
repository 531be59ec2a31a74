"""Run what `grader pack gradescope` made as the platform would: its folders, its limits, its container."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from grader.errors import GraderError, UsageError
from grader.packs.cgroups import Group, cgroups
from grader.packs.container import ENTERED, Container
from grader.packs.emulated_room import covered, hand_in, lay_out, python_here, shown, stand_in_environment
from grader.packs.gradescope_layout import HOME, ROOT, Layout
from grader.packs.gradescope_results import problems, read_results
from grader.packs.measure import memory_of_tree
from grader.sandbox.inside.scratch import remove_tree

__all__ = ["CPUS", "MEMORY_BYTES", "TIMEOUT_S", "Emulated", "Place", "Wanted", "gradescope"]

MEMORY_BYTES = 768 << 20
CPUS = 0.5
TIMEOUT_S = 600.0

_LOOK_EVERY_S = 0.1
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED_ON = ("PIP_", "BPTT_TORCH_INDEX", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE")
_SETUP_S = 1800


@dataclass(frozen=True)
class Wanted:
    """What to emulate: `setup` runs `setup.sh` for real, `landlock` False hides Landlock from what runs."""

    archive: Path
    setup: bool = False
    landlock: bool = True
    timeout_s: float = TIMEOUT_S
    cpus: float = CPUS


@dataclass(frozen=True)
class Emulated:
    """How a run ended: `results` as read, None where there are none; `problems` is why the platform refuses them.

    `ended` says who ended it: itself, the time-out, or the memory limit. `enforced` names limits and places that were
    as on the platform; `printed` is what the teacher sees there, ours alone.
    """

    status: int
    wall_s: float
    peak_bytes: int
    results: Any
    problems: tuple[str, ...]
    printed: str
    ended: Literal["itself", "time-out", "memory"] = "itself"
    enforced: frozenset[str] = field(default_factory=frozenset)

    @property
    def scored(self) -> bool:
        """Whether the platform would show a mark."""
        return self.status == 0 and not self.problems and isinstance(self.results, dict) and "score" in self.results


@contextmanager
def gradescope(wanted: Wanted, keep: Path | None = None) -> Iterator[Place]:
    """The platform, set up with the archive; `keep` is a folder, not there yet, that stays behind.

    Raises UsageError for what cannot be used, GraderError where the set-up fails or this is no Linux.
    """
    if sys.platform != "linux":
        raise GraderError("the platform can be emulated on Linux only (WSL2 is Linux)")
    with _folder(keep) as root:
        place = Place(root, wanted)
        place.set_up()
        yield place


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        if keep.exists():
            raise UsageError(f"--keep {keep}: exists already: name a folder that does not")
        keep.mkdir(parents=True)
        yield keep.resolve()
        return
    folder = tempfile.mkdtemp(prefix="bptt-emulate-")
    try:
        yield Path(folder).resolve()
    finally:
        remove_tree(folder)


@dataclass(frozen=True)
class _Ran:
    status: int
    wall_s: float
    peak_bytes: int
    printed: str
    ended: Literal["itself", "time-out", "memory"]


class Place:
    """One emulated container; `on_disk` is where its folders are, `seen` where what runs in it finds them."""

    def __init__(self, root: Path, wanted: Wanted) -> None:
        self._root, self._wanted = root, wanted
        root.chmod(0o755)
        self.on_disk = Layout(root / ROOT.relative_to("/"), root / HOME.relative_to("/"))
        for name, mode in (("tmp", 0o1777), ("var/tmp", 0o1777), ("root", 0o755), ("run", 0o755)):
            (root / name).mkdir(parents=True)
            (root / name).chmod(mode)
        self.contained = self._can_be_a_container()
        self.seen = Layout() if self.contained else self.on_disk
        if not self.contained and not wanted.landlock:
            raise GraderError("--no-landlock: this machine lets nobody make the container that it takes")

    def _can_be_a_container(self) -> bool:
        return self._start(("/bin/true",), Group(), contained=True)[1]

    def _start(
        self, command: tuple[str, ...], group: Group, *, contained: bool
    ) -> tuple[subprocess.Popen[bytes], bool]:
        """Start `command`; whether it really is in a container."""
        environment = self._environment(contained=contained)
        if not contained:
            return self._popen(list(command), environment, ()), False
        heard, told = os.pipe()
        try:
            container = Container(
                root=str(self._root),
                command=command,
                environment=environment,
                folder="/",
                told=told,
                shown=shown(),
                covered=() if self._wanted.setup else covered(),
                cgroups=tuple(map(str, group.procs)),
                landlock=self._wanted.landlock,
            )
            process = self._popen(container.as_command(), dict(os.environ), (told,))
        finally:
            os.close(told)
        with os.fdopen(heard, "rb") as pipe:
            entered = pipe.read(len(ENTERED)) == ENTERED
        if not entered or command == ("/bin/true",):
            process.wait()
        return process, entered

    def _popen(
        self, command: list[str], environment: dict[str, str], pass_fds: tuple[int, ...]
    ) -> subprocess.Popen[bytes]:
        with (self._root / "printed").open("wb") as printed:
            return subprocess.Popen(  # noqa: S603 - what the pack holds, in its place
                command,
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
                start_new_session=True,
            )

    def _environment(self, *, contained: bool) -> dict[str, str]:
        environment = {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8", "BPTT_PYTHON": python_here()}
        if not contained:
            environment |= {"BPTT_AUTOGRADER": str(self.on_disk.root), "BPTT_HOME": str(self.on_disk.home)}
        if self._wanted.setup:
            environment |= {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
        return environment

    # ------------------------------------------------------------------ running
    def set_up(self) -> None:
        """Do once what the platform does when it builds the autograder. Raises UsageError, GraderError."""
        lay_out(self.on_disk, self._wanted.archive)
        if self._wanted.setup:
            self._run(("/bin/bash", f"{self.seen.source}/setup.sh"), limit_s=_SETUP_S, what="setup.sh")
        else:
            stand_in_environment(self.on_disk)
            check = (f"{self.seen.source}/run_autograder", "--check")
            self._run(check, limit_s=self._wanted.timeout_s, what="run_autograder --check")

    def _run(self, command: tuple[str, ...], *, limit_s: float, what: str) -> None:
        """Run a part of the set-up, which has no limit but time. Raises GraderError, with what it said, if it fails."""
        ran = self._watch(command, Group(), limit_s)
        if ran.ended == "time-out":
            raise GraderError(f"{what} did not end within {limit_s:.0f} s: {_last(ran.printed)}")
        if ran.status:
            raise GraderError(f"{what} failed (status {ran.status}): {_last(ran.printed)}")

    def grade(self, submission: Sequence[Path], metadata: Path | None = None) -> Emulated:
        """Hand `submission` in, run `run_autograder` under the platform's limits, and read what it left.

        Raises UsageError for files that cannot be read, GraderError where the container cannot be made.
        """
        hand_in(self.on_disk, submission, metadata)
        with cgroups(memory_bytes=MEMORY_BYTES, cpus=self._wanted.cpus) as possible:
            group = possible if self.contained else Group()
            ran = self._watch((f"{self.seen.root}/run_autograder",), group, self._wanted.timeout_s)
            if ran.status and ran.ended == "itself" and group.ran_out_of_memory():
                ran = replace(ran, ended="memory")
        enforced = {name for name, yes in (("memory", group.memory), ("cpu", group.cpu)) if yes}
        results, wrong = _results(self.on_disk.results / "results.json")
        return Emulated(
            status=ran.status,
            wall_s=ran.wall_s,
            peak_bytes=ran.peak_bytes,
            results=results,
            problems=wrong,
            printed=ran.printed,
            ended=ran.ended,
            enforced=frozenset({*enforced, *(("container",) if self.contained else ())}),
        )

    def _watch(self, command: tuple[str, ...], group: Group, limit_s: float) -> _Ran:
        started, peak = time.monotonic(), 0
        ended: Literal["itself", "time-out", "memory"] = "itself"
        process, entered = self._start(command, group, contained=self.contained)
        if self.contained and not entered:
            raise GraderError(f"the emulated container could not be made: {_last(self._printed())}")
        try:
            while process.poll() is None:
                peak = max(peak, memory_of_tree(process.pid))
                if time.monotonic() - started > limit_s:
                    ended = "time-out"
                elif peak > MEMORY_BYTES and not self._wanted.setup:
                    ended = "memory"
                if ended != "itself":
                    _end(process)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_EVERY_S)
        finally:
            _end(process)
            process.wait()
        return _Ran(process.returncode, time.monotonic() - started, peak, self._printed(), ended)

    def _printed(self) -> str:
        return (self._root / "printed").read_text(encoding="utf-8", errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it and, where no container ends with it, what it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _last(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"


def _results(path: Path) -> tuple[Any, tuple[str, ...]]:
    try:
        data = read_results(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, ("there is no results.json",)
    except (OSError, ValueError) as error:
        return None, (f"results.json cannot be read: {error}",)
    return data, problems(data)
