"""Nothing is left: no process and no file, however it ended; and nothing passes from one submission to the next."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from asking import STANDARD, alive, answer, descendants, gone_within, script, subject_of, waited

from grader.errors import SandboxError
from grader.model import Question, TimedOut
from grader.sandbox.inside.scratch import remove_tree, size_of
from grader.sandbox.launch import Switches
from grader.sandbox.levels import Limits
from grader.sandbox.subject import ConfinedSubject
from grader.sandbox.supervisor import Sandbox

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")
both_levels = pytest.mark.parametrize("level", ["strong", "standard"])

LIMITS = Limits(time_s=2.0, factor=30)
TESTS = Path(__file__).resolve().parent


def switches_of(level, **more):
    return Switches(**{**(STANDARD if level == "standard" else {}), **more})


@pytest.fixture(name="tmp")
def _tmp(tmp_path, monkeypatch):
    """A temporary folder of the test's own, so that whatever is left can be seen."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


BUSY = """
import os, time
for name in "ab":
    os.makedirs(f"{name}/c/d")
    open(f"{name}/c/file", "w").write("text")
def relu(S):
    while True: time.sleep(1)
def relu_derivative(S):
    return 7.0
"""


@linux
@both_levels
def test_after_close_no_process_and_no_file_is_left(level, tmp):
    before = descendants()
    with Sandbox(limits=LIMITS, switches=switches_of(level), least=level) as sandbox:
        sandbox.ready()
        subject = ConfinedSubject(sandbox, script(BUSY), {})
        assert answer(subject, "relu_derivative").value == 7.0
        sandbox.prepare()
        ours = descendants() - before
        assert len(ours) >= 2  # a template and a child, if not the next one
        assert (list(tmp.iterdir()) == []) is (level == "strong")  # there, nothing is on disk at all
    assert gone_within(ours, 2)
    assert waited(lambda: not list(tmp.iterdir()), 2)


@linux
@both_levels
def test_a_child_that_was_closed_is_gone_before_long_and_its_files_with_it(level, tmp):
    before = descendants()
    with Sandbox(limits=LIMITS, switches=switches_of(level), least=level) as sandbox:
        sandbox.ready()
        template = descendants() - before
        with subject_of(sandbox, BUSY) as subject:
            assert answer(subject, "relu", limit_s=0.2) == TimedOut(0.2)
            assert answer(subject, "relu_derivative").value == 7.0
            child = descendants() - before - template
            assert len(child) == 1
        assert gone_within(child, 2)
        assert waited(lambda: not list(tmp.glob("*/scratch/*")), 2)
        assert alive(template) == template


DAEMONS = """
import os, sys, time
def relu(S):
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True: time.sleep(1)
            os._exit(0)
    time.sleep(0.2)
    return 1.0
"""


@linux
@both_levels
def test_the_whole_tree_goes_even_where_a_child_can_fork(level):
    before = descendants()
    with Sandbox(limits=LIMITS, switches=switches_of(level, seccomp=False), least="none") as sandbox:
        sandbox.examine()
        template = descendants() - before
        with subject_of(sandbox, DAEMONS) as subject:
            assert answer(subject, "relu").value == 1.0
            tree = descendants() - before - template
            assert len(tree) >= 4
        assert gone_within(tree, 3)
        assert alive(template) == template


# ---------------------------------------------------------------------------- killed from outside
SUPERVISOR = """
import sys
from asking import script
from grader.model import Question
from grader.sandbox.launch import Switches
from grader.sandbox.subject import ConfinedSubject
from grader.sandbox.supervisor import Sandbox
sandbox = Sandbox(switches=Switches(**{switches!r}), least="standard")
sandbox.ready()
subject = ConfinedSubject(sandbox, script({source!r}), {{}})
subject.loaded
sandbox.prepare()
print("ready", flush=True)
list(subject.ask([Question("relu", (0.0,))], limit_s=30))
"""


@linux
@both_levels
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_killed_supervisor_leaves_nothing(level, name, tmp):
    code = SUPERVISOR.format(switches={} if level == "strong" else STANDARD, source=BUSY)
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "TMPDIR": str(tmp)}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    with process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.1)
        ours = descendants(process.pid)
        assert len(ours) >= 2
        process.send_signal(getattr(signal, name))
    assert gone_within(ours, 5)
    assert waited(lambda: not list(tmp.iterdir()), 5)


@linux
@both_levels
def test_a_killed_template_is_a_fault_of_ours_and_leaves_nothing(level, tmp):
    before = descendants()
    sandbox = Sandbox(limits=LIMITS, switches=switches_of(level), least=level)
    sandbox.ready()
    subject = ConfinedSubject(sandbox, script(BUSY), {})
    assert subject.loaded.defined
    ours = descendants() - before
    threading.Timer(0.2, sandbox._template._process.kill).start()
    with pytest.raises(SandboxError):
        list(subject.ask([Question("relu", (0.0,))], limit_s=20))
    with pytest.raises(SandboxError):
        sandbox.spawn()
    subject.close()
    sandbox.close()
    assert gone_within(ours, 2)
    assert waited(lambda: not list(tmp.iterdir()), 2)


@linux
def test_ends_that_nobody_asks_for_do_not_pile_up():
    """The template would stop, once its socket is full, with the 280th submission of a class."""
    with Sandbox(limits=LIMITS) as sandbox:
        sandbox.ready()
        for _ in range(4):
            sandbox.spawn().close("forget")
        assert waited(lambda: sandbox._template.answers_within(0), 2)
        time.sleep(0.2)
        sandbox.spawn().close("kill")
        assert not sandbox._template.answers_within(0.1)
        assert sandbox._ended == {}
        assert sandbox._forgotten == set()


# ---------------------------------------------------------------------------- from one to the next
FIRST = """
import builtins, os, random, sys, types, numpy, torch
MARKER = "@marker" * 3
KEPT = [MARKER + str(n) for n in range(1000)]
open("left", "w").write(MARKER)
builtins.left = MARKER
sys.modules["left"] = types.ModuleType("left")
os.environ["LEFT"] = MARKER
torch.set_default_dtype(torch.float64)
numpy.seterr(all="raise")
random.seed(9); numpy.random.seed(9); torch.manual_seed(9)
sys.path.append("/left")
torch.Tensor.sum = lambda *a, **k: 0
def relu(S): return len(KEPT)
"""
SECOND = """
import builtins, os, random, sys, numpy, torch
FOUND = [
    bool(os.listdir(".")), hasattr(builtins, "left"), "left" in sys.modules, "LEFT" in os.environ,
    torch.get_default_dtype() == torch.float64, "/left" in sys.path, float(torch.ones(2).sum()) != 2,
    numpy.geterr()["over"] == "raise",
]
DRAWN = [random.random(), float(numpy.random.rand()), float(torch.rand(()))]
def relu(S): return FOUND
def relu_derivative(S): return DRAWN
"""


def held_in_memory(pid, text):
    """Whether process `pid` holds `text` somewhere that it may write to. Root only."""
    regions = [line.split() for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - unbuffered
        for span, access, *_ in regions:
            low, high = (int(part, 16) for part in span.split("-"))
            if access.startswith("rw"):
                try:
                    memory.seek(low)
                    if text in memory.read(high - low):
                        return True
                except (OSError, OverflowError):
                    continue
    return False


@linux
@both_levels
def test_nothing_passes_from_one_submission_to_the_next(level):
    marker = "".join(chr(ord("a") + byte % 26) for byte in os.urandom(16))
    text = marker.encode() * 3
    with Sandbox(limits=LIMITS, switches=switches_of(level), least=level) as sandbox:
        sandbox.ready()
        with subject_of(sandbox, SECOND) as subject:
            fresh = answer(subject, "relu_derivative")
        before = descendants()
        with subject_of(sandbox, FIRST.replace("@marker", marker)) as subject:
            assert answer(subject, "relu").value == 1000
            (child,) = descendants() - before
            if os.getuid() == 0:  # others may not look: neither process may be read by its own user
                assert held_in_memory(child[0], text)
        with subject_of(sandbox, SECOND) as subject:
            assert answer(subject, "relu").value == (False,) * 8
            assert answer(subject, "relu_derivative").value.tolist() == fresh.value.tolist()
        if os.getuid() == 0:
            for pid, _ in descendants() & before:
                assert not held_in_memory(pid, text)


# ---------------------------------------------------------------------------- what a child leaves in its folder
def nested(folder, depth):
    home = Path.cwd()
    os.chdir(folder)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("end").write_bytes(b"x" * 5000)
    os.chdir(home)


def test_a_tree_is_removed_however_deep_or_shut_it_is_and_links_are_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    folder = tmp_path / "scratch"
    folder.mkdir()
    nested(folder, 3000)
    (folder / "link").symlink_to(elsewhere)
    (folder / "dangling").symlink_to("nowhere")
    for mode in (0o000, 0o300, 0o500):
        shut = folder / f"shut{mode}"
        shut.mkdir()
        (shut / "file").touch()
        (shut / "inner").mkdir()
        shut.chmod(mode)
    remove_tree(str(folder))
    assert not folder.exists()
    assert [path.name for path in elsewhere.iterdir()] == ["kept"]
    remove_tree(str(folder))  # twice is no error


def test_the_size_of_a_tree_counts_every_file_and_what_is_too_deep_to_see(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    assert size_of(str(folder), 1 << 30) == 0
    for n in range(10):
        (folder / str(n)).touch()
    assert 10 * 1024 <= size_of(str(folder), 1 << 30) < 200 * 1024
    (folder / "large").write_bytes(bytes(1 << 20))
    assert size_of(str(folder), 1 << 30) > 1 << 20
    assert size_of(str(folder), 1000) > 1000
    nested(folder, 3000)
    assert size_of(str(folder), 1 << 30) == (1 << 30) + 1
    remove_tree(str(folder))
