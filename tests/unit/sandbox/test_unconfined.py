"""Where nothing confines a child it is still a process of its own, with limits of time, and nothing is left of it."""

import sys
import tempfile

import pytest
from asking import answer, answers, descendants, gone_within, script, subject_of, waited

from grader.errors import IsolationError
from grader.model import Answered, Died, Malformed, OutOfMemory, Raised, TimedOut
from grader.sandbox.launch import Template
from grader.sandbox.levels import Limits
from grader.sandbox.subject import ConfinedSubject
from grader.sandbox.supervisor import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks into /proc or at POSIX signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(name="sandbox")
def _sandbox(tmp_path, monkeypatch):
    """A sandbox as on macOS, with a temporary folder of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "darwin")
        template = Template()
    with Sandbox(template=template, least="basic", limits=Limits(time_s=2.0, factor=30)) as sandbox:
        yield sandbox
    assert waited(lambda: not list(tmp_path.iterdir()), 2)


SOURCE = """
import os, subprocess, sys, time
import torch
print("not on the line")
os.makedirs("a/b")
open("a/b/file", "w").write("text")
os.mkdir("shut", 0)
def relu(S):
    print("nor this")
    return S + 1
def relu_derivative(S):
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass
def count_targets(X):
    os._exit(3)
def forward(X):
    return subprocess.Popen([@python, "-c", "import time; time.sleep(60)"]).pid
"""


@linux
def test_it_answers_and_a_hang_or_an_exit_costs_only_itself(sandbox):
    before = descendants()
    with subject_of(sandbox, SOURCE.replace("@python", repr(sys.executable))) as subject:
        assert set(subject.loaded.defined) == {"relu", "relu_derivative", "count_targets", "forward"}
        assert answer(subject, "relu", 1.5).value == 2.5
        first = descendants() - before
        assert answer(subject, "relu_derivative", limit_s=0.3) == TimedOut(0.3)
        assert gone_within(first, 2)
        seen = answers(subject, "relu", "count_targets", "relu")
        assert seen[0].value == 1.0
        assert seen[1:] == [Died("the program ended the process (exit status 3)")]
        started = int(answer(subject, "forward").value)
        tree = descendants() - before
        assert started in {pid for pid, _ in tree}
    assert gone_within(tree, 2)


@linux
def test_what_is_said_of_it_is_that_nothing_confines_it(sandbox):
    found = sandbox.ready()
    assert (found.level, found.layers) == ("basic", ("process",))
    sandbox.least = "standard"
    with pytest.raises(IsolationError, match="--isolation basic"):
        sandbox.ready()


HOSTILE = """
import os
def relu(S): raise ValueError(chr(0xd800))
def relu_derivative(S): return bytearray(1 << 60)
def count_targets(X):
    for fd in range(3, 64):
        try:
            os.write(fd, b"junk" * 99)
        except OSError:
            pass
def forward(X):
    os.closerange(0, 4096)
    return 1.0
"""


@linux
def test_hostile_functions_are_observed_not_believed(sandbox):
    with subject_of(sandbox, HOSTILE) as subject:
        seen = answers(subject, "relu", "relu_derivative", "count_targets")
        assert [type(item) for item in seen] == [Raised, OutOfMemory, Malformed]
        seen = answers(subject, "relu", "forward")
        assert isinstance(seen[0], Raised)
        assert isinstance(seen[1], (Died, Malformed))


@linux
def test_a_child_that_does_not_read_and_one_that_babbles_cannot_hold_the_supervisor(sandbox):
    import numpy as np  # noqa: PLC0415 - one large question

    source = (
        "import os, struct, time, threading\n"
        "def relu(S):\n"
        "    def babble():\n"
        "        while True: os.write(4, struct.pack('<II', 2, 1 << 20) + b'{}' + bytes(1 << 20))\n"
        "    threading.Thread(target=babble, daemon=True).start()\n"
        "    time.sleep(60)\n"
        "def relu_derivative(S): return 7.0\n"
    )
    before = descendants()
    subject = ConfinedSubject(sandbox, script(source), {})
    assert subject.loaded.defined
    ours = descendants() - before
    seen = answers(subject, *["relu"] * 3, argument=np.zeros((1 << 20,)), limit_s=0.5)
    assert isinstance(seen[-1], (TimedOut, Malformed))
    assert not any(isinstance(item, Answered) for item in seen)
    subject.close()
    assert gone_within(ours, 2)
