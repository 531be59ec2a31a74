"""Namespaces: no network, no other processes, and a read-only root that holds nothing but libraries."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import system as s

__all__ = ["DEVICES", "build_root", "enter", "leave", "private_scratch", "rehearse", "set_attributes", "switch_root"]

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_SCRATCH = "/scratch"
_RECURSIVE = 0x8000
_AT_FDCWD = (1 << 64) - 100


def enter(*, user: bool) -> None:
    """Enter fresh namespaces (the next fork is process 1); with `user`, in a user namespace that maps only this user.

    Must run before any thread exists. Raises OSError.
    """
    leave(s.NEW_NS | s.NEW_NET | s.NEW_IPC | s.NEW_UTS | s.NEW_PID, user=user)


def leave(kinds: int, *, user: bool) -> None:
    """Leave the namespaces of these kinds; with `user`, for a user namespace that maps only this user, too. OSError."""
    uid, gid = os.getuid(), os.getgid()
    s.unshare(kinds | (s.NEW_USER if user else 0))
    if user:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")


def _try_everything(readable: list[str], masked: list[str], *, user: bool) -> str:
    """In a throwaway process: enter, fork, build the root and mount a scratch. Returns what failed, or nothing."""
    try:
        enter(user=user)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                build_root(readable, masked)
                s.unshare(s.NEW_PID)
                private_scratch(1 << 20, 16)
                status = 0
            finally:
                os._exit(status)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            return "mount: a read-only root could not be built"
    except OSError as fault:
        return f"{fault.strerror or fault}"
    return ""


def rehearse(readable: list[str], masked: list[str]) -> tuple[bool | None, str]:
    """Which way into namespaces works here: (True: with a user namespace, False: without, None: neither; the reason).

    `unshare` may succeed where writing the map or mounting fails later, and a half-entered namespace cannot be
    left, so all of it is tried in a throwaway process first.
    """
    reason = ""
    for user in (True, False):
        read_end, write_end = os.pipe()
        trial = os.fork()
        if trial == 0:
            try:
                os.write(write_end, _try_everything(readable, masked, user=user).encode())
            finally:
                os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            fault = pipe.read().decode("utf-8", "replace")
        status = os.waitpid(trial, 0)[1]
        if not fault and status == 0:
            return user, ""
        reason = reason or fault or "namespaces: the trial process died"
    return None, reason


def _bind(source_fd: int, target: str, *, folder: bool) -> None:
    if folder:
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    s.mount(f"/proc/self/fd/{source_fd}", target, None, s.MS_BIND | (s.MS_REC if folder else 0))


def build_root(readable: Iterable[str], masked: Iterable[str], devices: Iterable[str] = DEVICES) -> None:
    """Replace the root by an empty one that holds `readable` (read-only), `devices` and an empty `/scratch`.

    `masked` folders inside `readable` show as empty. Raises OSError.
    """
    s.mount("none", "/", None, s.MS_REC | s.MS_PRIVATE)
    keep = [path for path in readable if os.path.isdir(path)]
    present = [path for path in devices if os.path.exists(path)]
    fds = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in (*keep, *present)}
    root = tempfile.gettempdir()
    s.mount("tmpfs", root, "tmpfs", s.MS_NOSUID | s.MS_NODEV, "size=1m,mode=755")
    for path in keep:
        _bind(fds[path], root + path, folder=True)
    for path in masked:
        if os.path.isdir(root + path):
            s.mount("tmpfs", root + path, "tmpfs", s.MS_NOSUID | s.MS_NODEV | s.MS_RDONLY, "size=4k,mode=555")
    for link in ("/lib", "/lib64", "/bin"):
        if os.path.islink(link) and not os.path.lexists(root + link):
            os.symlink(os.readlink(link), root + link)
    for path in present:
        _bind(fds[path], root + path, folder=os.path.isdir(path))
    for path in keep:
        set_attributes(root + path, s.MS_RDONLY | s.MS_NOSUID | s.MS_NODEV)
    os.mkdir(root + _SCRATCH)
    switch_root(root)
    s.mount("none", "/", None, s.MS_REMOUNT | s.MS_BIND | s.MS_RDONLY | s.MS_NOSUID | s.MS_NODEV)
    for fd in fds.values():
        os.close(fd)


def set_attributes(path: str, flags: int) -> None:
    """Give every mount at `path` and beneath these flags (of `MS_RDONLY`, `MS_NOSUID`, `MS_NODEV`). Raises OSError."""
    attributes = struct.pack("QQQQ", flags, 0, 0, 0)
    s.syscall("mount_setattr", _AT_FDCWD, os.fsencode(path), _RECURSIVE, attributes, len(attributes))


def switch_root(root: str) -> None:
    """Make `root`, where something is mounted, the root, and let go of the old one. Raises OSError."""
    os.makedirs(f"{root}/.old", exist_ok=True)
    os.chdir(root)
    s.syscall("pivot_root", b".", b".old")
    os.chdir("/")
    s.umount_lazily("/.old")
    os.rmdir("/.old")


def private_scratch(size: int, files: int) -> str:
    """Give the calling process a scratch folder of its own with a quota (bytes, files). Raises OSError."""
    s.unshare(s.NEW_NS)
    flags = s.MS_NOSUID | s.MS_NODEV | s.MS_NOEXEC
    s.mount("tmpfs", _SCRATCH, "tmpfs", flags, f"size={size},nr_inodes={files},mode=777")
    os.chdir(_SCRATCH)
    return _SCRATCH
