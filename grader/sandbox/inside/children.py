"""The children of a template: forked, confined, watched, ended and reported. More than one may run."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from . import system as s
from .child import serve
from .confine import Layers, Quota, confine, quiet_descriptors
from .frames import OUR_FAILURE
from .landlock import Ruleset, build_ruleset
from .scratch import remove_tree, size_of

__all__ = ["Children", "Mould"]

_POLL_MS = 100
_STRAY_ROUNDS = 200


@dataclass
class Mould:
    """What every child is made with: layers, the folders it may read, and the descriptors that making it takes."""

    control: socket.socket
    config: dict[str, Any]
    layers: Layers
    devices: tuple[str, ...]
    prepared_filter: bytes | None
    own_pid_namespace: int | None
    proc: int
    address_space: int

    def ruleset(self) -> Ruleset:
        """What a child may touch of the file system, its scratch apart. Raises OSError without Landlock."""
        gpu = ["/proc", "/sys"] if self.layers.gpu else []
        return build_ruleset([*self.config["readable"], "/etc/localtime", *gpu], self.config["masked"], self.devices)


def _prefer_for_oom(proc: int) -> None:
    """If memory runs out, the kernel should end this process and not its neighbours."""
    with suppress(OSError):
        fd = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=proc)
        try:
            os.write(fd, b"1000")
        finally:
            os.close(fd)


def _become_child(mould: Mould, request: dict[str, Any], fds: list[int], scratch: str) -> NoReturn:
    status = OUR_FAILURE
    try:
        s.die_with_parent()
        _prefer_for_oom(mould.proc)
        questions, answers, output = fds
        null = os.open("/dev/null", os.O_RDWR)
        # one of its own: in a shared one, each child's scratch would be open to those that follow
        ruleset = mould.ruleset() if mould.layers.landlock else None
        quiet_descriptors([null, output, output, questions, answers, *([ruleset.fd] if ruleset else [])])
        if ruleset is not None:
            ruleset.fd = 5
        quota = Quota(
            cpu_s=int(request["cpu_s"]),
            address_space_bytes=-1 if mould.layers.gpu else mould.address_space + request["memory_bytes"],
            scratch_bytes=request["scratch_bytes"],
            file_bytes=request["scratch_bytes"],
        )
        home = confine(mould.layers, quota, ruleset, scratch, mould.prepared_filter)
        serve(3, 4, home)
        status = 0
    except BaseException as fault:  # noqa: BLE001 - nothing may run on in a half-confined child
        os.write(2, f"child: {type(fault).__name__}: {fault}\n".encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _fork_child(mould: Mould, request: dict[str, Any], fds: list[int], scratch: str) -> int:
    if mould.own_pid_namespace is not None:
        s.unshare(s.NEW_PID)
    pid = os.fork()
    if pid == 0:
        _become_child(mould, request, fds, scratch)
    if mould.own_pid_namespace is not None:
        s.setns(mould.own_pid_namespace, s.NEW_PID)
    return pid


@dataclass
class Child:
    """A child that runs; `scratch` is its folder where it has no namespace of its own."""

    run: int
    pid: int
    pidfd: int
    scratch: str
    scratch_bytes: int
    killed: str = ""

    def kill(self, why: str) -> None:
        self.killed = self.killed or why
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)


class Children:
    """The children of a template: started, watched, ended and reported. More than one may run."""

    def __init__(self, mould: Mould) -> None:
        self._mould = mould
        self._by_pidfd: dict[int, Child] = {}
        self._poll = select.poll()
        self._poll.register(mould.control.fileno(), select.POLLIN)

    def start(self, request: dict[str, Any], fds: list[int]) -> None:
        """Fork and confine a child for run `request`, its pipes being `fds`."""
        layers, config = self._mould.layers, self._mould.config
        scratch = "" if layers.namespaces else tempfile.mkdtemp(prefix="run-", dir=config["scratch_root"])
        if scratch and layers.unused_uid is not None:
            os.chown(scratch, layers.unused_uid, layers.unused_uid)
        pid = _fork_child(self._mould, request, fds, scratch)
        for fd in fds:
            os.close(fd)
        child = Child(int(request["run"]), pid, os.pidfd_open(pid), scratch, int(request["scratch_bytes"]))
        self._by_pidfd[child.pidfd] = child
        self._poll.register(child.pidfd, select.POLLIN)

    def kill(self, run: int) -> None:
        """End run `run`; a late request names one that has ended, and is none."""
        for child in self._by_pidfd.values():
            if child.run == run:
                child.kill("supervisor")

    def end_all(self) -> None:
        """End every child, and leave nothing on disk: the supervisor is gone, or about to go."""
        for child in self._by_pidfd.values():
            child.kill("supervisor")
            os.waitpid(child.pid, 0)
        self._by_pidfd.clear()
        if not self._mould.layers.namespaces:
            self._end_strays()
            remove_tree(self._mould.config["private"])

    def wait(self) -> bool:
        """Wait for the supervisor (True: it has something to say), reporting what ends meanwhile."""
        watched = [child for child in self._by_pidfd.values() if child.scratch]
        ready = {fd for fd, _ in self._poll.poll(_POLL_MS if watched else None)}
        for fd in ready & self._by_pidfd.keys():
            self._end(self._by_pidfd.pop(fd))
        for child in watched:
            if child.pidfd in self._by_pidfd and size_of(child.scratch, child.scratch_bytes) > child.scratch_bytes:
                child.kill("scratch")
        return self._mould.control.fileno() in ready

    def _end(self, child: Child) -> None:
        self._poll.unregister(child.pidfd)
        _, status, usage = os.wait4(child.pid, 0)
        os.close(child.pidfd)
        if child.scratch:
            self._end_strays()
            remove_tree(child.scratch)
        ended = {
            "ended": child.run,
            "killed": child.killed,
            "code": os.waitstatus_to_exitcode(status),
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
            "peak_kib": usage.ru_maxrss,
        }
        with suppress(OSError):  # the supervisor is gone, which the next look at the socket shows
            self._mould.control.send(json.dumps(ended).encode("ascii"))

    def _end_strays(self) -> None:
        """Without a process namespace, end what a child left behind: this subreaper has adopted it."""
        own = {child.pid for child in self._by_pidfd.values()}
        for _ in range(_STRAY_ROUNDS):
            strays = [pid for pid in _child_pids() if pid not in own]
            if not strays:
                return
            for pid in strays:
                os.kill(pid, signal.SIGKILL)
            for pid in strays:
                os.waitpid(pid, 0)


def _child_pids() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []
