"""Inject every fault, and say what came of it: `python tests/faults/run.py [--only GLOB] [--jobs N]`.

Each fault runs the real command in folders of its own, under a process that adopts whatever is left behind. Allowed
are the right result (timings and isolation apart), or exit status 3 with a sentence and no score; after a signal, no
score. Exit status 1 if anything else came of it, or anything is left.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path

from fault_kit import Fault, Place, Tried, adopt_orphans, baseline_of, try_fault
from fault_machine import FAULTS as MACHINE
from fault_processes import FAULTS as PROCESSES

FAULTS: tuple[Fault, ...] = (*PROCESSES, *MACHINE)
_ONE_S = 240.0


def _prepare(root: Path) -> None:
    place = Place(root / "first")
    place.grade()  # builds the bank
    (root / "right.json").write_text(json.dumps(baseline_of(place)), encoding="utf-8")
    place.cache.rename(root / "cache")


def _alone(name: str, root: Path) -> Tried:
    """Try one fault in this process, which adopts what is left."""
    adopt_orphans()
    fault = next(fault for fault in FAULTS if fault.name == name)
    right = json.loads((root / "right.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=root) as folder:
        return try_fault(fault, Place(Path(folder) / "place", root / "cache"), right)


def _in_a_process_of_its_own(fault: Fault, root: Path) -> Tried:
    command = [sys.executable, __file__, "--one", fault.name, "--root", str(root)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=_ONE_S)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return Tried(fault.name, fault.what, problems=(f"could not be tried: {said}",))
    tried = json.loads(done.stdout)
    lists = {key: tuple(tried[key]) for key in ("strays", "files", "lost", "problems")}
    return Tried(**{**tried, **lists})


def try_all(faults: Sequence[Fault], *, jobs: int = 2) -> Iterator[Tried]:
    """What came of each, in order."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, ThreadPoolExecutor(jobs) as pool:
        root = Path(folder)
        _prepare(root)
        yield from pool.map(lambda fault: _in_a_process_of_its_own(fault, root), faults)


def _row(tried: Tried) -> str:
    if tried.skipped:
        return f"{tried.name:<32} skipped: {tried.skipped}"
    verdict = "WRONG" if tried.problems else "ok"
    counts = f"{len(tried.strays)} processes, {len(tried.files)} files"
    row = f"{tried.name:<32} {verdict:<6} {tried.outcome:<12} exit {tried.code:<4} left: {counts}  {tried.said}"
    return "\n".join([row[:200], *(f"    {problem}" for problem in tried.problems)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*", metavar="GLOB")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(asdict(_alone(given.one, given.root))))
        return 0
    every = []
    for tried in try_all([fault for fault in FAULTS if fnmatch(fault.name, given.only)], jobs=given.jobs):
        print(_row(tried), flush=True)
        every.append(tried)
    wrong = [tried for tried in every if tried.problems]
    skipped = sum(bool(tried.skipped) for tried in every)
    strays, files, lost = (sum(len(getattr(tried, name)) for tried in every) for name in ("strays", "files", "lost"))
    print(
        f"\n{len(every)} faults, {len(every) - skipped - len(wrong)} as they should be, {skipped} not possible here, "
        f"{len(wrong)} wrong; left behind: {strays} processes, {files} files "
        f"(and {lost} that nobody was left to remove: SIGKILL to the command itself)"
    )
    return 1 if wrong or not every else 0


if __name__ == "__main__":
    sys.exit(main())
