"""A Dask cluster of real processes on this machine's loopback, as `docs/cluster.md` starts one; all end by their id."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
_STEP_S = 0.1
_QUIET = ("--host", "127.0.0.1", "--no-dashboard")
_END_S = 5.0


class Cluster:
    """`address` is the scheduler's; `workers` are the processes that `add` started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._processes = folder, []
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--scheduler-file", str(self._file))

    def _start(self, what, *arguments):
        log = self.folder / f"{what}-{len(self._processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", what, *_QUIET, *arguments],
                stdout=out,
                stderr=out,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        self._processes.append(process)
        process.log = log
        return process

    def add(self, *, preload=None):
        """Start a worker with one thread and no nanny, which would replace it; `preload` is code to run in it first."""
        options = ["--no-nanny", "--nthreads", "1", "--local-directory", str(self.folder)]
        if preload:
            script = self.folder / f"preload_{len(self._processes)}.py"
            script.write_text(preload)
            options += ["--preload", str(script)]
        return self._start("worker", "--scheduler-file", str(self._file), *options)

    def wait(self, process, said, patience_s=60.0):
        """Wait until a process's log has `said`; the log."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            log = process.log.read_text(errors="replace")
            if said in log:
                return log
            assert process.poll() is None, log
            time.sleep(_STEP_S)
        raise AssertionError(log)

    @property
    def address(self):
        log = self.wait(self.scheduler, "Scheduler at:")
        return log.split("Scheduler at:")[1].split()[0]

    def ready(self, *workers):
        for worker in workers:
            self.wait(worker, "Registered to:")

    def close(self):
        for process in reversed(self._processes):  # the scheduler last: who loses it tries to find it again
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def cluster(folder):
    some = Cluster(folder)
    try:
        yield some
    finally:
        some.close()
