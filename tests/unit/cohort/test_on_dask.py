"""A cluster as an executor: with a client that asks nobody, then with real schedulers and workers on loopback."""

from __future__ import annotations

import re
import shutil
import socket
import sys
from pathlib import Path

import fake_dask
import pytest
from canned import works
from dask_cluster import cluster

from grader.cases import PUBLIC_SEED, load_or_build
from grader.cli import grader_main
from grader.cohort import on_dask
from grader.cohort.engine import grade_cohort
from grader.cohort.environment import this_environment
from grader.cohort.executors import Job
from grader.cohort.on_dask import OnDask
from grader.cohort.outputs import results_json
from grader.errors import DeviceError, IsolationError, SandboxError, UsageError
from grader.pipeline import Settings

EXAMPLES = Path(__file__).parents[3] / "student_template" / "examples"


@pytest.fixture(scope="module")
def bank():
    return load_or_build(PUBLIC_SEED)


@pytest.fixture
def fake(bank, monkeypatch):
    """Make an executor whose client asks nobody; its workers, by threads."""
    monkeypatch.setattr(on_dask, "_LOOK_EVERY_S", 0.01)
    made = []

    def make(patience_s=5.0, **alive):
        client = fake_dask.Client(bank.sha256, **alive)
        monkeypatch.setattr(on_dask, "_connect", lambda _address: client)
        made.append(OnDask(Settings(), bank, "tcp://nowhere", patience_s=patience_s))
        return made[-1], client

    yield make
    for executor in made:
        executor.close()


def results(executor, *keys):
    """Submit jobs as there is room, collect all results, by key."""
    found = {}
    waiting = [Job(key, {"do": key}) for key in keys]
    while waiting or len(found) < len(keys):
        while waiting and executor.room > 0:
            executor.submit(waiting.pop(0))
        found.update({result.key: result for result in executor.results()})
    return found


# ---------------------------------------------------------------------------- who gets what
def test_every_job_gives_its_result_and_every_worker_works(fake):
    executor, client = fake(a=1, b=1)
    found = results(executor, *"123456")
    assert all(result.judged and result.wall_s == 0.5 for result in found.values())
    assert {worker for worker, _ in client.asked} == {"a", "b"}
    assert all(future.released for future in client.futures)


def test_it_takes_one_job_for_each_thread_and_one_more(fake):
    executor, client = fake(a=2, b=1)
    client.says = dict.fromkeys("ab")
    assert executor.room == 6
    for number in range(6):
        executor.submit(Job(str(number), {}))
    assert executor.room == 0


def test_no_worker_is_given_more_at_once_than_it_has_threads(fake):
    executor, client = fake(a=2, b=1, c=1)
    results(executor, "1")
    client.asked.clear()
    client.says = dict.fromkeys("abc")
    for number in range(6):
        executor.submit(Job(f"x{number}", {}))
    asked = [worker for worker, _ in client.asked]
    assert sorted(asked) == ["a", "a", "b", "c"]


def test_what_no_worker_has_is_withdrawn(fake):
    executor, client = fake(a=1)
    results(executor, "1")
    client.says["a"] = None
    executor.submit(Job("begun", {}))
    executor.submit(Job("not begun", {}))
    assert executor.withdraw() == ("not begun",)
    assert executor.room == 1


def test_a_worker_that_joins_late_is_given_work(fake):
    executor, client = fake()
    assert executor.room == 1
    executor.submit(Job("1", {}))
    client.alive["late"] = 3
    assert [result.key for result in executor.results()] == ["1"]
    assert client.asked == [("late", "1")]
    assert executor.room == 6


def test_closing_dismisses_every_worker_it_met_and_may_be_done_twice(fake):
    executor, client = fake(a=1, b=1)
    results(executor, "1", "2")
    executor.close()
    executor.close()
    assert {worker for worker, _ in client.dismissed} == {"a", "b"}
    assert client.closed


# ---------------------------------------------------------------------------- death
def dying(client, *workers):
    """Whoever is given a job dies of it."""

    def die(worker):
        def end(_job):
            del client.alive[worker]

        return end

    client.says.update({worker: die(worker) for worker in workers})


def test_a_worker_that_dies_costs_a_job_nothing_but_time(fake):
    executor, client = fake(a=1)
    dying(client, "a")
    client.alive["b"] = 1
    assert results(executor, "1", "2", "3").keys() == {"1", "2", "3"}
    assert client.asked.count(("a", "1")) + client.asked.count(("b", "1")) <= 2


def test_a_job_that_three_workers_died_of_is_given_up_and_not_tried_again(fake):
    executor, client = fake(a=1, b=1, c=1, d=1)
    dying(client, *"abcd")
    poison = results(executor, "poison")["poison"]
    assert poison.judged is None
    assert poison.fault == "3 workers of the cluster failed at it: the worker died"
    assert len(client.alive) == 1
    again = results(executor, "poison")["poison"]  # as the engine tries again
    assert again.judged is None
    assert len(client.alive) == 1


def test_a_worker_that_came_back_under_its_old_address_is_introduced_anew(fake):
    executor, client = fake(a=1)
    results(executor, "1")
    answers = [{"unknown": "v"}]
    client.says["a"] = lambda job: answers.pop() if answers else client.judged(job)
    assert results(executor, "2")["2"].judged
    assert client.met == ["a", "a"]


@pytest.mark.parametrize("lost", [TimeoutError("no answer"), ValueError("lost")])
def test_an_answer_that_is_lost_on_the_way_is_asked_for_again(fake, lost):
    executor, client = fake(a=1)
    answers = [lost]
    client.says["a"] = lambda job: answers.pop() if answers else client.judged(job)
    assert results(executor, "1")["1"].judged


def test_an_introduction_that_is_lost_on_the_way_is_repeated(fake):
    executor, client = fake()
    client.alive["a"] = 1
    client.hosts["a"] = TimeoutError("no answer")
    client.forgetful = True
    assert results(executor, "1")["1"].judged
    assert client.met == ["a", "a"]


def test_without_a_worker_it_waits_and_then_says_so(fake):
    executor, _ = fake(patience_s=0.1)
    with pytest.raises(SandboxError, match=r"no worker at tcp://nowhere for 0 s: start some.*the same command goes on"):
        results(executor, "1")


def test_a_scheduler_that_goes_ends_the_run_with_a_sentence(fake):
    executor, client = fake(a=1)
    client.says["a"] = None
    client.trouble = OSError("connection refused")
    with pytest.raises(SandboxError, match="the scheduler at tcp://nowhere is gone: OSError: connection refused"):
        results(executor, "1")


# ---------------------------------------------------------------------------- refusal
def other(**versions):
    return {"environment": {**this_environment(), **versions}}


def test_a_worker_with_other_versions_is_refused_with_a_sentence(fake):
    executor, client = fake()
    client.hosts["a"] = other(torch="1.0", python="3.9.1")
    client.alive["a"] = 1
    with pytest.raises(
        SandboxError, match=r"worker a would grade differently: python 3\.9\.1 there and .* here, torch"
    ):
        results(executor, "1")
    assert client.asked == []


@pytest.mark.parametrize("told", [{"more": 1}, {"environment": []}, {"environment": {}}, other(more="1")])
def test_a_worker_that_does_not_say_what_it_grades_with_is_refused(fake, told):
    executor, client = fake()
    client.hosts["a"] = told
    client.alive["a"] = 1
    with pytest.raises(SandboxError, match="worker a would grade differently"):
        results(executor, "1")


def test_a_worker_without_the_grader_is_refused_with_a_sentence(fake):
    executor, client = fake()
    client.hosts["a"] = ModuleNotFoundError("No module named 'grader'")
    client.alive["a"] = 1
    with pytest.raises(
        SandboxError, match=r"worker a cannot run the grader .*'grader'\): install the same bptt-grader"
    ):
        results(executor, "1")


@pytest.mark.parametrize("kind", [IsolationError, DeviceError])
def test_a_worker_that_cannot_grade_as_asked_is_refused_as_what_it_is(fake, kind):
    executor, client = fake(a=1)
    client.says["a"] = {"refused": kind.__name__, "reason": "only basic here"}
    with pytest.raises(kind, match="worker a: only basic here"):
        results(executor, "1")


def test_a_worker_that_is_refused_is_set_aside_and_its_job_done_by_another(fake):
    executor, client = fake(a=1, b=1, c=1)
    client.says["a"] = {"refused": "IsolationError", "reason": "only basic here"}
    client.hosts["b"] = other(numpy="1.0")
    client.alive["c"] = 1
    assert all(result.judged for result in results(executor, *"12345678").values())
    assert client.asked.count(("a", "1")) == 1
    assert [worker for worker, _ in client.asked].count("a") == 1
    assert executor.refused["a"] == "worker a: only basic here"


@pytest.mark.parametrize(
    "change",
    [
        {"key": "2"},
        {"wall_s": "1"},
        {"wall_s": -1},
        {"wall_s": True},
        {"fault": None},
        {"judged": []},
        {"judged": {"provenance": {"bank_sha256": "f" * 64}}},
        {"more": 1},
    ],
)
def test_what_is_no_result_of_this_job_with_our_bank_is_a_fault_of_ours(fake, change):
    executor, client = fake(a=1)
    client.says["a"] = lambda job: {**client.judged(job), **change}
    result = results(executor, "1")["1"]
    assert result.judged is None
    assert result.fault.startswith("worker a gave no result: expected")


@pytest.mark.parametrize("text", ["[]", "{", '{"wall_s": NaN}', "[" * 100_000, 7])
def test_what_is_no_table_is_an_answer_lost(fake, text, monkeypatch):
    monkeypatch.setattr(on_dask, "_MOST_DEATHS", 1)
    executor, client = fake(a=1)
    client.says["a"] = lambda _job: text
    assert "1 workers of the cluster failed at it: WireError" in results(executor, "1")["1"].fault


# ---------------------------------------------------------------------------- real ones
def needs_dask():
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'bptt-grader[cluster]'")


def test_where_no_scheduler_answers_the_option_is_named(bank, monkeypatch):
    needs_dask()
    monkeypatch.setattr(on_dask, "_CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UsageError, match=f"--scheduler tcp://127.0.0.1:{port}: no Dask scheduler answers there"):
        OnDask(Settings(), bank, f"tcp://127.0.0.1:{port}")


def test_without_dask_the_option_says_what_to_install(bank, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'bptt-grader\[cluster\]'"):
        OnDask(Settings(), bank, "tcp://127.0.0.1:1")


STAND_IN = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import stand_in
from grader.cohort import processes, remote
processes.command = lambda: stand_in.command()
"""
OTHER = "versions = {**remote.this_environment(), 'torch': '1.0'}\nremote.this_environment = lambda: versions\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_submission_that_kills_its_worker_leaves_others_alive_and_strangers_are_set_aside(
    bank, tmp_path, monkeypatch
):
    needs_dask()
    monkeypatch.setattr(on_dask, "_MOST_DEATHS", 1)
    with cluster(tmp_path) as some:
        workers = [some.add(preload=STAND_IN), some.add(preload=STAND_IN)]
        some.ready(*workers, some.add(preload=STAND_IN + OTHER))
        executor = OnDask(Settings(), bank, some.address)
        try:
            found = results(executor, "well", "end the cluster's", "also well", "as well")
        finally:
            executor.close()
        assert sorted(worker.poll() is None for worker in workers) == [False, True]
    assert [key for key, result in found.items() if result.judged is None] == ["end the cluster's"]
    assert len(executor.refused) == 1
    assert "torch 1.0 there" in next(iter(executor.refused.values()))


@pytest.mark.skipif(sys.platform != "linux", reason="asks for isolation that only Linux has")
def test_the_command_grades_with_those_that_fit_and_names_the_others(tmp_path, capsys):
    needs_dask()
    folder = tmp_path / "submissions"
    folder.mkdir()
    shutil.copy(EXAMPLES / "correct.py", folder)
    with cluster(tmp_path) as some:
        some.ready(some.add(), some.add(preload=f"from grader.cohort import remote\n{OTHER}"))
        command = ["grade", str(folder), "-o", str(tmp_path / "marks"), "--scheduler", some.address, "-q"]
        assert grader_main(command) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"grader: set aside: worker tcp://\S+ would grade differently: torch 1\.0 there.*", line)


@pytest.fixture
def class_of_eight(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    correct = (EXAMPLES / "correct.py").read_text()
    for number in range(5):
        (folder / f"s{number}.py").write_text(f"{correct}\n# {number}\n")
    for name in ("exclusive_count.py", "stub.py"):
        shutil.copy(EXAMPLES / name, folder)
    (folder / "empty.py").write_text("")
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="asks for isolation that only Linux has")
def test_one_worker_of_two_killed_half_way_the_outputs_are_those_of_this_machine(class_of_eight, tmp_path):
    needs_dask()
    import psutil  # noqa: PLC0415 - Dask brings it

    with cluster(tmp_path) as some:
        victim, survivor = some.add(), some.add()
        some.ready(victim, survivor)
        seen = []

        def tell(progress):
            seen.append(progress)
            if progress.done == 3:
                victim.kill()

        start = on_dask.on_dask(some.address, {})
        with grade_cohort(
            works(class_of_eight), Settings(), tmp_path / "cluster", executor=start, progress=tell
        ) as marks:
            from_cluster = "".join(results_json(marks))
        left = psutil.Process(survivor.pid).children(recursive=True)
        assert psutil.wait_procs(left, timeout=10)[1] == []
        assert survivor.poll() is None
        assert victim.wait() == -9
    assert (seen[-1].done, seen[-1].ungraded) == (8, 0)
    with grade_cohort(works(class_of_eight), Settings(), tmp_path / "here") as marks:
        assert from_cluster == "".join(results_json(marks))
