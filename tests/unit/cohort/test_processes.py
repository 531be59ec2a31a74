"""The pool of worker processes, with stand-ins for workers: what it does when they die, hang or refuse."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from grader.cases import PUBLIC_SEED, load_or_build
from grader.cohort import processes
from grader.cohort.executors import Job, Result
from grader.cohort.processes import LocalProcesses
from grader.errors import IsolationError, SandboxError
from grader.pipeline import Settings

STAND_IN = """
import json, os, signal, sys, time
say = lambda message: print(json.dumps(message), flush=True)
next(sys.stdin)
{before}
say({{"ready": os.getpid()}})
for line in sys.stdin:
    job = json.loads(line)
    todo = job["program"]["do"]
    if todo == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if todo == "exit":
        sys.exit(7)
    if todo == "hang":
        time.sleep(60)
    if todo == "slow":
        time.sleep(0.3)
    say({{"key": job["key"], "judged": {{"by": os.getpid()}}, "wall_s": 0.5, "fault": ""}})
"""


@pytest.fixture(scope="module")
def bank():
    return load_or_build(PUBLIC_SEED)


@pytest.fixture
def pool(bank, monkeypatch):
    """Make a pool of stand-ins; closed at the end."""
    made = []

    def make(count=2, before="", **options):
        code = STAND_IN.format(before=before)
        monkeypatch.setattr(processes, "command", lambda: [sys.executable, "-S", "-c", code])
        made.append(LocalProcesses(Settings(), bank, count, **options))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def results(pool, *todo):
    """Submit jobs as there is room, collect all results, by key."""
    found = {}
    waiting = [Job(f"{number} {do}", {"do": do}) for number, do in enumerate(todo)]
    while waiting or len(found) < len(todo):
        while waiting and pool.room > 0:
            pool.submit(waiting.pop(0))
        found.update({result.key: result for result in pool.results()})
    return found


def test_jobs_are_shared_among_at_most_so_many_workers(pool):
    some = pool(count=2)
    found = results(some, *["slow"] * 4)
    assert len({result.judged["by"] for result in found.values()}) == 2
    assert len(some.pids) == 2


def test_workers_start_only_as_jobs_come_in(pool):
    some = pool(count=8)
    assert some.pids == ()
    results(some, "well")
    assert len(some.pids) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are POSIX")
def test_ctrl_c_in_the_terminal_does_not_reach_the_workers(pool):
    some = pool(count=1)
    results(some, "well")
    assert os.getsid(some.pids[0]) != os.getsid(0)


def test_the_pool_takes_one_job_more_than_it_has_workers_for_each(pool):
    some = pool(count=2)
    assert some.room == 4
    for number in range(4):
        some.submit(Job(str(number), {"do": "slow"}))
    assert some.room == 0
    assert len(some.withdraw()) == 2
    assert some.room == 2


@pytest.mark.parametrize(("do", "said"), [("die", "was ended by SIGKILL"), ("exit", "ended (exit status 7)")])
def test_a_worker_that_dies_costs_its_own_job_and_is_replaced(pool, do, said):
    found = results(pool(count=1), "well", do, "well", "well")
    assert found[f"1 {do}"] == Result(f"1 {do}", None, fault=f"a worker process {said}")
    assert {key: result.judged is not None for key, result in found.items() if key != f"1 {do}"} == {
        "0 well": True,
        "2 well": True,
        "3 well": True,
    }


def test_a_worker_killed_while_it_is_idle_costs_no_job_more_than_a_try(pool):
    some = pool(count=1)
    results(some, "well")
    (pid,) = some.pids
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    found = results(some, "well", "well")
    assert len(found) == 2
    assert some.pids != (pid,)


def test_a_worker_that_does_not_answer_is_ended(pool, monkeypatch):
    monkeypatch.setattr(processes, "_LOOK_EVERY_S", 0.05)
    found = results(pool(count=1, patience_s=0.3), "hang", "well")
    assert found["0 hang"].fault == "a worker process did not answer and was ended"
    assert found["1 well"].judged


def test_what_keeps_every_worker_from_starting_is_raised_as_what_it_is(pool):
    refuse = 'say({"refused": "IsolationError", "reason": "only basic here"}); sys.exit()'
    with pytest.raises(IsolationError, match="only basic here"):
        results(pool(before=refuse), "well")


def test_what_may_pass_is_tried_again_and_said_if_it_stays(pool):
    refuse = 'say({"refused": "SandboxError", "reason": "no memory"}); sys.exit()'
    with pytest.raises(SandboxError, match="no memory"):
        results(pool(before=refuse), "well")


def test_workers_that_end_as_they_start_end_the_run(pool):
    with pytest.raises(SandboxError, match=r"exit status 3.*before it was ready"):
        results(pool(before="sys.exit(3)"), "well", "well")


def test_a_job_given_to_a_worker_that_ends_as_it_starts_goes_to_another(pool, tmp_path):
    once = f"os.path.exists({str(tmp_path / 'x')!r}) or (open({str(tmp_path / 'x')!r}, 'w'), sys.exit(1))"
    assert results(pool(count=1, before=once), "well")["0 well"].judged


def test_closing_ends_the_workers_and_what_they_do(pool):
    some = pool(count=2)
    some.submit(Job("a", {"do": "well"}))
    list(some.results())
    pids = some.pids
    some.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
