"""Thin, checked calls into Linux: each raises OSError with the call's name where the kernel refuses."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys

from .syscall_numbers import AARCH64, X86_64

__all__ = [
    "MS_BIND",
    "MS_NODEV",
    "MS_NOEXEC",
    "MS_NOSUID",
    "MS_PRIVATE",
    "MS_RDONLY",
    "MS_REC",
    "MS_REMOUNT",
    "NEW_ANYTHING",
    "NEW_IPC",
    "NEW_NET",
    "NEW_NS",
    "NEW_PID",
    "NEW_USER",
    "NEW_UTS",
    "die_with_parent",
    "drop_capabilities",
    "mount",
    "no_new_privileges",
    "numbers",
    "prctl",
    "set_dumpable",
    "setns",
    "syscall",
    "umount_lazily",
    "unshare",
]

NEW_NS, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
NEW_ANYTHING = NEW_NS | NEW_UTS | NEW_IPC | NEW_USER | NEW_PID | NEW_NET | 0x2000000 | 0x80  # cgroup, time
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 4, 24, 38, 47
_SIGKILL = 9
_CAPABILITY_VERSION_3 = 0x20080522
_MNT_DETACH = 2


def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux":
        library.syscall.restype = ctypes.c_long
    return library


_LIBC = _libc() if sys.platform == "linux" else None


def numbers() -> tuple[int, dict[str, int]]:
    """AUDIT_ARCH value and system call numbers of this machine. Raises OSError elsewhere than on x86_64 and aarch64."""
    match os.uname().machine:
        case "x86_64":
            return 0xC000003E, X86_64
        case "aarch64":
            return 0xC00000B7, AARCH64
        case other:
            raise OSError(f"no system call table for {other}")


def _checked(name: str, result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def syscall(name: str, *arguments: int | bytes | None) -> int:
    """Make the system call `name`; integers go as words, bytes as pointers. Raises OSError."""
    assert _LIBC is not None
    _, table = numbers()
    words = [ctypes.c_void_p(a) if isinstance(a, int) else a for a in arguments]
    return _checked(name, int(_LIBC.syscall(ctypes.c_long(table[name]), *words)))


def prctl(option: int, a: int = 0, b: int = 0) -> int:
    """prctl(2). Raises OSError."""
    assert _LIBC is not None
    words = [ctypes.c_ulong(value) for value in (a, b, 0, 0)]
    return _checked("prctl", int(_LIBC.prctl(option, *words)))


def unshare(flags: int) -> None:
    """unshare(2). Raises OSError."""
    assert _LIBC is not None
    _checked("unshare", int(_LIBC.unshare(flags)))


def setns(fd: int, kind: int) -> None:
    """setns(2). Raises OSError."""
    assert _LIBC is not None
    _checked("setns", int(_LIBC.setns(fd, kind)))


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    """mount(2). Raises OSError naming the target."""
    assert _LIBC is not None
    kind_b, options_b = (None if text is None else os.fsencode(text) for text in (kind, options))
    result = _LIBC.mount(os.fsencode(source), os.fsencode(target), kind_b, ctypes.c_ulong(flags), options_b)
    _checked(f"mount {target}", int(result))


def umount_lazily(target: str) -> None:
    """umount2(2) with MNT_DETACH. Raises OSError."""
    assert _LIBC is not None
    _checked(f"umount {target}", int(_LIBC.umount2(os.fsencode(target), _MNT_DETACH)))


def die_with_parent(*, on: bool = True) -> None:
    """Have the kernel kill this process when its parent thread ends (cleared by a change of user), or not."""
    prctl(_PR_SET_PDEATHSIG, _SIGKILL if on else 0)


def set_dumpable(*, on: bool) -> None:
    """Whether others of the same user may read this process's memory."""
    prctl(_PR_SET_DUMPABLE, int(on))


def no_new_privileges() -> None:
    """Make set-user-id files powerless from here on."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    for capability in range(64):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError:  # past the last one, or without CAP_SETPCAP, where the set is empty in effect
            break
    with contextlib.suppress(OSError):
        prctl(_PR_CAP_AMBIENT, 4)
    syscall("capset", struct.pack("Ii", _CAPABILITY_VERSION_3, 0), b"\0" * 24)
