"""Installed beside PyTorch, the reference, the template and the grader itself cannot be read by a submission."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

REPOSITORY = Path(__file__).resolve().parents[3]
PACKAGES = ("grader", "reference", "student_template")

SUBMISSION = '''
import errno, importlib, os, sys

def attempt(action):
    try:
        return action()
    except ImportError:
        return 1
    except OSError as fault:
        return fault.errno

def relu(S):
    """Import of the reference, a look at its file by path, a look at its folder, a look at another package's file."""
    return (
        attempt(lambda: importlib.import_module("reference") and 0),
        attempt(lambda: os.close(os.open("@site/reference/rnn.py", os.O_RDONLY)) or 0),
        attempt(lambda: os.close(os.open("@site/grader/cases/oracle.py", os.O_RDONLY)) or 0),
        attempt(lambda: os.close(os.open("@site/innocent.py", os.O_RDONLY)) or 0),
    )

def relu_derivative(S):
    """An import past every finder that the grader has put there."""
    sys.meta_path[:] = [importlib.machinery.PathFinder]
    sys.path_importer_cache.clear()
    return attempt(lambda: 0 if importlib.import_module("reference").__file__ else 1)  # an empty folder has no file

def count_targets(X):
    import grader
    return float("inert" in repr(grader.anything))
'''

DRIVER = """
import json, sys
sys.path[:0] = [{site!r}, {tests!r}]
from asking import STANDARD, answers, subject_of
import grader.sandbox.paths as paths
assert paths.__file__.startswith({site!r}), paths.__file__
from grader.sandbox.launch import Switches
from grader.sandbox.levels import Limits
from grader.sandbox.supervisor import Sandbox
if not {masking!r}:
    paths.masked = lambda: []
for level, switches in (("strong", {{}}), ("standard", STANDARD)):
    with Sandbox(switches=Switches(**switches), least="none", limits=Limits(time_s=5)) as sandbox:
        found = sandbox.examine()
        with subject_of(sandbox, {submission!r}) as subject:
            seen = answers(subject, "count_targets", "relu", "relu_derivative", limit_s=5)
    held = dict(found.canaries)["packages"]
    print(json.dumps([level, found.level, held, *(getattr(s, "value", str(s)) for s in seen)], default=str))
"""

HIDDEN, SHOWN = 1, 0


def installed(site):
    """The packages copied to a folder such as pip installs to, with a neighbour that anybody may read."""
    site.mkdir()
    for name in PACKAGES:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, site / name, ignore=shutil.ignore_patterns("__pycache__"))
    (site / "innocent.py").write_text("x = 1\n", encoding="utf-8")


def observed(site, *, masking):
    code = DRIVER.format(
        site=str(site),
        tests=str(Path(__file__).parent),
        masking=masking,
        submission=SUBMISSION.replace("@site", str(site)),
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd="/",
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {row[0]: row[1:] for row in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module", name="site")
def _site(tmp_path_factory):
    site = tmp_path_factory.mktemp("installed") / "site-packages"
    installed(site)
    return site


def test_installed_packages_are_hidden_or_shut_and_their_neighbours_are_not(site):
    found = observed(site, masking=True)
    level, held, stub, (imported, by_path, of_grader, neighbour), past_finders = found["strong"]
    assert (level, held) == ("strong", True)
    assert (imported, past_finders, stub) == (HIDDEN, HIDDEN, 1.0)
    assert (by_path, of_grader, neighbour) == (2, 2, 0)  # no such file
    level, held, stub, (imported, by_path, of_grader, neighbour), past_finders = found["standard"]
    assert (level, held) == ("standard", True)
    assert (imported, past_finders, stub) == (HIDDEN, 13, 1.0)
    assert (by_path, of_grader, neighbour) == (13, 13, 0)  # permission denied


def test_without_the_mask_they_can_be_read_and_the_canary_says_so(site):
    for level, held, _, (imported, by_path, of_grader, neighbour), past_finders in observed(
        site, masking=False
    ).values():
        assert (level, held) == ("basic", False)
        assert imported == HIDDEN  # the finder still says no, to those who ask it
        assert (by_path, of_grader, neighbour) == (0, 0, 0)
        assert past_finders == SHOWN
