"""Levels for real: this process is put where the machine itself refuses what the level lacks; it cannot go back.

strong           as the machine gives
standard-docker  a seccomp filter around everything refuses namespaces and mounts, as Docker's default profile does
standard-ubuntu  a user namespace can be had, but neither can its map be written nor anything be mounted in it (Ubuntu
                 24.04 restricts them so). A Landlock domain around everything has that effect: it lets nobody mount,
                 and here nobody write beneath /proc
standard-root    root without namespaces: the grader is told not to use them (`Harness`), children are another user's
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.cases import default_cache_dir
from grader.packs.container import docker_filter
from grader.sandbox.inside import system
from grader.sandbox.inside.bpf import load_filter

__all__ = ["LEVELS", "USERS", "as_user", "enter", "here", "is_there"]

LEVELS = ("strong", "standard-docker", "standard-ubuntu", "standard-root")
USERS = ("root", "ordinary")
_TESTS = Path(__file__).resolve().parents[1]
_ORDINARY = 12345
_WRITE_FILE = 2


def here() -> str:
    """Which of the two users this process is."""
    return "root" if os.getuid() == 0 else "ordinary"


def _refuse_maps_and_mounts() -> None:
    attributes = struct.pack("Q", _WRITE_FILE)
    ruleset = system.syscall("landlock_create_ruleset", attributes, len(attributes), 0)
    for entry in os.scandir("/"):
        if entry.name == "proc":
            continue
        fd = os.open(entry.path, os.O_PATH | os.O_CLOEXEC)
        system.syscall("landlock_add_rule", ruleset, 1, struct.pack("=Qi", _WRITE_FILE, fd), 0)
        os.close(fd)
    system.syscall("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)


def enter(level: str) -> None:
    """Put this process at `level`, for good. Raises OSError where the machine cannot be made so."""
    if level in ("standard-docker", "standard-ubuntu"):
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
        if level == "standard-docker":
            load_filter(docker_filter())
        else:
            _refuse_maps_and_mounts()


def _give_cache(folder: Path, uid: int) -> None:
    """Copy our case banks to where that user's grader looks for them: building them takes seconds."""
    folder.mkdir(parents=True)
    ours = default_cache_dir()
    for path in sorted(ours.iterdir()) if ours and ours.is_dir() else ():
        shutil.copyfile(path, folder / path.name)
    for path in (*folder.iterdir(), folder, folder.parent, folder.parents[1]):
        os.chown(path, uid, uid)
        path.chmod(0o700 if path.is_dir() else 0o600)


@contextlib.contextmanager
def as_user(user: str, command: list[str]) -> Iterator[list[str]]:
    """What runs `command` as `user`, with an interpreter that others may run too. Raises ValueError if only root could.

    It ends where it is run with `HOSTILE_AS` set to `user`: whoever is started so need not ask again.
    """
    if here() != "root":
        raise ValueError(f"--user {user}: only root can become somebody else; this is an ordinary user")
    uid = 0 if user == "root" else _ORDINARY
    home = tempfile.mkdtemp(prefix="hostile-user-")
    _give_cache(Path(home) / ".cache" / "bptt-grader", uid)
    os.environ.pop("XDG_CACHE_HOME", None)
    os.environ["HOSTILE_AS"] = user
    try:
        yield [sys.executable, str(_TESTS / "users.py"), str(uid), home, *command]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def is_there(user: str, level: str) -> bool:
    """Whether this process already is `user`, set up as `level` needs it."""
    if level == "standard-root" and user == "root":  # children become nobody, who must be able to run the interpreter
        return os.environ.get("HOSTILE_AS") == "root"
    return user == here()
