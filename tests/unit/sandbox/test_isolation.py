"""What confines a child is found out, not configured: all canaries hold, and without a layer its own get through."""

import json
import os
import socket
import sys
from pathlib import Path

import pytest
from asking import STANDARD, answer, subject_of

import users
from grader.errors import DeviceError, IsolationError
from grader.model import Isolation
from grader.sandbox.launch import Switches
from grader.sandbox.levels import LEVELS, Limits, conclude, require, unconfined
from grader.sandbox.supervisor import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

CANARIES = {"read", "stat", "write", "packages", "tcp", "udp", "unix", "fork", "exec", "kill", "memory"}
ALONE = STANDARD

# what is switched off -> the canaries that get through, the level that is left
MATRIX = {
    "nothing": ({}, set(), "strong"),
    "namespaces": (ALONE, {"stat"}, "standard"),
    "landlock": ({"landlock": False}, set(), "standard"),
    "seccomp": ({"seccomp": False}, {"fork", "exec"}, "basic"),
    "rlimits": ({"rlimits": False}, {"memory"}, "basic"),
    "namespaces and landlock": ({**ALONE, "landlock": False}, {"read", "stat", "write"}, "basic"),
    "namespaces and seccomp": ({**ALONE, "seccomp": False}, {"fork", "exec", "stat", "udp", "unix"}, "basic"),
    "namespaces and rlimits": ({**ALONE, "rlimits": False}, {"memory", "stat"}, "basic"),
}


def examined(switches):
    with Sandbox(switches=Switches(**switches), least="none") as sandbox:
        return sandbox.examine()


def let_through(canaries):
    return {name for name, held in canaries if not held}


@pytest.mark.parametrize("off", MATRIX)
def test_without_a_layer_its_canaries_get_through_and_the_level_drops(off):
    switches, through, level = MATRIX[off]
    found = examined(switches)
    assert {name for name, _ in found.canaries} == CANARIES
    assert let_through(found.canaries) == through
    assert found.level == level
    for name in ("namespaces", "landlock", "seccomp", "rlimits"):
        on = switches.get(name, True)
        assert (name in found.layers) is on
        assert (name in dict(found.missing)) is not on


_AS_USER = """
import json
from grader.sandbox.launch import Switches
from grader.sandbox.supervisor import Sandbox
for switches in {switches!r}:
    with Sandbox(switches=Switches(**switches), least="none") as sandbox:
        found = sandbox.examine()
    print(json.dumps([found.level, [name for name, held in found.canaries if not held]]))
"""


def test_an_ordinary_user_is_confined_as_well_as_root():
    rows = [MATRIX[off] for off in ("nothing", "namespaces", "namespaces and landlock", "namespaces and seccomp")]
    printed = users.run_python(_AS_USER.format(switches=[switches for switches, _, _ in rows]))
    found = [json.loads(line) for line in printed.splitlines()]
    assert [(level, set(through)) for level, through in found] == [(level, through) for _, through, level in rows]


_WHO = "import os\ndef relu(S):\n    return os.getuid()\n"
_AS_OPEN_ROOT = f"""
import json
from grader.model import Cell, Program, Question
from grader.sandbox.launch import Switches
from grader.sandbox.subject import ConfinedSubject
from grader.sandbox.supervisor import Sandbox
for setuid in (True, False):
    with Sandbox(switches=Switches(namespaces=False, landlock=False, setuid=setuid), least="none") as sandbox:
        found = sandbox.examine()
        subject = ConfinedSubject(sandbox, Program("x", "0", "script", (Cell({_WHO!r}),)), {{}})
        (uid,) = subject.ask([Question("relu", (0.0,))], limit_s=5)
        subject.close()
    print(json.dumps([uid.value, [name for name, held in found.canaries if not held]]))
"""


def test_roots_children_are_nobodys_where_there_are_no_namespaces():
    printed = users.run_python(_AS_OPEN_ROOT, uid=0)
    (other, with_setuid), (root, without) = [json.loads(line) for line in printed.splitlines()]
    assert other != 0
    assert "read" not in with_setuid
    assert (root, "read" in without) == (0, True)


# ---------------------------------------------------------------------------- what is asked for
def test_too_little_isolation_is_refused_with_the_probe_that_failed_and_what_helps():
    switches = Switches(**ALONE, landlock=False)
    with Sandbox(switches=switches, least="standard") as sandbox, pytest.raises(IsolationError) as refused:
        sandbox.ready()
    text = str(refused.value)
    assert "isolation standard was asked for, basic is what this machine gives" in text
    assert "not prevented: read, stat, write" in text
    assert "landlock: switched off" in text
    assert "What helps: Landlock needs Linux 5.13" in text


@pytest.mark.parametrize("least", LEVELS)
@pytest.mark.parametrize("level", LEVELS)
def test_at_least_the_level_asked_for_is_enough(level, least):
    found = Isolation(level, ("process",))
    if LEVELS.index(level) >= LEVELS.index(least):
        require(found, least)
    else:
        with pytest.raises(IsolationError, match=f"isolation {least} was asked for, {level} is what"):
            require(found, least)


def test_without_any_confinement_the_ways_on_are_named():
    with pytest.raises(IsolationError) as refused:
        require(unconfined("basic"), "standard")
    assert all(way in str(refused.value) for way in ("Linux", "WSL2", "--isolation basic", "unconfined"))


def test_a_canary_that_got_through_weighs_more_than_every_layer():
    facts = dict.fromkeys(("namespaces", "landlock", "seccomp", "rlimits"), True)
    held = dict.fromkeys(CANARIES, True)
    assert conclude(facts, held).level == "strong"
    assert conclude(facts, {**held, "stat": False}).level == "standard"
    for name in CANARIES - {"stat"}:
        assert conclude(facts, {**held, name: False}).level == "basic"


def test_a_missing_device_is_no_fault_of_isolation():
    with Sandbox(device="mps") as sandbox, pytest.raises(DeviceError, match=r"--device mps .* no such device"):
        sandbox.ready()


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="this machine has a CUDA device")
def test_cuda_without_a_gpu_is_refused():
    with Sandbox(device="cuda") as sandbox, pytest.raises(DeviceError, match=r"--device cuda .* --device cpu"):
        sandbox.ready()


# ---------------------------------------------------------------------------- ways around a layer
_AROUND = '''
import os, socket
def relu(S):
    """What each attempt gives: 0 where it was refused."""
    return [attempt(f) for f in (post, truncate, truncate_on_opening, hide_a_folder, hide_what_is_made)]

def attempt(action):
    try:
        return 1 + (action() or 0)
    except OSError:
        return 0

def post():
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ends[0].sendto(b"x", "@door")

def truncate():
    open("own", "w").write("text")
    os.truncate("own", 0)

def truncate_on_opening():
    open("own", "w").write("text")
    os.close(os.open("own", os.O_RDONLY | os.O_TRUNC))

def hide_a_folder():
    os.mkdir("hidden", 0o300)

def hide_what_is_made():
    os.umask(0o700)
    os.mkdir("made")
    if os.stat("made").st_mode & 0o700 == 0o700:
        raise OSError
'''


@pytest.mark.parametrize("seccomp", [True, False])
def test_seccomp_stops_what_landlock_and_quotas_miss(seccomp, tmp_path_factory):
    door = tmp_path_factory.mktemp("door")
    path = door / "letters"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as letters:
        letters.bind(str(path))
        source = _AROUND.replace("@door", str(path))
        with Sandbox(switches=Switches(**ALONE, seccomp=seccomp), least="none", limits=Limits(time_s=2)) as sandbox:
            sandbox.examine()
            with subject_of(sandbox, source) as subject:
                seen = answer(subject, "relu")
    assert seen.value == ((0,) * 5 if seccomp else (1,) * 5)


_KEEPING = """
import mmap, os, shutil, tempfile
def relu(S):
    return [int(bool(attempt(f))) for f in (remove, unnamed, replace, remove_folder)]

def attempt(action):
    try:
        return action()
    except OSError:
        return False

def remove():
    open("own", "w").write("text")
    os.unlink("own")
    return not os.path.exists("own")

def unnamed():
    return os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)

def replace():
    open("new", "w").write("text")
    os.replace("new", "own")
    return True

def remove_folder():
    os.mkdir("folder")
    os.rmdir("folder")
    return not os.path.exists("folder")

def relu_derivative(S):
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as one, tempfile.NamedTemporaryFile() as two:
        one.write(b"text")
        two.write(b"text")
        open("from", "w").write("text")
        shutil.move("from", os.path.join(folder, "to"))
        return len(open(os.path.join(folder, "to")).read())
"""


@pytest.mark.parametrize("off", [{}, ALONE, {**ALONE, "seccomp": False}])
def test_where_scratch_is_counted_by_name_no_file_loses_its_own(off):
    """What has no name takes room that nobody sees; with namespaces, or without seccomp, files go as they always do."""
    with Sandbox(switches=Switches(**off), least="none", limits=Limits(time_s=2)) as sandbox:
        sandbox.examine()
        with subject_of(sandbox, _KEEPING) as subject:
            assert answer(subject, "relu").value == ((0,) * 4 if off == ALONE else (1,) * 4)
            assert answer(subject, "relu_derivative").value == 4


_UNCATCHABLE = """
import os, signal
def relu(S):
    os.kill(os.getpid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGKILL)
    return 1.0
"""


@pytest.mark.parametrize("off", [{}, ALONE])
def test_a_process_cannot_pretend_that_the_kernel_ended_it(off):
    with Sandbox(switches=Switches(**off), limits=Limits(time_s=2)) as sandbox:
        sandbox.ready()
        with subject_of(sandbox, _UNCATCHABLE) as subject:
            assert answer(subject, "relu").value == 1.0


def test_the_supervisors_own_environment_stays_outside(monkeypatch):
    monkeypatch.setenv("GRADE_UNSEEN", "hunter")
    source = "import os\ndef relu(S):\n    return 'GRADE_UNSEEN' in os.environ or 'hunter' in str(os.environ)\n"
    with Sandbox(limits=Limits(time_s=2)) as sandbox:
        sandbox.ready()
        with subject_of(sandbox, source) as subject:
            assert answer(subject, "relu").value is False
    assert os.environ["GRADE_UNSEEN"] == "hunter"
