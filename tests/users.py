"""Run Python as another user, or as root with an interpreter that others may run too.

The interpreter, the environment or the repository may lie beneath a folder that others may not search (`/root`, say).
In a private mount namespace each such folder is covered by an empty one that holds only what leads there.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ORDINARY = 12345
_REPOSITORY = Path(__file__).resolve().parent.parent
_UNAVAILABLE = 77
_NEW_NS, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18


def run_python(code: str, *, uid: int = ORDINARY, timeout: float = 60) -> str:
    """What `code` prints when user `uid` runs it. Skips, and says why, unless this is root; fails if the code does."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user; the tests run as an ordinary one already")
    home = tempfile.mkdtemp(prefix="user-")
    os.chown(home, uid, uid)
    try:
        done = subprocess.run(
            [sys.executable, __file__, str(uid), home, sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd="/",
        )
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if done.returncode == _UNAVAILABLE:
        pytest.skip(f"no private mount namespace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def _call(function: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")


def _closed(path: Path) -> Path | None:
    """The outermost folder on the way to `path`, or itself, that others may not search."""
    for folder in (*reversed(path.parents), path):
        if folder.is_dir() and not folder.stat().st_mode & 0o001:
            return folder
    return None


def _cover(folder: Path, needed: list[Path]) -> None:
    """Hide what is in `folder` but for what leads to `needed`, and let everybody search it."""
    if folder in needed:
        names = sorted(path.name for path in folder.iterdir())
    else:
        names = sorted({path.relative_to(folder).parts[0] for path in needed if folder in path.parents})
    held = [(name, os.open(folder / name, os.O_PATH)) for name in names]
    _call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", ctypes.c_ulong(0), b"mode=755")
    for name, fd in held:
        source, target = Path(f"/proc/self/fd/{fd}"), folder / name
        if source.is_dir():
            target.mkdir()
        else:
            target.touch()
        _call("mount", os.fsencode(source), os.fsencode(target), None, ctypes.c_ulong(_MS_BIND | _MS_REC), None)
        os.close(fd)


def _open_the_way() -> None:
    _call("unshare", _NEW_NS)
    _call("mount", b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None)
    executable = Path(sys.executable)
    needed = {_REPOSITORY, executable.parent, executable.resolve().parent, Path(sys.prefix), Path(sys.base_prefix)}
    paths = sorted({path.resolve() for path in needed} | needed)
    for path in paths:
        while (folder := _closed(path)) is not None:
            _cover(folder, paths)


def _main() -> None:
    uid, home, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    try:
        _open_the_way()
    except OSError as fault:
        sys.stderr.write(str(fault))
        sys.exit(_UNAVAILABLE if isinstance(fault, PermissionError) else 1)
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    path = os.pathsep.join([str(_REPOSITORY), str(_REPOSITORY / "tests")])
    environment = {**os.environ, "HOME": home, "TMPDIR": home, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    os.chdir(home)
    os.execve(command[0], command, environment)  # noqa: S606 - a Python, with its arguments


if __name__ == "__main__":
    _main()
