"""Killed at any moment, the same command goes on where it stopped, and writes what it would have written."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.cohort.store import FILE_NAME, Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
EXAMPLES = ROOT / "student_template" / "examples"
CHILDREN = {"PYTHONPATH": f"{HERE}:{ROOT}"}
MOMENTS = 5


def begin(folder, out, jobs):
    command = [sys.executable, str(HERE / "victim.py"), str(folder), str(out), str(jobs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **CHILDREN})


def finish(folder, out, jobs=0):
    """Let it run to its end; what it wrote, and how many it judged."""
    with begin(folder, out, jobs) as process:
        said, _ = process.communicate()
    assert process.returncode == 0
    return (out / "results.json").read_bytes(), int(said.split()[-1])


def kill_after(folder, out, jobs, done, then_s=0.0):
    """Kill it once so many files are done, and a moment more; how many it said were done."""
    with begin(folder, out, jobs) as process:
        said = 0
        for line in process.stdout:
            said = int(line)
            if said >= done:
                break
        time.sleep(then_s)
        process.kill()
    return said


@pytest.fixture
def forty(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    for number in range(40):
        failing = "# fails: train\n" if number % 3 else ""
        (folder / f"s{number:02}.py").write_text(f"{failing}# {number % 30}\n")  # ten of them twice
    (folder / "s07.py").write_text("")
    (folder / "s09.py").write_text("# fault\n")
    return folder


def test_killed_at_random_moments_it_ends_with_the_same_bytes(forty, tmp_path):
    undisturbed, _ = finish(forty, tmp_path / "undisturbed")
    out = tmp_path / "marks"
    dice = random.Random(6)  # noqa: S311 - moments, not secrets
    for _ in range(MOMENTS):
        kill_after(forty, out, 0, dice.randrange(1, 40), dice.uniform(0, 0.01))
        written = out / "results.json"
        assert not written.exists() or written.read_bytes() == undisturbed
    assert finish(forty, out)[0] == undisturbed
    assert sorted(path.name for path in out.iterdir()) == ["results.json", FILE_NAME]


def test_what_was_kept_before_the_kill_is_not_judged_again(forty, tmp_path):
    _, judged = finish(forty, tmp_path / "undisturbed")
    out = tmp_path / "marks"
    kill_after(forty, out, 0, 25)
    with Store(out) as store:
        (kept,) = store._db.execute("SELECT count(*) FROM verdicts").fetchone()
    assert kept >= 20
    _, judged_after = finish(forty, out)
    assert judged_after == judged - kept


# ---------------------------------------------------------------------------- with workers and sandboxes
def descendants(root):
    """Processes below `root` that live, zombies aside."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    family, more = set(), {root}
    while more:
        family |= more
        more = {pid for pid, parent in parents.items() if parent in more} - family
    return family - {root}


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_with_workers_nothing_stays_behind_and_it_goes_on(tmp_path):
    folder, out = tmp_path / "submissions", tmp_path / "marks"
    folder.mkdir()
    for name in ("correct.py", "stub.py"):
        shutil.copy(EXAMPLES / name, folder)
    (folder / "endless.py").write_text("while True:\n    pass\n")  # the others are done while it runs
    with begin(folder, out, 2) as process:
        for line in process.stdout:
            if int(line) == 1:
                break
        family = descendants(process.pid)
        process.kill()
    assert len(family) >= 4  # two workers, their templates
    deadline = time.monotonic() + 10
    while any(map(alive, family)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, family))
    (folder / "endless.py").unlink()
    assert finish(folder, out, 2)[0] == finish(folder, tmp_path / "undisturbed", 1)[0]
