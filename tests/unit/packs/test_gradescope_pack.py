"""`grader pack gradescope`: an archive as the platform installs it, the same bytes each time, never the public seed."""

from __future__ import annotations

import io
import sys
import zipfile
from importlib import metadata

import pytest
from gradescope_course import ROOT, SEED, make_course, opened
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grader.cases import PUBLIC_SEED, import_bank
from grader.cli import grader_main
from grader.errors import GraderError, UsageError
from grader.packs import gradescope
from grader.packs.distribution import full_wheel_name
from grader.packs.gradescope import pack_gradescope
from grader.packs.gradescope_layout import course_in

PROGRAMS = {"setup.sh", "run_autograder"}
FILES = {"README.md", "requirements.txt", "rubric.toml", "course.bank", "settings.json", full_wheel_name()}
REQUIREMENTS = "grader/packs/gradescope_files/requirements.txt"


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    make_course(folder)
    return folder


@pytest.fixture(name="packed", scope="module")
def _packed(folder):
    return pack_gradescope(rubric=folder / "rubric.toml")


@pytest.fixture(name="public_bank", scope="module")
def _public_bank(folder):
    assert grader_main(["bank", "export", str(folder / "public.bank")]) == 0
    return folder / "public.bank"


# ---------------------------------------------------------------------------- the archive
def test_everything_lies_at_the_archive_s_root(packed):
    assert set(opened(packed.content).namelist()) == PROGRAMS | FILES


def test_only_the_two_programs_are_executable_and_they_are_scripts_with_line_ends_of_linux(packed):
    archive = opened(packed.content)
    for member in archive.infolist():
        assert member.create_system == 3, "else the platform ignores the modes"
        assert member.external_attr >> 16 == (0o100755 if member.filename in PROGRAMS else 0o100644), member.filename
    for name in PROGRAMS:
        content = archive.read(name)
        assert content.startswith(b"#!/usr/bin/env bash\n")
        assert b"\r" not in content


def test_a_checkout_with_line_ends_of_windows_is_not_packed(folder, tmp_path, monkeypatch):
    for path in gradescope._FILES.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(gradescope, "_FILES", tmp_path)
    with pytest.raises(GraderError, match="lines must end as on Linux"):
        pack_gradescope(rubric=folder / "rubric.toml")


def test_the_same_course_gives_the_same_bytes(folder, packed, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert pack_gradescope(rubric=folder / "rubric.toml").content == packed.content


def test_what_it_holds_is_the_course(packed, tmp_path):
    opened(packed.content).extractall(tmp_path)
    course = course_in(tmp_path)
    assert (course.rubric.seed, course.feedback, course.limit_s) == (SEED, "trace", 480)
    bank = import_bank(course.bank)
    assert (bank.seed, bank.sha256) == (SEED, packed.bank_sha256)


def test_the_backstop_of_the_shell_is_later_than_the_grader_s_own_limit(folder):
    content = pack_gradescope(rubric=folder / "rubric.toml", limit_s=300, feedback="verdict").content
    program = opened(content).read("run_autograder").decode()
    assert " timeout --kill-after=5 330 " in program
    assert "@" not in program.replace('"$@"', "")
    assert b'"limit_s": 300' in opened(content).read("settings.json")


def test_where_the_rubric_says_no_seed_the_option_does(tmp_path):
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("pass_mark = 40\n", encoding="utf-8")
    for given in ({"rubric": rubric}, {}):
        opened(pack_gradescope(seed=SEED, **given).content).extractall(tmp_path / "out")
        assert course_in(tmp_path / "out").rubric.seed == SEED
    assert course_in(tmp_path / "out").rubric.pass_mark == 50


# ---------------------------------------------------------------------------- what is refused
@pytest.mark.parametrize("given", [{}, {"seed": "public"}])
@pytest.mark.parametrize("rubric", [None, "pass_mark = 40\n", 'seed = "public"\n'])
def test_without_a_seed_of_its_own_nothing_is_packed(given, rubric, tmp_path):
    if rubric is not None:
        (tmp_path / "rubric.toml").write_text(rubric, encoding="utf-8")
        given = {**given, "rubric": tmp_path / "rubric.toml"}
    with pytest.raises(UsageError, match="no seed"):
        pack_gradescope(**given)


def test_two_seeds_are_one_too_many(folder):
    with pytest.raises(UsageError, match="says another one"):
        pack_gradescope(rubric=folder / "rubric.toml", seed="another")


def test_the_public_cases_are_not_packed_nor_those_of_another_seed(folder, public_bank, tmp_path, packed):
    assert import_bank(public_bank).seed == PUBLIC_SEED
    with pytest.raises(UsageError, match="public cases"):
        pack_gradescope(rubric=folder / "rubric.toml", bank=public_bank)
    with pytest.raises(UsageError, match="public cases"):
        pack_gradescope(bank=public_bank)
    course = tmp_path / "course.bank"
    course.write_bytes(opened(packed.content).read("course.bank"))
    with pytest.raises(UsageError, match="of another seed"):
        pack_gradescope(seed="another", bank=course)
    assert pack_gradescope(rubric=folder / "rubric.toml", bank=course).content == packed.content


@pytest.mark.parametrize("limit_s", [59, 2341, 0, -1, float("nan"), float("inf")])
def test_an_odd_limit_is_refused(folder, limit_s):
    with pytest.raises(UsageError, match="expected seconds from 60 to 2340"):
        pack_gradescope(rubric=folder / "rubric.toml", limit_s=limit_s)


def test_the_command_writes_the_archive_and_says_whom_it_is_for(folder, tmp_path, capsys):
    out = tmp_path / "autograder.zip"
    assert grader_main(["pack", "gradescope", "-o", str(out), "--rubric", str(folder / "rubric.toml")]) == 0
    assert out.read_bytes() == pack_gradescope(rubric=folder / "rubric.toml").content
    said = capsys.readouterr()
    assert "feedback trace, at most 480 s" in said.out + said.err
    assert "keep it from students" in said.out + said.err
    assert SEED not in said.out + said.err
    written = out.read_bytes()
    assert grader_main(["pack", "gradescope", "-o", str(out), "--seed", "public"]) == 2
    assert out.read_bytes() == written


# ---------------------------------------------------------------------------- the wheel inside
def test_the_wheel_has_every_source_and_no_test(packed):
    with zipfile.ZipFile(io.BytesIO(opened(packed.content).read(full_wheel_name()))) as wheel:
        assert wheel.testzip() is None
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        for name in names:
            assert wheel.read(name) == (ROOT / name).read_bytes(), name
    packages = ("grader", "reference", "student_template")
    sources = {path for package in packages for path in (ROOT / package).rglob("*") if path.is_file()}
    kept = {path.relative_to(ROOT).as_posix() for path in sources if "__pycache__" not in path.parts}
    assert names == {name for name in kept if not any(part.startswith(".") for part in name.split("/"))}
    assert {"reference/exact.py", "grader/packs/gradescope_run.py", "grader/publish/schemas/gradescope.json"} <= names
    assert not [name for name in names if "test" in name.split("/")[-1]]


def test_the_wheel_s_metadata_is_the_project_s(packed):
    with zipfile.ZipFile(io.BytesIO(opened(packed.content).read(full_wheel_name()))) as wheel:
        info = f"bptt_grader-{metadata.version('bptt-grader')}.dist-info"
        told = wheel.read(f"{info}/METADATA").decode()
        recorded = wheel.read(f"{info}/RECORD").decode()
        assert "grade = grader.cli:grade_main" in wheel.read(f"{info}/entry_points.txt").decode()
        for name in wheel.namelist():
            assert f"{name}," in recorded
    assert "Requires-Dist: torch" in told


# ---------------------------------------------------------------------------- the versions it installs
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OF_CUDA = ("nvidia-", "cuda-", "triton")  # of a torch with CUDA; the pack installs one without


def pins(file, python):
    """The version of each package that a file of requirements gives to this Python, on the platform's Linux."""
    found = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            wanted = Requirement(line)
            if applies(wanted, python):
                assert canonicalize_name(wanted.name) not in found, line
                found[canonicalize_name(wanted.name)] = str(wanted.specifier)
    return found


def applies(wanted, python):
    there = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    there |= {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"}
    return wanted.marker is None or wanted.marker.evaluate(there)


def needed(name, seen):
    """The names of every distribution that `name`, as installed here, needs there; optional ones left out."""
    for wanted in map(Requirement, metadata.requires(name) or ()):
        found = canonicalize_name(wanted.name)
        if applies(wanted, HERE) and found not in seen and not found.startswith(OF_CUDA):
            seen.add(found)
            needed(wanted.name, seen)
    return seen


@pytest.mark.parametrize("python", PYTHONS)
def test_the_versions_are_those_that_the_project_is_tested_with(python):
    ours, tested = pins(REQUIREMENTS, python), pins(".ci/constraints.txt", python)
    assert ours == {name: tested.get(name) for name in ours}
    assert all(version.startswith("==") for version in ours.values())


def test_everything_that_grading_needs_is_among_them_and_nothing_else():
    found = needed("bptt-grader", set())
    assert {"torch", "numpy", "markupsafe", "mpmath"} <= found
    assert set(pins(REQUIREMENTS, HERE)) == found


def test_an_older_python_than_the_newest_has_what_it_lacks():
    assert set(pins(REQUIREMENTS, "3.10")) - set(pins(REQUIREMENTS, "3.11")) == {"exceptiongroup", "tomli"}


def test_setup_installs_torch_first_by_the_line_that_pins_it():
    (line,) = (line for line in (ROOT / REQUIREMENTS).read_text("utf-8").splitlines() if line.startswith("torch=="))
    script = (ROOT / REQUIREMENTS).with_name("setup.sh").read_text(encoding="utf-8")
    assert "grep -m 1 '^torch==' \"$source/requirements.txt\"" in script
    assert ";" not in line
