"""The template process: starts once, warms torch, and forks a confined child for each submission.

It never sees a submission: the descriptors of a child's pipes are passed over the control socket and
the child reads its program itself. It never imports the reference, and holds nothing that is secret.

Control messages are single JSON objects on a SEQPACKET socket. From the supervisor: `{"configure": …}`
once, then `{"run": id, "cpu_s": …}` with three descriptors (questions to read, answers and output to
write), and `{"kill": id}`. To the supervisor: `{"ready": …}` or `{"fault": …}`, then `{"ended": id, …}`.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any, NoReturn

from . import namespaces, seccomp
from . import system as s
from .confine import Layers, Quota, confine, quiet_descriptors
from .landlock import Ruleset, abi
from .scratch import remove_tree, size_of

__all__ = ["main"]

_GPU_DEVICES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset")
_POLL_MS = 100
_STRAY_ROUNDS = 200


@dataclass
class _Template:
    """What the run loop needs, once everything is set up."""

    control: socket.socket
    config: dict[str, Any]
    layers: Layers
    devices: tuple[str, ...]
    prepared_filter: bytes | None
    own_pid_namespace: int | None
    oom_score: int | None
    address_space: int


# ---------------------------------------------------------------------------- setting up
def _warm(device: str) -> None:
    """Import what submissions use, and touch what torch loads late (the first optimizer step costs 0.5 s)."""
    import numpy as np  # noqa: PLC0415 - after the namespaces: it starts threads
    import torch  # noqa: PLC0415 - the same

    torch.set_num_threads(1)
    weight = torch.zeros(2, 2, requires_grad=True)
    (weight @ torch.ones(2, 2)).relu().sum().backward()  # type: ignore[no-untyped-call]
    np.random.seed(0)  # noqa: NPY002 - imports the generators: 10 ms that no child should pay
    if device == "cpu":
        torch.manual_seed(0)
        np.asarray(torch.ones(2)).tolist()
    for name in (
        "random",
        "inspect",
        "linecache",
        "traceback",
        "asyncio",
        "typing",
        "dataclasses",
        "collections",
        "ast",
    ):
        importlib.import_module(name)


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")


def _ruleset(config: dict[str, Any], devices: tuple[str, ...]) -> Ruleset:
    ruleset = Ruleset()
    for path in config["readable"]:
        _allow_reading(ruleset, path, config["masked"])
    for device in devices:
        ruleset.allow_device(device)
    ruleset.allow_reading(["/etc/localtime", *(["/proc", "/sys"] if config["device"] == "cuda" else [])])
    return ruleset


def _allow_reading(ruleset: Ruleset, folder: str, masked: list[str]) -> None:
    """Allow `folder` but nothing beneath a masked path: Landlock only ever adds, so go around it."""
    inside = [path for path in masked if path.startswith(folder + "/")]
    if not inside:
        ruleset.allow_reading([folder])
        return
    heads = {path[len(folder) + 1 :].partition("/")[0] for path in inside}
    ruleset.allow_reading_except(folder, heads)
    for head in sorted(heads):
        child = f"{folder}/{head}"
        if child not in inside:
            _allow_reading(ruleset, child, masked)


def _fork_into_namespaces(*, user: bool) -> None:
    """Enter namespaces and go on as process 1 of them; the process before only waits."""
    namespaces.enter(user=user)
    pid = os.fork()
    if pid:
        status = os.waitpid(pid, 0)[1]
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    s.die_with_parent()


def _set_up(control: socket.socket, config: dict[str, Any]) -> tuple[_Template, dict[str, Any]]:
    missing: dict[str, str] = {}
    wanted = config["layers"]
    gpu = config["device"] == "cuda"
    devices = namespaces.DEVICES + (tuple(d for d in _GPU_DEVICES if os.path.exists(d)) if gpu else ())
    way = None
    if wanted["namespaces"]:
        way, missing["namespaces"] = namespaces.rehearse(config["readable"], config["masked"])
        if way is not None:
            del missing["namespaces"]
            _fork_into_namespaces(user=way)
    in_namespaces = way is not None
    started = time.perf_counter()
    _warm(config["device"])
    warm_s = time.perf_counter() - started
    s.prctl(36, 1)  # a subreaper: whatever a child leaves behind comes back here
    address_space = _address_space()
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    pid_namespace = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc) if in_namespaces else None
    if in_namespaces:
        extra = ["/proc", "/sys"] if gpu else []
        namespaces.build_root([*config["readable"], *extra], config["masked"], devices)
    use_landlock = wanted["landlock"]
    if use_landlock:
        try:
            os.close(_ruleset(config, devices).fd)
        except OSError as fault:
            missing["landlock"], use_landlock = str(fault), False
    prepared = None
    use_seccomp = wanted["seccomp"]
    if use_seccomp:
        try:
            prepared = seccomp.build_filter(own_pid=1, gpu=gpu) if in_namespaces else None
        except OSError as fault:
            missing["seccomp"], use_seccomp = str(fault), False
    unused = config["unused_uid"] if os.getuid() == 0 and not in_namespaces and wanted["setuid"] else None
    layers = Layers(in_namespaces, use_landlock, use_seccomp, wanted["rlimits"], unused, gpu)
    for name in ("namespaces", "landlock", "seccomp", "rlimits"):
        if not wanted[name]:
            missing[name] = "switched off"
    s.set_dumpable(on=False)
    facts = {
        "namespaces": in_namespaces,
        "landlock": abi() if use_landlock else 0,
        "seccomp": use_seccomp,
        "rlimits": wanted["rlimits"],
        "unused_uid": unused is not None,
        "missing": missing,
        "warm_s": round(warm_s, 3),
        "versions": {name: str(getattr(sys.modules.get(name), "__version__", "")) for name in ("torch", "numpy")},
    }
    return _Template(control, config, layers, devices, prepared, pid_namespace, proc, address_space), facts


# ---------------------------------------------------------------------------- a child
def _prefer_for_oom(proc: int | None) -> None:
    """If memory runs out, the kernel should end this process and not its neighbours."""
    if proc is None:
        return
    try:
        fd = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=proc)
    except OSError:
        return
    try:
        os.write(fd, b"1000")
    except OSError:
        pass
    finally:
        os.close(fd)


def _become_child(template: _Template, request: dict[str, Any], fds: list[int], scratch: str) -> NoReturn:
    from . import child  # noqa: PLC0415 - loaded before the fork by main()

    status = 120
    try:
        s.die_with_parent()
        _prefer_for_oom(template.oom_score)
        questions, answers, output = fds
        null = os.open("/dev/null", os.O_RDWR)
        # one of its own: in a shared one, each child's scratch would be open to those that follow
        ruleset = _ruleset(template.config, template.devices) if template.layers.landlock else None
        quiet_descriptors([null, output, output, questions, answers, *([ruleset.fd] if ruleset else [])])
        if ruleset is not None:
            ruleset.fd = 5
        quota = Quota(
            cpu_s=int(request["cpu_s"]),
            address_space_bytes=-1 if template.layers.gpu else template.address_space + request["memory_bytes"],
            scratch_bytes=request["scratch_bytes"],
            file_bytes=request["scratch_bytes"],
        )
        home = confine(template.layers, quota, ruleset, scratch, template.prepared_filter)
        child.serve(3, 4, home)
        status = 0
    except BaseException as fault:  # noqa: BLE001 - nothing may run on in a half-confined child
        os.write(2, f"child: {type(fault).__name__}: {fault}\n".encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _fork_child(template: _Template, request: dict[str, Any], fds: list[int], scratch: str) -> int:
    if template.own_pid_namespace is not None:
        s.unshare(s.NEW_PID)
    pid = os.fork()
    if pid == 0:
        _become_child(template, request, fds, scratch)
    if template.own_pid_namespace is not None:
        s.setns(template.own_pid_namespace, s.NEW_PID)
    return pid


@dataclass
class _Child:
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


class _Children:
    """The children of a template: started, watched, ended and reported. More than one may run."""

    def __init__(self, template: _Template) -> None:
        self._template = template
        self._by_pidfd: dict[int, _Child] = {}
        self._poll = select.poll()
        self._poll.register(template.control.fileno(), select.POLLIN)

    def start(self, request: dict[str, Any], fds: list[int]) -> None:
        layers, config = self._template.layers, self._template.config
        scratch = "" if layers.namespaces else tempfile.mkdtemp(prefix="run-", dir=config["scratch_root"])
        if scratch and layers.unused_uid is not None:
            os.chown(scratch, layers.unused_uid, layers.unused_uid)
        pid = _fork_child(self._template, request, fds, scratch)
        for fd in fds:
            os.close(fd)
        child = _Child(int(request["run"]), pid, os.pidfd_open(pid), scratch, int(request["scratch_bytes"]))
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
        if not self._template.layers.namespaces:
            remove_tree(self._template.config["private"])

    def wait(self) -> bool:
        """Wait for the supervisor (True: it has something to say), reporting what ends meanwhile."""
        watched = [child for child in self._by_pidfd.values() if child.scratch]
        ready = {fd for fd, _ in self._poll.poll(_POLL_MS if watched else None)}
        for fd in ready & self._by_pidfd.keys():
            self._end(self._by_pidfd.pop(fd))
        for child in watched:
            if child.pidfd in self._by_pidfd and size_of(child.scratch, child.scratch_bytes) > child.scratch_bytes:
                child.kill("scratch")
        return self._template.control.fileno() in ready

    def _end(self, child: _Child) -> None:
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
        self._template.control.send(json.dumps(ended).encode("ascii"))

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


def _serve(template: _Template) -> None:
    children = _Children(template)
    while True:
        if not children.wait():
            continue
        message, ancillary, _, _ = template.control.recvmsg(4096, socket.CMSG_SPACE(3 * 4))
        if not message:
            children.end_all()
            return
        request = json.loads(message)
        if "run" in request:
            children.start(request, _descriptors(ancillary))
        elif "kill" in request:
            children.kill(int(request["kill"]))


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    numbers = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
    return list(numbers)


def main(control_fd: int) -> None:
    """Set up once, report, then serve until the supervisor closes the socket or ends."""
    s.die_with_parent()
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    config = json.loads(control.recv(1 << 16))["configure"]
    for name in (".child", ".canaries"):
        importlib.import_module(name, __package__)
    try:
        template, facts = _set_up(control, config)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the supervisor must hear of it
        control.send(json.dumps({"fault": f"{type(fault).__name__}: {fault}"[:2000]}).encode("ascii"))
        return
    if template.layers.namespaces:
        tempfile.tempdir = "/scratch"
    else:
        s.die_with_parent(on=False)  # it sees the socket close, and has a folder to remove
    gc.collect()
    gc.freeze()
    control.send(json.dumps({"ready": facts}).encode("ascii"))
    _serve(template)
