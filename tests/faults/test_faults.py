"""Our own faults, injected into the real command: a part of `run.py`'s table, one of each kind at least.

`python tests/faults/run.py` tries all of them, at every moment and level.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")

TRIED = (
    *("template/starting/strong", "template/spawning/standard"),
    *("template/answering/strong", "template/inner/running", "template/closing/standard", "template/second"),
    *("child/loading", "child/answering", "child/helping", "child/torn", "child/spawning"),
    *("signal/starting/SIGINT", "signal/answering/SIGTERM", "signal/running/SIGKILL"),
    *("disk/output", "disk/cache", "cache/read-only", "bank/flipped", "bank/fifo", "directions/cut", "given-bank/cut"),
    *("memory/answering/8", "descriptors/all/9"),
    *("eintr/supervisor", "clock/back", "output/closed", "output/none-at-all"),
)


def _run():
    spec = importlib.util.spec_from_file_location("faults_run", Path(__file__).with_name("run.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUN = _run()
CHOSEN = [fault for fault in RUN.FAULTS if any(fnmatch(fault.name, pattern) for pattern in TRIED)]


@pytest.fixture(scope="module")
def tried():
    """Each fault's outcome: all are tried at once, for most of the time is waiting."""
    return {each.name: each for each in RUN.try_all(CHOSEN, jobs=min(4, os.cpu_count() or 1))}


@pytest.mark.parametrize("name", [fault.name for fault in CHOSEN])
def test_a_fault_of_ours_gives_the_right_result_or_none_and_leaves_nothing(tried, name):
    if tried[name].skipped:
        pytest.skip(tried[name].skipped)
    assert tried[name].problems == ()


def test_every_pattern_names_a_fault():
    assert [p for p in TRIED if not any(fnmatch(fault.name, p) for fault in CHOSEN)] == []
    assert len({fault.name for fault in RUN.FAULTS}) == len(RUN.FAULTS)


def test_a_wrong_score_would_be_seen():
    """The control: a result that differs in one number is no right one, nor is half of one."""
    from fault_kit import Ran, _outcome  # noqa: PLC0415 - beside this file

    right = {"code": 0, "result": {"score": 83.0, "passed": True, "outcome": "graded"}}
    text = b'{"score": 83.0, "passed": true, "outcome": "graded", "timings": {}, "isolation": null}'
    assert _outcome(Ran(0, b"", b""), text, right, mute=False) == ("right", [])
    for spoilt, code in ((text.replace(b"83", b"82"), 0), (text, 3), (text[:40], 0), (text, 1)):
        assert _outcome(Ran(code, b"", b"grade: something is amiss"), spoilt, right, mute=False)[1], spoilt
    assert _outcome(Ran(3, b"", b""), b"", right, mute=False)[1] == ["no sentence that says why"]
