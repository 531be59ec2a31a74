"""A Dask client that asks nobody: what its workers answer, and when they die, a test says."""

from __future__ import annotations

import json

from grader.cohort.environment import this_environment
from grader.cohort.remote import dismiss, introduce


class Future:
    def __init__(self, answer):
        self.answer, self.released = answer, False
        self.status = "error" if isinstance(answer, Exception) else "finished"
        if isinstance(answer, TimeoutError):
            self.status = "pending"

    def add_done_callback(self, heard):
        if self.answer is not None:
            heard(self)

    def result(self, timeout):
        assert timeout
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def release(self):
        self.released = True


class Client:
    """`alive` maps workers to threads; `says` maps them to what they answer to a job, `hosts` to an introduction.

    An answer is a table, an exception, or a function of the job; None never comes. `asked` lists (worker, key).
    With `forgetful` an introduction is answered so only once.
    """

    def __init__(self, bank_sha256, **alive):
        self.bank_sha256, self.alive = bank_sha256, alive
        self.says, self.hosts, self.asked, self.futures = {}, {}, [], []
        self.met, self.dismissed, self.closed, self.trouble = [], [], False, None
        self.forgetful = False

    def nthreads(self):
        if self.trouble:
            raise self.trouble
        return dict(self.alive)

    def submit(self, function, visit, text, *, key, workers, allow_other_workers, pure):  # noqa: PLR0913 - Dask's own
        assert visit in key
        assert (allow_other_workers, pure) == (False, False)
        (worker,) = workers
        if function is introduce:
            self.met.append(worker)
            answer = self.hosts.pop(worker, None) if self.forgetful else self.hosts.get(worker)
            answer = answer or {"environment": this_environment()}
        else:
            job = json.loads(text)
            self.asked.append((worker, job["key"]))
            answer = self.says.get(worker, self.judged)
            answer = answer(job) if callable(answer) else answer
        self.futures.append(Future(json.dumps(answer) if isinstance(answer, dict) else answer))
        return self.futures[-1]

    def judged(self, job):
        judged = {"provenance": {"bank_sha256": self.bank_sha256}}
        return {"key": job["key"], "judged": judged, "wall_s": 0.5, "fault": ""}

    def run(self, function, visit, workers, on_error):
        assert function is dismiss
        assert on_error == "ignore"
        self.dismissed += [(worker, visit) for worker in workers]

    def close(self, timeout):
        assert timeout
        self.closed = True
