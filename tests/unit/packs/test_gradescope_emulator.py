"""The emulated Gradescope: what it refuses, what it shows of a run that went wrong, what its container lacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from gradescope_course import EXAMPLES, program, python_in, rezipped

from grader.cli import grader_main
from grader.cli_gradescope import _told
from grader.errors import GraderError
from grader.packs import emulate_gradescope
from grader.packs.cgroups import Group, cgroups
from grader.packs.container import Container
from grader.packs.emulate_gradescope import MEMORY_BYTES, Place, Wanted, gradescope
from grader.sandbox.inside.landlock import abi

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the platform is Linux, and so is what emulates it")
pytest_plugins = ["gradescope_fixtures"]

RIGHT = EXAMPLES / "correct.py"


# ---------------------------------------------------------------------------- what the emulation shows
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"prefix": "autograder/"}, "is not at its root"),
        ({"prefix": "../"}, "is not at its root"),
        ({"without": ["run_autograder"]}, "there is no run_autograder in it"),
        ({"without": ["setup.sh"]}, "there is no setup.sh in it"),
        (None, "cannot be read as a zip"),
    ],
)
def test_an_archive_that_the_platform_could_not_use_is_named(archive, tmp_path, capsys, how, said):
    path = tmp_path / "autograder.zip"
    path.write_text("no zip", encoding="utf-8")
    if how is not None:
        rezipped(archive, path, **how)
    assert grader_main(["emulate", "gradescope", str(path), str(RIGHT)]) == 2
    assert said in capsys.readouterr().err


def test_files_that_are_not_there_are_named(archive, tmp_path, capsys):
    for command in ([tmp_path / "no.zip", RIGHT], [archive, tmp_path / "hw.py"], [archive, RIGHT, "--metadata", "no"]):
        assert grader_main(["emulate", "gradescope", *map(str, command)]) == 2
    assert grader_main(["emulate", "gradescope", str(archive), str(RIGHT), "--keep", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("spoiled", ["mode", "line ends"])
def test_a_program_that_the_platform_could_not_start_fails_the_set_up(archive, tmp_path, spoiled):
    with zipfile.ZipFile(archive) as packed:
        text = packed.read("run_autograder").replace(b"\n", b"\r\n" if spoiled == "line ends" else b"\n")
    mode = 0o644 if spoiled == "mode" else 0o755
    path = rezipped(archive, tmp_path / "autograder.zip", instead={"run_autograder": text}, mode=mode)
    with pytest.raises(GraderError, match="run_autograder --check failed"), gradescope(Wanted(path)):
        pass


HUNGRY = f"""
import sys, time
held = bytearray({MEMORY_BYTES + (64 << 20)})
held[:] = b"x" * len(held)
print("all of it")
time.sleep(30)
"""


@pytest.mark.parametrize("limited_by", ["the kernel", "a look now and then"])
def test_more_memory_than_there_is_ends_the_run_and_is_shown_as_such(place, monkeypatch, limited_by):
    if limited_by == "the kernel":
        with cgroups(memory_bytes=MEMORY_BYTES, cpus=2.0) as group:
            if not group.memory:
                pytest.skip("no control group with a limit of memory can be made here")
        monkeypatch.setattr(emulate_gradescope, "memory_of_tree", lambda _: 1)
    else:
        monkeypatch.setattr(emulate_gradescope, "cgroups", lambda **_: nullcontext(Group()))
    program(place, HUNGRY)
    ran = place.grade([RIGHT])
    assert (ran.ended, ran.scored, ran.problems) == ("memory", False, ("there is no results.json",))
    assert ("memory" in ran.enforced) == (limited_by == "the kernel")
    shown = _told(ran, "hw.py", 600, setup=False)
    assert ", ended by the memory limit\n" in shown
    assert ("not enforced by the kernel here, but watched" in shown) == (limited_by != "the kernel")


def test_a_run_without_end_is_ended_by_the_time_out_and_shown_as_such(place, monkeypatch):
    made = []

    @contextmanager
    def noted(**limits):
        with cgroups(**limits) as group:
            made.extend(group.procs)
            yield group

    monkeypatch.setattr(emulate_gradescope, "cgroups", noted)
    place._wanted = replace(place._wanted, timeout_s=0.3)
    program(place, "import time\ntime.sleep(60)")
    ran = place.grade([RIGHT])
    assert (ran.ended, ran.scored, ran.problems) == ("time-out", False, ("there is no results.json",))
    assert ", ended by the time-out limit\n" in _told(ran, "hw.py", 0.3, setup=False)
    assert not [procs for procs in made if procs.parent.exists()], "a control group is left"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{", "cannot be read"),
        ('{"score": NaN}', "NaN is no number in JSON"),
        ("[]", "an object is expected"),
        ('{"score": "5"}', "score is no number"),
        ('{"score": true}', "score is no number"),
        ('{"score": 5, "points": 5}', "'points' is unknown there"),
        ('{"score": 5, "tests": {}}', "tests: a list of objects is expected"),
        ('{"score": 5, "tests": [{"status": "pass"}]}', "tests[0]: status is none of passed, failed"),
        ('{"score": 5, "visibility": "after_due"}', "visibility is none of hidden"),
        ('{"score": -1, "output": "", "output_format": "text", "tests": []}', "score: -1 is less than the minimum"),
    ],
)
def test_what_the_platform_would_not_take_is_named_and_no_mark(place, written, problem):
    program(place, f"open('{place.seen.results}/results.json', 'w').write({written!r})")
    ran = place.grade([RIGHT])
    assert problem in " ".join(ran.problems)
    assert (ran.status, ran.scored) == (0, False)
    assert problem in " ".join(_told(ran, "hw.py", 600, setup=False).split())


# ---------------------------------------------------------------------------- the container, and none
LACKS = """
import ctypes, json, os, sys
if os.getpid() > 9 or not os.path.isdir("/autograder/source"):
    sys.exit("what follows mounts: never outside of the container")
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    return "yes" if getattr(libc, name)(*arguments) >= 0 else os.strerror(ctypes.get_errno())
def in_a_child(action):
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if action() == "yes" else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
clone = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
def cloned():
    pid = libc.syscall(clone, 0x10000000 | 17, 0, 0, 0, 0)  # CLONE_NEWUSER, SIGCHLD
    if pid == 0:
        os._exit(0)
    return "yes" if pid > 0 and os.waitpid(pid, 0)[1] == 0 else "no"
print(json.dumps({
    "unshare": in_a_child(lambda: call("unshare", 0x20000)),
    "unshare user": in_a_child(lambda: call("unshare", 0x10000000)),
    "clone user": in_a_child(cloned),
    "mount": in_a_child(lambda: call("mount", b"none", b"/autograder/results", b"tmpfs", 0, None)),
    **@LOOKS@,
    "landlock": libc.syscall(444, None, 0, 1) > 0,
}))
"""
LOOKS = """
import json, os, sys
def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
looks = {"others": alive(@OTHER@), "host's files": os.path.exists(@FILE@)}
"""  # harmless anywhere
UNFILTERED = (
    "import sys; from grader.packs import container; "
    "container._give_up_what_a_container_lacks = lambda **_: None; sys.exit(container.main(sys.argv[1]))"
)


def looks(tmp_path):
    return LOOKS.replace("@OTHER@", str(os.getpid())).replace("@FILE@", repr(str(tmp_path)))


def lacks(place, tmp_path):
    """What can be done in the container."""
    if not place.contained:
        pytest.skip("this machine lets nobody make the container")
    code = looks(tmp_path) + LACKS.replace("@LOOKS@", "looks")
    ran = place._watch((python_in(place), "-I", "-c", code), Group(), 30)
    assert ran.status == 0, ran.printed
    return json.loads(ran.printed.splitlines()[-1])


def test_the_container_has_no_way_into_namespaces_or_mounts_and_shows_nothing_of_the_host(place, tmp_path):
    can = lacks(place, tmp_path)
    assert can.pop("landlock") == bool(abi())
    assert set(can.values()) == {False}
    place._wanted = replace(place._wanted, landlock=False)
    assert lacks(place, tmp_path)["landlock"] is False


def test_without_what_is_taken_from_it_there_would_be_those_ways(place, tmp_path, monkeypatch):
    real = Container.as_command
    monkeypatch.setattr(Container, "as_command", lambda self: [sys.executable, "-c", UNFILTERED, real(self)[-1]])
    can = lacks(place, tmp_path)
    ways = {"unshare user", "clone user", *(("unshare", "mount") if os.getuid() == 0 else ())}
    assert {name for name, yes in can.items() if yes} >= ways
    here = looks(tmp_path) + "print(json.dumps(looks))"  # on the host nothing but looks
    done = subprocess.run([sys.executable, "-I", "-c", here], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout).values()) == {True}


@pytest.fixture(name="folders", scope="module")
def _folders(archive):
    """The platform's folders without a container, as where none can be made."""
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setattr(Place, "_can_be_a_container", lambda _: False)
        with (
            pytest.raises(GraderError, match="lets nobody make the container"),
            gradescope(Wanted(archive, landlock=False)),
        ):
            pass
        with gradescope(Wanted(archive)) as place:
            yield place


def test_without_a_container_the_folders_do(folders):
    ran = folders.grade([RIGHT])
    assert (ran.results["score"], ran.problems, ran.enforced) == (100, (), frozenset())
    shown = _told(ran, "hw.py", 600, setup=False)
    assert "none: folders only" in shown
    assert "not enforced here" in shown


def test_without_a_container_a_time_out_ends_every_process_of_the_run(folders):
    real = (folders.on_disk.root / "run_autograder").read_bytes()
    folders._wanted = replace(folders._wanted, timeout_s=0.5)
    program(folders, "import subprocess, time\nsubprocess.Popen(['/bin/sleep', '30'])\ntime.sleep(30)")
    try:
        ran = folders.grade([RIGHT])
    finally:
        (folders.on_disk.root / "run_autograder").write_bytes(real)
        folders._wanted = replace(folders._wanted, timeout_s=600.0)
    assert ran.ended == "time-out"
    deadline = time.monotonic() + 5
    while (left := running(str(folders._root).encode())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def running(mark):
    """Processes with `mark` in their command line or environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes():
                found.append(folder.name)
    return found
