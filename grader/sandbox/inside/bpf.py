"""Classic BPF for seccomp, assembled by hand: instructions on a call's number and arguments, and loading a program."""

from __future__ import annotations

import ctypes
import struct

from .system import syscall

__all__ = [
    "ALLOW",
    "AND",
    "ANY_BIT",
    "ARCHITECTURE",
    "AT_LEAST",
    "EQUAL",
    "KILL",
    "NUMBER",
    "high_word",
    "jump",
    "load_filter",
    "low_word",
    "refuse",
    "statement",
]

_LOAD, _RETURN, _ERRNO = 0x20, 0x06, 0x50000
EQUAL, AT_LEAST, ANY_BIT, AND = 0x15, 0x35, 0x45, 0x54


def jump(code: int, k: int, if_true: int, if_false: int) -> bytes:
    """Compare what is loaded with `k` (`EQUAL`, `AT_LEAST`, `ANY_BIT`); leave out so many instructions that follow."""
    return struct.pack("HBBI", code, if_true, if_false, k & 0xFFFFFFFF)


def statement(code: int, k: int) -> bytes:
    """An instruction that always goes on to the next: `AND` what is loaded with `k`."""
    return jump(code, k, 0, 0)


def refuse(code: int) -> bytes:
    """Answer the call with this errno; 0: "done", without doing anything."""
    return statement(_RETURN, _ERRNO | code)


def low_word(argument: int) -> bytes:
    """Load the lower 32 bits of an argument: all that the kernel takes where it takes an int."""
    return statement(_LOAD, 16 + 8 * argument)


def high_word(argument: int) -> bytes:
    """Load the upper 32 bits of an argument."""
    return statement(_LOAD, 20 + 8 * argument)


NUMBER, ARCHITECTURE = statement(_LOAD, 0), statement(_LOAD, 4)
ALLOW, KILL = statement(_RETURN, 0x7FFF0000), statement(_RETURN, 0x80000000)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def load_filter(code: bytes) -> None:
    """Confine the calling process (it must have no new privileges), for good. Raises OSError."""
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    spec_allow = 4  # keep speculation at full speed: nothing secret is in this process
    syscall("seccomp", 1, spec_allow, ctypes.addressof(program))
