"""What a submission on Gradescope is after, with and without Landlock; and that it gets it where nothing is shut."""

from __future__ import annotations

import json
import os
import sys

import pytest
from gradescope_course import SEED, installed_in

from grader.errors import GraderError
from grader.packs.emulate_gradescope import Wanted, gradescope
from grader.packs.gradescope_layout import Layout
from grader.packs.gradescope_room import shut
from grader.sandbox.inside.landlock import abi

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the platform is Linux, and so is what emulates it")
pytest_plugins = ["gradescope_fixtures"]
landlock = pytest.mark.skipif(sys.platform != "linux" or not abi(), reason="this kernel has no Landlock")
root_only = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0,
    reason="only root, which is who grades there, can run a submission as a user that nobody is",
)

ATTACK = """
import glob, os, sys
import torch

seen = {}
for name, path in @PLACES@.items():
    for found in glob.glob(path) or [path]:
        try:
            with open(found, "rb") as file:
                seen[name] = file.read(36)
        except OSError:
            pass
try:
    import reference
    seen["import"] = reference.__file__
except ImportError:
    pass
for name, path in @FOLDERS@.items():
    try:
        with open(f"{path}/results.json", "w") as file:
            file.write('{"score": 100}')
        seen[f"write {name}"] = "written"
    except OSError:
        pass
print(seen)


def relu(S):
    raise ValueError(f"READ {sorted(seen)} {seen.get('rubric')}")


def relu_derivative(S):
    return (S > 0).to(S.dtype) if seen else S
"""
OPEN_AGAIN = "\n\ndef shut(layout):\n    pass\n"


def places(place):
    """What is not for a submission, as it is found in the container."""
    seen = place.seen
    packages = f"{seen.home}/venv/lib/{installed_in(place).parent.name}/site-packages"
    return {
        "rubric": f"{seen.source}/rubric.toml",
        "bank": f"{seen.source}/course.bank",
        "settings": f"{seen.source}/settings.json",
        "wheel": f"{seen.source}/bptt_grader-*.whl",
        "metadata": f"{seen.metadata}",
        "handed in": f"{seen.submission}/attack.py",
        "reference": f"{packages}/reference/exact.py",
        "grader": f"{packages}/grader/judge/check.py",
    }


SECRETS = {"rubric", "bank", "settings", "wheel", "metadata", "handed in", "reference", "grader"}


def packs(place):
    return installed_in(place) / "grader" / "packs"


def attacked(place, folder):
    """The run of the attack."""
    path = folder / "attack.py"
    writable = {"results": str(place.seen.results), "source": str(place.seen.source), "tmp": "/tmp"}  # noqa: S108
    source = ATTACK.replace("@PLACES@", repr(places(place))).replace("@FOLDERS@", repr(writable))
    path.write_text(source, encoding="utf-8")
    return place.grade([path])


def stolen(ran):
    """The names of what the attack got, as the student is shown them; earned by them or not."""
    assert ran.scored, ran.printed
    relu, derivative = ran.results["tests"][:2]
    _, told, names = " ".join(relu["output"].split()).partition("raises ValueError: READ [")
    assert told, relu
    names = names.partition("]")[0]
    assert (derivative["score"] > 0) == (derivative["status"] == "passed") == bool(names)
    return {name.strip("' ") for name in names.split(",") if name}


def reopened(place, *, packages):
    """Switch off what shuts: in the environment's own copy of our code, and in the modes."""
    room = packs(place) / "gradescope_room.py"
    room.write_text(room.read_text(encoding="utf-8") + OPEN_AGAIN, encoding="utf-8")
    folders = [place.on_disk.root, place.on_disk.source]
    if packages:
        folders += [installed_in(place) / name for name in ("grader", "reference", "student_template")]
    for path in folders:
        path.chmod(0o755)


def without_probes(place):
    """Grade whatever the sandbox's own probes find."""
    run = packs(place) / "gradescope_run.py"
    text = run.read_text(encoding="utf-8")
    assert text.count("bank=course.bank)") == 1
    run.write_text(text.replace("bank=course.bank)", 'bank=course.bank, isolation="none")'), encoding="utf-8")


def everything_is_kept(ran):
    assert stolen(ran) == set()
    assert SEED not in json.dumps(ran.results) + ran.printed
    assert "READ" not in ran.printed


def test_every_way_in_is_shut_by_itself(tmp_path):
    layout = Layout(tmp_path / "autograder", tmp_path / "home")
    packages = [layout.home / "venv/lib/python3.10/site-packages" / name for name in ("grader", "reference", "torch")]
    for folder in (layout.source, layout.submission, layout.results, *packages):
        folder.mkdir(parents=True)
    layout.metadata.write_text("{}", encoding="utf-8")
    shut_now = [layout.root, layout.source, layout.submission, layout.metadata, *packages[:2]]
    for path in (*shut_now, packages[2]):
        path.chmod(0o755)
    shut(layout)
    assert {path.stat().st_mode & 0o777 for path in shut_now} == {0o700}
    assert packages[2].stat().st_mode & 0o777 == 0o755


# ---------------------------------------------------------------------------- with Landlock, then that alone
@landlock
def test_with_landlock_a_submission_gets_nothing(place, tmp_path):
    everything_is_kept(attacked(place, tmp_path))


@landlock
def test_where_files_are_open_landlock_alone_keeps_them(place, tmp_path):
    reopened(place, packages=True)
    everything_is_kept(attacked(place, tmp_path))


# ---------------------------------------------------------------------------- without Landlock, then without anything
@root_only
def test_without_landlock_files_that_are_shut_keep_everything(bare_place, tmp_path):
    ran = attacked(bare_place, tmp_path)
    assert "landlock" not in ran.printed
    everything_is_kept(ran)


@root_only
def test_where_the_course_s_files_are_open_a_submission_gets_them_and_the_seed(bare_place, tmp_path):
    reopened(bare_place, packages=False)
    ran = attacked(bare_place, tmp_path)
    assert {"rubric", "bank", "settings", "wheel", "metadata", "handed in"} == stolen(ran)
    assert SEED in json.dumps(ran.results)


@root_only
def test_where_the_solution_is_open_the_probes_see_it_and_there_is_no_score(bare_place, tmp_path):
    reopened(bare_place, packages=True)
    ran = attacked(bare_place, tmp_path)
    assert (ran.status, ran.scored, ran.problems) == (3, False, ())
    assert "IsolationError" in ran.printed
    assert "packages" in ran.printed


@root_only
def test_without_the_probes_a_submission_gets_everything(bare_place, tmp_path):
    reopened(bare_place, packages=True)
    without_probes(bare_place)
    tmp = bare_place.on_disk.root.parent / "tmp"
    tmp.chmod(0o1777)
    ran = attacked(bare_place, tmp_path)
    assert stolen(ran) >= SECRETS | {"write tmp"}
    assert (tmp / "results.json").is_file()
    assert ran.results["score"] < 100


def test_an_ordinary_user_without_landlock_grades_nothing(archive):
    if os.getuid() == 0:
        pytest.skip("root has a user to run submissions as; the test above")
    with pytest.raises(GraderError, match="failed"), gradescope(Wanted(archive, landlock=False)):
        pass
