"""What a cluster's process does when it is asked, with stand-ins for the worker processes behind it."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest
import stand_in

from grader.cases import PUBLIC_SEED, load_or_build
from grader.cohort import processes, remote
from grader.cohort.environment import this_environment
from grader.cohort.wire import encode_settings
from grader.pipeline import Settings

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def opening():
    return json.dumps(encode_settings(Settings(), load_or_build(PUBLIC_SEED)))


@pytest.fixture
def visit(opening, monkeypatch):
    """Introduce a run named `v`, with stand-ins that first do `before`."""

    def begin(before=""):
        monkeypatch.setattr(processes, "command", lambda: stand_in.command(before))
        return json.loads(remote.introduce("v", opening))

    yield begin
    host = remote._visits.pop("v", None)
    if host is not None:
        host.end()


def ask(todo, visit="v"):
    return json.loads(remote.judge(visit, json.dumps({"key": todo, "program": {"do": todo}})))


def pids():
    host = remote._visits["v"]
    return [pid for pool in (*host._free, *host._busy) for pid in pool.pids]


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_who_is_introduced_learns_what_it_would_be_graded_with(visit):
    assert visit() == {"environment": this_environment()}


def test_a_job_s_answer_is_its_result(visit):
    visit()
    answer = ask("well")
    assert answer["judged"]["by"] == pids()[0]
    assert {**answer, "judged": 0} == {"key": "well", "judged": 0, "wall_s": 0.5, "fault": ""}


def test_the_process_behind_it_stays_warm_from_job_to_job(visit):
    visit()
    assert ask("well")["judged"]["by"] == ask("slow")["judged"]["by"]


def test_jobs_at_once_have_a_process_each(visit):
    visit()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask("slow"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["judged"]["by"] for answer in answers}) == 2


def test_a_submission_that_ends_its_process_does_not_end_the_cluster_s(visit):
    visit()
    assert ask("die")["fault"] == "a worker process was ended by SIGKILL"
    assert ask("well")["judged"]


def test_what_keeps_it_from_grading_is_an_answer_too(visit):
    visit(stand_in.refusing("IsolationError", "only basic here"))
    assert ask("well") == {"refused": "IsolationError", "reason": "only basic here"}


def test_settings_that_cannot_be_read_are_refused_not_raised():
    remote.introduce("bad", '{"settings": 1}')
    assert ask("well", "bad")["refused"] == "WireError"
    remote.introduce("bad", "[")
    assert ask("well", "bad")["reason"].startswith("internal error in a worker: JSONDecodeError")
    remote.dismiss("bad")


def test_nobody_is_judged_for_who_was_not_introduced():
    assert ask("well", "nobody") == {"unknown": "nobody"}


def test_a_visit_that_is_dismissed_ends_its_processes_and_is_forgotten(visit):
    visit()
    ask("well")
    (pid,) = pids()
    remote.dismiss("v")
    assert ask("well") == {"unknown": "v"}
    wait_until(lambda: gone(pid))


def test_a_visit_that_is_dismissed_at_work_ends_that_work(visit):
    visit()
    at_work = threading.Thread(target=ask, args=("hang",))
    at_work.start()
    wait_until(pids)
    (pid,) = pids()
    remote.dismiss("v")
    at_work.join(PATIENCE_S)
    assert not at_work.is_alive()
    assert gone(pid)


def test_a_visit_that_is_left_idle_ends_its_processes_and_starts_them_anew(visit, monkeypatch):
    monkeypatch.setattr(remote, "_IDLE_S", 0.05)
    visit()
    pid = ask("well")["judged"]["by"]
    wait_until(lambda: gone(pid))
    assert ask("well")["judged"]["by"] != pid
