"""Landlock: a ruleset is built once, in the template; a child only applies it (0.03 ms)."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable, Sequence

from .system import syscall

__all__ = ["Ruleset", "abi", "build_ruleset"]

_EXECUTE, _WRITE, _READ, _READ_DIR = 1, 2, 4, 8
_MAKE_SPECIAL = 64 | 512 | 1024 | 2048 | 4096  # character device, socket, fifo, block device, symlink
_IOCTL_DEVICE = 1 << 15
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    try:
        return syscall("landlock_create_ruleset", 0, 0, _VERSION_FLAG)
    except OSError:
        return 0


class Ruleset:
    """Deny every access to files, TCP and (where the kernel can) abstract sockets and signals, but what is added.

    Raises OSError where the kernel has no Landlock.
    """

    def __init__(self) -> None:
        version = abi()
        if version < 1:
            raise OSError("Landlock is not available in this kernel")
        self.version = version
        files = (1 << (13 if version == 1 else 14 if version == 2 else 15 if version < 5 else 16)) - 1
        network = 3 if version >= 4 else 0
        scopes = 3 if version >= 6 else 0
        size = 8 if version < 4 else 16 if version < 6 else 24
        attributes = struct.pack("QQQ", files, network, scopes)[:size]
        self._files = files
        self.fd = syscall("landlock_create_ruleset", attributes, size, 0)

    def _allow(self, path: str, access: int) -> None:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return
        try:
            if not stat.S_ISDIR(os.fstat(fd).st_mode):
                access &= _EXECUTE | _WRITE | _READ | _IOCTL_DEVICE | (1 << 14)
            syscall("landlock_add_rule", self.fd, _RULE_PATH_BENEATH, struct.pack("=Qi", access & self._files, fd), 0)
        finally:
            os.close(fd)

    def allow_reading(self, paths: Iterable[str]) -> None:
        """Files beneath `paths` may be read and listed."""
        for path in paths:
            self._allow(path, _READ | _READ_DIR)

    def allow_reading_except(self, folder: str, masked: Iterable[str]) -> None:
        """Like `allow_reading`, but files beneath the children `masked` of `folder` may only be listed."""
        hidden = set(masked)
        self._allow(folder, _READ_DIR)
        self.allow_reading(entry.path for entry in os.scandir(folder) if entry.name not in hidden)

    def allow_device(self, path: str) -> None:
        """A device file may be read, written and controlled."""
        self._allow(path, _READ | _WRITE | _IOCTL_DEVICE)

    def allow_writing(self, folder: str) -> None:
        """Everything beneath `folder` is the child's, but special files and execution."""
        self._allow(folder, self._files & ~(_EXECUTE | _MAKE_SPECIAL | _IOCTL_DEVICE))

    def apply(self) -> None:
        """Confine the calling process, for good."""
        syscall("landlock_restrict_self", self.fd, 0)


def build_ruleset(readable: Iterable[str], masked: Sequence[str], devices: Iterable[str]) -> Ruleset:
    """Open what lies beneath `readable` but not beneath `masked` for reading, `devices` for use. Raises OSError."""
    ruleset = Ruleset()
    for folder in readable:
        _allow_reading(ruleset, folder, masked)
    for device in devices:
        ruleset.allow_device(device)
    return ruleset


def _allow_reading(ruleset: Ruleset, folder: str, masked: Sequence[str]) -> None:
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
