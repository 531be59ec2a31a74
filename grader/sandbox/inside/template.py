"""The template process: starts once, warms torch, and forks a confined child for each submission.

It never sees a submission: the descriptors of a child's pipes are passed over the control socket and
the child reads its program itself. It never imports the reference, and holds nothing that is secret.

Control messages are single JSON objects on a SEQPACKET socket. From the supervisor: `{"configure": …}`
once, then `{"run": id, "cpu_s": …}` with three descriptors (questions to read, answers and output to
write), `{"kill": id}`, and `{"warm": "optimizers"}`. To the supervisor: `{"ready": …}` or `{"fault": …}`, then
`{"ended": id, …}`.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import socket
import sys
import tempfile
import time
from dataclasses import replace
from typing import Any

from . import namespaces, seccomp
from . import system as s
from .children import Children, Mould
from .confine import Layers
from .landlock import abi

__all__ = ["main"]

_GPU_DEVICES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset")
_PR_SET_CHILD_SUBREAPER = 36
_WARMED = ["random", "inspect", "linecache", "traceback", "asyncio", "typing", "dataclasses", "collections", "ast"]


# ---------------------------------------------------------------------------- setting up
def _warm(device: str) -> None:
    """Import what submissions use."""
    import numpy as np  # noqa: PLC0415 - after the namespaces: it starts threads
    import torch  # noqa: PLC0415 - the same

    torch.set_num_threads(1)
    weight = torch.zeros(2, 2, requires_grad=True)
    (weight @ torch.ones(2, 2)).relu().sum().backward()  # type: ignore[no-untyped-call]
    np.random.seed(0)  # noqa: NPY002 - imports the generators: 10 ms that no child should pay
    if device == "cpu":
        torch.manual_seed(0)
        np.asarray(torch.ones(2)).tolist()
    for name in _WARMED:
        importlib.import_module(name)


def _warm_optimizers(mould: Mould) -> None:
    """Import what torch loads with the first optimizer, for the children to come."""
    import torch  # noqa: PLC0415 - loaded long ago

    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.0).step()
    mould.address_space = _address_space(mould.proc)
    _settle()


def _settle() -> None:
    """Leave no garbage for the children to collect, and nothing for their collector to look at."""
    gc.collect()
    gc.freeze()


def _address_space(proc: int) -> int:
    fd = os.open("self/statm", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        return int(os.read(fd, 100).split()[0]) * os.sysconf("SC_PAGESIZE")
    finally:
        os.close(fd)


def _fork_into_namespaces(*, user: bool) -> None:
    """Enter namespaces and go on as process 1 of them; the process before only waits."""
    namespaces.enter(user=user)
    pid = os.fork()
    if pid:
        status = os.waitpid(pid, 0)[1]
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    s.die_with_parent()


def _devices(*, gpu: bool) -> tuple[str, ...]:
    return namespaces.DEVICES + (tuple(path for path in _GPU_DEVICES if os.path.exists(path)) if gpu else ())


def _set_up(control: socket.socket, config: dict[str, Any]) -> tuple[Mould, dict[str, Any]]:
    """Put on what is put on once, find out what each child can be given, and say so."""
    wanted, gpu = config["layers"], config["device"] == "cuda"
    missing = {name: "switched off" for name in ("namespaces", "landlock", "seccomp", "rlimits") if not wanted[name]}
    way = None
    if wanted["namespaces"]:
        way, reason = namespaces.rehearse(config["readable"], config["masked"])
        if way is None:
            missing["namespaces"] = reason
        else:
            _fork_into_namespaces(user=way)
    started = time.perf_counter()
    _warm(config["device"])
    warm_s = time.perf_counter() - started
    s.prctl(_PR_SET_CHILD_SUBREAPER, 1)  # whatever a child leaves behind comes back here
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    address_space = _address_space(proc)
    pid_namespace = None
    devices = _devices(gpu=gpu)
    if way is not None:
        pid_namespace = os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
        readable = [*config["readable"], *(["/proc", "/sys"] if gpu else [])]
        namespaces.build_root(readable, config["masked"], devices)
    unused = config["unused_uid"] if os.getuid() == 0 and way is None and wanted["setuid"] else None
    layers = Layers(way is not None, wanted["landlock"], wanted["seccomp"], wanted["rlimits"], unused, gpu)
    mould = Mould(control, config, layers, devices, None, pid_namespace, proc, address_space)
    mould = _without_what_fails(mould, missing)
    s.set_dumpable(on=False)
    return mould, _facts(mould.layers, missing, warm_s)


def _without_what_fails(mould: Mould, missing: dict[str, str]) -> Mould:
    """Try Landlock and seccomp once; what the kernel refuses goes into `missing`, and no child is given it."""
    layers = mould.layers
    if layers.landlock:
        try:
            os.close(mould.ruleset().fd)
        except OSError as fault:
            missing["landlock"] = str(fault)
            layers = replace(layers, landlock=False)
    prepared = None
    if layers.seccomp:
        try:
            prepared = seccomp.build_filter(own_pid=1, gpu=layers.gpu) if layers.namespaces else None
        except OSError as fault:
            missing["seccomp"] = str(fault)
            layers = replace(layers, seccomp=False)
    return replace(mould, layers=layers, prepared_filter=prepared)


def _facts(layers: Layers, missing: dict[str, str], warm_s: float) -> dict[str, Any]:
    return {
        "namespaces": layers.namespaces,
        "landlock": abi() if layers.landlock else 0,
        "seccomp": layers.seccomp,
        "rlimits": layers.rlimits,
        "unused_uid": layers.unused_uid is not None,
        "missing": missing,
        "warm_s": round(warm_s, 3),
        "versions": {name: str(getattr(sys.modules.get(name), "__version__", "")) for name in ("torch", "numpy")},
    }


def _serve(mould: Mould) -> None:
    children = Children(mould)
    while True:
        if not children.wait():
            continue
        try:
            message, ancillary, _, _ = mould.control.recvmsg(4096, socket.CMSG_SPACE(3 * 4))
        except ConnectionResetError:  # it went without having read everything
            message = b""
        if not message:
            children.end_all()
            return
        request = json.loads(message)
        if "run" in request:
            children.start(request, _descriptors(ancillary))
        elif "warm" in request:
            _warm_optimizers(mould)
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
    importlib.import_module(".canaries", __package__)  # before the root is replaced
    try:
        mould, facts = _set_up(control, config)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the supervisor must hear of it
        control.send(json.dumps({"fault": f"{type(fault).__name__}: {fault}"[:2000]}).encode("ascii"))
        return
    if mould.layers.namespaces:
        tempfile.tempdir = "/scratch"
    else:
        s.die_with_parent(on=False)  # it sees the socket close, and has a folder to remove
    _settle()
    control.send(json.dumps({"ready": facts}).encode("ascii"))
    _serve(mould)
