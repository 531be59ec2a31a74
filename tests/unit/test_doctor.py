"""`grader doctor`: one screen, whatever the machine."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from grader.cli import grader_main
from grader.doctor import doctor_object, doctor_text
from grader.model import Isolation
from grader.report.as_text import Look
from grader.result import DoctorFacts

GOLDEN = Path(__file__).parent.parent / "golden"
VERSIONS = {"grader": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.6", "hypothesis": None}
STRONG = DoctorFacts(
    isolation=Isolation(
        "strong", ("namespaces", "landlock", "seccomp", "rlimits"), (), (("read", True), ("tcp", True), ("write", True))
    ),
    helps={},
    device="cpu",
    device_name="one thread of the processor",
    device_problem=None,
    cache_dir="/home/ada/.cache/bptt-grader",
    cache_problem=None,
    versions=VERSIONS,
)
BASIC = DoctorFacts(
    isolation=Isolation(
        "basic",
        ("rlimits",),
        (("landlock", "the kernel has no Landlock (errno 38)"), ("namespaces", "unshare was refused (errno 1)\x1b[2J")),
        (("read", False), ("tcp", False), ("write", True)),
    ),
    helps={"namespaces": "set kernel.unprivileged_userns_clone=1; in Docker add --security-opt seccomp=unconfined"},
    device="cuda",
    device_name="cuda",
    device_problem="torch finds no CUDA device",
    cache_dir="/home/ada/.cache/bptt-grader",
    cache_problem="/home/ada cannot be written: the case bank is built anew each time",
    versions=VERSIONS,
)


@pytest.mark.parametrize(("name", "facts"), [("strong", STRONG), ("basic", BASIC)])
def test_the_screen_is_as_it_was_looked_at(name, facts):
    path = GOLDEN / f"doctor-{name}.txt"
    text = doctor_text(facts, Look(80))
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text.encode() == path.read_bytes()
    assert text.count("\n") <= 24


@pytest.mark.parametrize(
    ("level", "problem", "status"),
    [("strong", None, 0), ("standard", None, 0), ("basic", None, 3), ("none", None, 3), ("strong", "no device", 3)],
)
def test_the_exit_status_says_whether_grading_works(monkeypatch, capsys, level, problem, status):
    pipeline = ModuleType("grader.pipeline")
    pipeline.diagnose_machine = lambda device: DoctorFacts(
        Isolation(level, ()), {}, device, device, problem, "/c", None, VERSIONS
    )
    monkeypatch.setitem(sys.modules, "grader.pipeline", pipeline)
    assert grader_main(["doctor", "--format", "json"]) == status
    data = json.loads(capsys.readouterr().out)
    assert (data["healthy"], data["isolation"]["level"]) == (status == 0, level)
    assert grader_main(["doctor"]) == status
    assert ("can grade" in capsys.readouterr().out) == (status == 0)


def test_json_names_what_is_missing_and_what_helps():
    missing = doctor_object(BASIC)["isolation"]["missing"]
    assert [item["layer"] for item in missing] == ["landlock", "namespaces"]
    assert missing[0]["helps"] is None
    assert "sec" in missing[1]["helps"]
    assert "\x1b" not in json.dumps(missing, ensure_ascii=False)
