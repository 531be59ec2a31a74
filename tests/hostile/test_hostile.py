"""Every attack fails with everything on, with the verdict its file names, and succeeds with its layers off."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from attack import FAMILIES, all_attacks
from harness import Harness
from run import all_scenes

HERE = Path(__file__).resolve().parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

ATTACKS = all_attacks()
SCENES = all_scenes()
SAMPLE = "[se][ts]*/s*"  # of steal and escape: what the kernel's layers stop
# each level and each user once; `run.py` tries all at every level for both
ELSEWHERE = [("strong", "ordinary"), ("standard-docker", "root"), ("standard-ubuntu", "ordinary")]
ELSEWHERE += [("standard-root", "root")]  # for an ordinary user that is like in Docker


@pytest.fixture(scope="module")
def harness():
    with Harness(user="root" if os.getuid() == 0 else "ordinary") as ready:
        if not ready.in_force.startswith("in force: strong"):
            ready.level = "standard"
        yield ready


def agrees(tried):
    """What is wrong with it; nothing if it was stopped, and could not have been without what stopped it."""
    if not (tried.stopped or tried.allowed):
        return tried.on
    if tried.level == "strong" and not tried.real:
        return tried.off
    return None


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_stopped_and_succeeds_where_its_layers_are_off(harness, attack):
    assert agrees(harness.attempt(attack)) is None


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: str(scene.attack))
def test_a_staged_attack_is_stopped_and_succeeds_the_naive_way(scene):
    assert agrees(scene.attempt()) is None


def test_no_family_is_missing():
    found = Counter(attack.family for attack in [*ATTACKS, *(scene.attack for scene in SCENES)])
    assert set(found) == set(FAMILIES)
    assert sum(found.values()) >= 80
    assert found["steal"] >= 16
    assert found["escape"] >= 20


@pytest.mark.parametrize(("level", "user"), ELSEWHERE)
def test_a_sample_is_stopped_at_every_level_for_every_user(level, user):
    if os.getuid() != 0:
        pytest.skip("only root can become another user; the tests run as an ordinary one already")
    done = subprocess.run(
        [sys.executable, str(HERE / "run.py"), "--level", level, "--user", user, "--only", SAMPLE, "--on-only"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"in force: {level.partition('-')[0]}" in done.stdout
