"""The kit as a teacher makes it, and an environment into which a student has installed it."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from grader.kit import build_kit

NOT_TAKEN = ("bptt", "__editable", "_editable", "__pycache__")


@pytest.fixture(scope="session")
def kit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kit") / "hand out"
    build_kit(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(kit):
    return next(kit.glob("*.whl"))


class Student:
    """A fresh environment: PyTorch and the rest are borrowed, so that a gigabyte is spared; the grader is not."""

    def __init__(self, folder):
        self.folder = folder
        venv.create(folder, with_pip=False, symlinks=True)
        self.bin = folder / "bin"
        (self.packages,) = folder.glob("lib/*/site-packages")
        for entry in sys.path:
            if Path(entry).name in {"site-packages", "dist-packages"}:
                self._borrow(Path(entry))

    def _borrow(self, packages):
        for path in packages.iterdir():
            here = self.packages / path.name
            if not here.exists() and path.suffix != ".pth" and not path.name.lower().startswith(NOT_TAKEN):
                here.symlink_to(path)

    def run(self, program, *arguments, cwd=None):
        """(exit status, stdout, stderr)."""
        clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "COLUMNS"}}
        environment = {**clean, "OMP_NUM_THREADS": "1", "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}
        run = subprocess.run(
            [self.bin / program, *map(str, arguments)],
            cwd=cwd or self.folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return run.returncode, run.stdout, run.stderr


@pytest.fixture(scope="session")
def student(tmp_path_factory, wheel):
    student = Student(tmp_path_factory.mktemp("student"))
    install = ("python", "-m", "pip", "install", "-q", "--no-index", "--no-compile")
    status, _, errors = student.run(*install, f"{wheel}[torch]")
    assert status == 0, errors
    return student
