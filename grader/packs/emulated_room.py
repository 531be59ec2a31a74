"""The folders of an emulated Gradescope, made on disk: the archive, the submission, an environment without pip."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.errors import UsageError
from grader.packs.gradescope_layout import Layout
from grader.sandbox.paths import MASKED_PACKAGES

__all__ = ["covered", "hand_in", "lay_out", "python_here", "shown", "stand_in_environment"]

_MOST_BYTES = 256 << 20
_ENVIRONMENT = "venv"
_PACKAGES = ("site-packages", "dist-packages")
_METADATA = {
    "id": 1,
    "created_at": "2026-03-02T10:00:00.000000-08:00",
    "assignment": {
        "id": 1,
        "course_id": 1,
        "title": "Counting ones",
        "total_points": "100.0",
        "group_submission": False,
    },
    "submission_method": "upload",
    "users": [{"id": 1, "email": "student@example.edu", "name": "A Student"}],
    "previous_submissions": [],
}


def lay_out(layout: Layout, archive: Path) -> None:
    """Put the pack where the platform does. Raises UsageError."""
    for folder in (layout.source, layout.home):
        folder.mkdir(parents=True)
    _unpack(archive, layout.source)
    shutil.copy(layout.source / "run_autograder", layout.root / "run_autograder")


def hand_in(layout: Layout, submission: Sequence[Path], metadata: Path | None) -> None:
    """Put what is handed in and the metadata where the platform does, in place of any before. Raises UsageError."""
    for folder in (layout.submission, layout.results):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    layout.metadata.unlink(missing_ok=True)  # with the modes it was given: each submission has a fresh container there
    try:
        for path in submission:
            shutil.copyfile(path, layout.submission / path.name)
        if metadata is None:
            layout.metadata.write_text(json.dumps(_METADATA), encoding="utf-8")
        else:
            shutil.copyfile(metadata, layout.metadata)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the archive as the platform does, file by file."""
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            if sum(member.file_size for member in members) > _MOST_BYTES:
                raise UsageError(f"{archive}: larger than {_MOST_BYTES >> 20} MiB unpacked: not one of ours")
            for member in members:
                if Path(member.filename).name != member.filename:
                    raise UsageError(f"{archive}: {member.filename[:80]!r} is not at its root: not one of ours")
                path = folder / member.filename
                path.write_bytes(packed.read(member))
                path.chmod(0o755 if member.external_attr >> 16 & stat.S_IXUSR else 0o644)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UsageError(f"{archive}: cannot be read as a zip: {error}") from None
    for name in ("setup.sh", "run_autograder"):
        if not (folder / name).is_file():
            raise UsageError(f"{archive}: there is no {name} in it: make it with `grader pack gradescope`")


# ---------------------------------------------------------------------------- an environment
def python_here() -> str:
    """The interpreter itself, outside of any environment."""
    return os.path.realpath(sys.executable)


def stand_in_environment(layout: Layout) -> None:
    """What `setup.sh` makes, without a network: the packed wheel's own code, everything else borrowed from here."""
    folder = layout.home / _ENVIRONMENT
    packages = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (folder / "bin").mkdir(parents=True)
    packages.mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(python_here())
    (folder / "pyvenv.cfg").write_text(f"home = {Path(python_here()).parent}\n", encoding="utf-8")
    borrowed = "".join(f"{path}\n" for path in _borrowed())
    (packages / "borrowed.pth").write_text(borrowed, encoding="utf-8")
    (wheel,) = layout.source.glob("bptt_grader-*.whl")
    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as packed:
        packed.extractall(packages)


def _borrowed() -> list[Path]:
    return [Path(entry).resolve() for entry in sys.path if Path(entry).name in _PACKAGES and Path(entry).is_dir()]


def shown() -> tuple[str, ...]:
    """Host folders that this interpreter and its packages need; none beneath another or what is there anyway."""
    there = ("/usr", "/lib", "/lib64", "/bin", "/etc")
    wanted = {Path(sys.base_prefix).resolve(), *_borrowed(), *_installed_beside()}
    kept: list[str] = []
    for path in sorted(map(str, wanted), key=len):
        if not any(path == outer or path.startswith(f"{outer}/") for outer in (*there, *kept)):
            kept.append(path)
    return tuple(kept)


def _installed_beside() -> Iterable[Path]:
    """What lies in /opt: Pythons, wheels."""
    opt = Path("/opt")
    return (path for path in opt.iterdir() if path.is_dir() and path.name != "bptt-grader") if opt.is_dir() else ()


def covered() -> tuple[str, ...]:
    """Our own grader and solution, where packages are borrowed from: the packed ones are used."""
    folders = (packages / name for packages in _borrowed() for name in MASKED_PACKAGES)
    return tuple(str(folder) for folder in folders if folder.is_dir())
