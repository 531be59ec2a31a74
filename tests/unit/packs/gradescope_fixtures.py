"""A course's archive and the platform set up with it, once for all tests; loaded by `pytest_plugins`.

PYTEST_DONT_REWRITE: the search for doctests has imported it by then, which pytest else warns of.
"""

from __future__ import annotations

import pytest
from gradescope_course import installed_in, make_course, packed_course

from grader.packs.emulate_gradescope import Wanted, gradescope

CPUS = 2.0  # with the platform's half every test would last four times as long


@pytest.fixture(name="archive", scope="session")
def _archive(tmp_path_factory):
    return packed_course(tmp_path_factory.mktemp("gradescope"))


@pytest.fixture(name="handed_in", scope="session")
def _handed_in(tmp_path_factory):
    """A submission of each kind."""
    return make_course(tmp_path_factory.mktemp("handed-in"))


@pytest.fixture(name="shared_place", scope="session")
def _shared_place(archive):
    with gradescope(Wanted(archive, cpus=CPUS)) as place:
        yield place


@pytest.fixture(name="place")
def _place(shared_place):
    """The platform; what a test changes in it is put back."""
    yield from put_back(shared_place)


@pytest.fixture(name="shared_bare_place", scope="session")
def _shared_bare_place(archive):
    with gradescope(Wanted(archive, cpus=CPUS, landlock=False)) as place:
        yield place


@pytest.fixture(name="bare_place")
def _bare_place(shared_bare_place):
    """The same on a kernel without Landlock."""
    yield from put_back(shared_bare_place)


def put_back(place):
    packs = installed_in(place) / "grader" / "packs"
    paths = [place.on_disk.source / "course.bank", place.on_disk.root / "run_autograder"]
    paths += [packs / "gradescope_room.py", packs / "gradescope_run.py"]
    kept, wanted = {path: path.read_bytes() for path in paths}, place._wanted
    yield place
    for path, content in kept.items():
        path.write_bytes(content)
    place._wanted = wanted
