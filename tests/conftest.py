"""What every test relies on: one thread, an empty cache of the session's own, GPU tests only where there is one."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings

# a busy machine is no failure; where CI is set, Hypothesis's own profile draws the same each time
settings.register_profile("tests", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

# before anything imports torch or numpy; the children that tests start inherit all of it
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["NO_COLOR"] = "1"
os.environ.pop("FORCE_COLOR", None)

_CACHE = pytest.StashKey[str]()


def pytest_configure(config):
    if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cache that the first process made
        return
    cache = tempfile.mkdtemp(prefix="bptt-grader-tests-")
    os.environ["XDG_CACHE_HOME"] = config.stash[_CACHE] = cache


def pytest_unconfigure(config):
    cache = config.stash.get(_CACHE, None)
    if cache is not None:
        shutil.rmtree(cache, ignore_errors=True)


def pytest_runtest_setup(item):
    if item.get_closest_marker("gpu") is None:
        return
    import torch  # noqa: PLC0415 - a second of import that only a GPU test should cost

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")


@pytest.fixture(scope="session")
def grader():
    """The grader as `grade` uses it for several submissions: one warm sandbox, the public bank."""
    from grader.pipeline import Grader, Settings  # noqa: PLC0415 - only for tests that grade

    with Grader(Settings(), several=True) as ready:
        yield ready


@pytest.fixture(scope="session")
def published():
    """Asserts of every report of the corpora that every platform takes it: `published.add(report)`."""
    from publishable import Published  # noqa: PLC0415 - only for tests that grade

    return Published()
