"""A process of its own becomes a container like the platform's: own root, own processes, no way into namespaces.

`python -m grader.packs.container CONFIG` (JSON, see `Container`). What a platform's container lacks is taken from the
command for good: new namespaces and mounts are refused by a seccomp filter as in Docker's default profile, root keeps
the capabilities that Docker leaves it. The host's programs are there, read-only; everything else is fresh.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from errno import ENOSYS, EPERM
from pathlib import Path

from grader.sandbox.inside import bpf
from grader.sandbox.inside import system as s
from grader.sandbox.inside.namespaces import leave, set_attributes, switch_root

__all__ = ["ENTERED", "Container", "docker_filter"]

ENTERED = b"entered"
"""What is written to `told` once nothing of ours can fail any more."""

_HOST = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "nix")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_CAPBSET_DROP, _LAST_CAPABILITY = 24, 40
_KEPT_CAPABILITIES = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
_REFUSED = """
    unshare setns mount umount2 pivot_root open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
""".split()  # noqa: SIM905 - as a person reads them


@dataclass(frozen=True)
class Container:
    """What to run and in what: `root` is a folder that becomes the root, `shown` are host folders seen there as well.

    `covered` folders look empty, to root too. `cgroups` are `cgroup.procs` files to enter, `told` a descriptor.
    """

    root: str
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    told: int
    shown: tuple[str, ...] = ()
    covered: tuple[str, ...] = ()
    cgroups: tuple[str, ...] = ()
    landlock: bool = True

    def as_command(self) -> list[str]:
        """The command line that makes it."""
        return [sys.executable, "-m", __name__, json.dumps(asdict(self))]


def main(text: str) -> int:
    """Become the container's first process, run the command, return how it ended."""
    config = json.loads(text)
    for path in config["cgroups"]:
        Path(path).write_text(str(os.getpid()), encoding="ascii")
    leave(s.NEW_NS | s.NEW_PID | s.NEW_IPC, user=os.getuid() != 0)
    first = os.fork()
    if first:
        return _ending(os.waitpid(first, 0)[1])
    s.die_with_parent()
    _build_root(config["root"], config["shown"], config["covered"])
    command = os.fork()
    if command == 0:
        os.setsid()
        _give_up_what_a_container_lacks(landlock=config["landlock"])
        os.chdir(config["folder"])
        os.write(config["told"], ENTERED)
        os.set_inheritable(config["told"], False)  # noqa: FBT003 - positional only
        os.execve(config["command"][0], config["command"], config["environment"])  # noqa: S606 - what was asked for
    os.close(config["told"])
    while True:  # the first process has every orphan to bury
        pid, status = os.wait()
        if pid == command:
            os._exit(_ending(status) & 0xFF)


def _ending(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


# ---------------------------------------------------------------------------- the root
def _build_root(root: str, shown: Iterable[str], covered: Iterable[str]) -> None:
    os.umask(0o022)
    s.mount("none", "/", None, s.MS_REC | s.MS_PRIVATE)
    s.mount(root, root, None, s.MS_BIND)
    for name in _HOST:
        path = f"/{name}"
        if os.path.islink(path):
            _link(os.readlink(path), root + path)
        elif os.path.isdir(path):
            _show(path, root)
    for path in shown:
        _show(path, root)
    for path in covered:
        s.mount("tmpfs", root + path, "tmpfs", s.MS_RDONLY, "size=4k,mode=700")
    _show_processes(root)
    _make_devices(root)
    switch_root(root)


def _link(target: str, path: str) -> None:
    if not os.path.lexists(path):
        os.symlink(target, path)


def _show(path: str, root: str) -> None:
    """Show the host's `path` there, read-only."""
    os.makedirs(root + path, exist_ok=True)
    s.mount(path, root + path, None, s.MS_BIND | s.MS_REC)
    set_attributes(root + path, s.MS_RDONLY)


def _show_processes(root: str) -> None:
    os.makedirs(f"{root}/proc", exist_ok=True)
    try:
        s.mount("proc", f"{root}/proc", "proc", s.MS_NOSUID | s.MS_NODEV | s.MS_NOEXEC)
    except OSError:  # a container around this one hides parts of its own
        s.mount("/proc", f"{root}/proc", None, s.MS_BIND | s.MS_REC)


def _make_devices(root: str) -> None:
    os.makedirs(f"{root}/dev", exist_ok=True)
    s.mount("tmpfs", f"{root}/dev", "tmpfs", s.MS_NOSUID, "size=1m,mode=755")
    for name in _DEVICES:
        path = f"{root}/dev/{name}"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        s.mount(f"/dev/{name}", path, None, s.MS_BIND)
    shared = f"{root}/dev/shm"  # noqa: S108 - the container's own
    os.mkdir(shared)
    s.mount("tmpfs", shared, "tmpfs", s.MS_NOSUID | s.MS_NODEV, "size=64m,mode=1777")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        _link(target, f"{root}/dev/{name}")


# ---------------------------------------------------------------------------- what it lacks
def _give_up_what_a_container_lacks(*, landlock: bool) -> None:
    if os.getuid() == 0:
        for capability in set(range(_LAST_CAPABILITY + 1)) - _KEPT_CAPABILITIES:  # in force when the command begins
            s.prctl(_CAPBSET_DROP, capability)
    bpf.load_filter(docker_filter(landlock=landlock))


def docker_filter(*, landlock: bool = True) -> bytes:
    """A seccomp filter that refuses what makes or enters namespaces and mounts, as Docker's default profile does.

    Without `landlock` the kernel seems to have none. Raises OSError on an unknown processor.
    """
    _, numbers = s.numbers()
    absent = ("clone3", *(() if landlock else ("landlock_create_ruleset",)))
    code = [bpf.NUMBER]
    for names, errno in ((_REFUSED, EPERM), (absent, ENOSYS)):
        for name in names:
            code += [bpf.jump(bpf.EQUAL, numbers[name], 0, 1), bpf.refuse(errno)]
    code += [bpf.jump(bpf.EQUAL, numbers["clone"], 0, 3), bpf.low_word(0)]
    code += [bpf.jump(bpf.ANY_BIT, s.NEW_ANYTHING, 0, 1), bpf.refuse(EPERM), bpf.ALLOW]
    return b"".join(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
