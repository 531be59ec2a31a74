"""The child's side of the sandbox: each layer is put on once, in an order in which none blocks the next."""

from __future__ import annotations

import fcntl
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass

from . import system as s
from .bpf import load_filter
from .landlock import Ruleset
from .namespaces import private_scratch
from .seccomp import build_filter

__all__ = ["Layers", "Quota", "confine", "quiet_descriptors"]


_ABOVE_ALL_WANTED = 32


@dataclass(frozen=True)
class Layers:
    """Which layers are put on; a test takes one off to show that its attack then succeeds."""

    namespaces: bool = True
    landlock: bool = True
    seccomp: bool = True
    rlimits: bool = True
    unused_uid: int | None = None
    gpu: bool = False


@dataclass(frozen=True)
class Quota:
    """What one child may use. `address_space_bytes` counts the template's own mappings too."""

    cpu_s: int
    address_space_bytes: int
    scratch_bytes: int
    file_bytes: int
    files: int = 64
    scratch_files: int = 1024
    processes: int = 64


def quiet_descriptors(wanted: Sequence[int]) -> None:
    """Put the descriptors `wanted` at 0, 1, 2 … and close every other one."""
    aside = [fcntl.fcntl(fd, fcntl.F_DUPFD, _ABOVE_ALL_WANTED) for fd in wanted]
    for number, fd in enumerate(aside):
        os.dup2(fd, number)
    s.syscall("close_range", len(aside), 0xFFFFFFFF, 0)


def _limit_resources(quota: Quota, *, count_processes: bool) -> None:
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, quota.cpu_s),  # soft = hard: a child that is process 1 ignores the soft signal
        (resource.RLIMIT_AS, quota.address_space_bytes),
        (resource.RLIMIT_FSIZE, quota.file_bytes),
        (resource.RLIMIT_NOFILE, quota.files),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 128),
    ]
    if count_processes:  # elsewhere the count runs over everything the user has
        limits.append((resource.RLIMIT_NPROC, quota.processes))
    for kind, value in limits:
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    s.die_with_parent()  # a change of user cleared it


def confine(layers: Layers, quota: Quota, ruleset: Ruleset | None, scratch: str, prepared_filter: bytes | None) -> str:
    """Put every layer on the calling process, for good. Returns its scratch folder. Raises OSError.

    `scratch` is the folder to use where there are no namespaces; `prepared_filter` the seccomp program where it
    does not depend on the process id.
    """
    if layers.namespaces:
        scratch = private_scratch(quota.scratch_bytes, quota.scratch_files)
    else:
        os.chdir(scratch)
    if ruleset is not None:
        ruleset.allow_writing(scratch)
    if layers.rlimits:
        _limit_resources(quota, count_processes=layers.namespaces or layers.unused_uid is not None)
    if layers.unused_uid is not None:
        _become(layers.unused_uid)
    if layers.namespaces or os.getuid() == 0:
        s.drop_capabilities()
    s.no_new_privileges()
    s.set_dumpable(on=False)
    if ruleset is not None:
        ruleset.apply()
        os.close(ruleset.fd)
    if layers.seccomp:
        keeping = not layers.namespaces
        load_filter(prepared_filter or build_filter(own_pid=os.getpid(), gpu=layers.gpu, keeping=keeping))
    return scratch
