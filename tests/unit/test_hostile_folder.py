"""Nothing trusted ever imports from the current folder, however the grader is started there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

NAMES = (
    "json", "torch", "click", "conftest", "numpy", "rich", "tomllib", "hypothesis", "difflib", "fractions", "secrets",
    "sitecustomize", "reference", "traceback", "subprocess", "dataclasses",
)  # fmt: skip
MARK = "executed.txt"
HOSTILE = f"open({MARK!r}, 'a').write(__name__ + ' ')\nraise SystemExit(99)\n"


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(HOSTILE)
    (tmp_path / "hw.txt").write_text("no submission")
    return tmp_path


def start(command, folder, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def script(name):
    path = Path(sysconfig.get_path("scripts")) / (f"{name}.exe" if os.name == "nt" else name)
    assert path.exists(), "install the project: pip install -e ."
    return str(path)


MODULE = [sys.executable, "-m", "grader"]


def test_without_care_the_folder_is_imported_from(folder):
    """The control: were this to pass by itself, the tests below would show nothing."""
    result = start([sys.executable, "-c", "import json"], folder)
    assert result.returncode == 99
    assert "json" in (folder / MARK).read_text()


@pytest.mark.parametrize("arguments", [["--help"], ["schema"], ["init", "new.toml"], ["grade", "gone.py"]])
@pytest.mark.parametrize("by", ["module", "command"])
def test_no_file_of_the_folder_is_executed(folder, arguments, by):
    command = MODULE if by == "module" else [script("grader")]
    result = start([*command, *arguments], folder)
    assert not (folder / MARK).exists(), (folder / MARK).read_text()
    assert result.returncode in {0, 2, 3}, result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("command", [[*MODULE, "grade"], [script("grade")]])
def test_grading_executes_no_file_of_the_folder_here(folder, command):
    """The submission itself imports json in the sandbox, where a companion file may be what it gets; not here."""
    (folder / "hw.py").write_text("def relu(S):\n    return (abs(S) + S) / 2\n")
    result = start([*command, "hw.py"], folder)
    assert not (folder / MARK).exists(), (folder / MARK).read_text()
    assert result.returncode in {1, 3}, result.stderr


@pytest.mark.skipif(sys.version_info < (3, 11), reason="-P came with Python 3.11")
def test_a_grader_of_the_folder_is_left_alone_with_p(folder):
    (folder / "grader.py").write_text(HOSTILE)
    result = start([sys.executable, "-P", "-m", "grader", "--version"], folder)
    assert result.returncode == 0
    result = start([script("grader"), "--version"], folder)
    assert result.returncode == 0
    assert not (folder / MARK).exists()
