"""A seccomp filter assembled by hand: an allow-list, a few checked arguments, everything else refused.

Classic BPF: each rule is `if nr == N` and a body that ends in a return; the default is EPERM. Calls of
another processor mode (i386, x32) kill the process, since their numbers mean other things.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
from collections.abc import Iterable

from .system import NEW_IPC, NEW_NET, NEW_NS, NEW_PID, NEW_USER, NEW_UTS, numbers, syscall

__all__ = ["build_filter", "load_filter"]

_ALLOWED = """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range dup dup2 dup3
    stat fstat lstat newfstatat statx fstatfs statfs access faccessat faccessat2 readlink readlinkat getdents
    getdents64 getcwd chdir fchdir link linkat ftruncate fallocate fsync fdatasync sync_file_range fadvise64
    copy_file_range sendfile mmap munmap mprotect mremap brk madvise msync mincore futex futex_waitv set_robust_list
    rseq membarrier set_tid_address gettid getpid getppid getuid geteuid getgid getegid getgroups getpgrp getpgid
    getsid getresuid getresgid sched_yield sched_getaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min getcpu getpriority rt_sigaction rt_sigprocmask rt_sigreturn
    rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack pause restart_syscall alarm setitimer getitimer
    timer_create timer_settime timer_gettime timer_getoverrun timer_delete timerfd_create timerfd_settime
    timerfd_gettime nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getrusage sysinfo
    uname getrlimit getrandom capget exit exit_group wait4 waitid pipe pipe2 eventfd eventfd2 signalfd signalfd4
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 sendto
    recvfrom sendmsg recvmsg getsockname getpeername getsockopt setsockopt shutdown arch_prctl get_mempolicy
""".split()  # noqa: SIM905 - a hundred quoted words would not be read
# Answered "done" without doing anything: keeps shutil.copy and file locks alive, and shuts a covert channel.
_PRETENDED = """
    chmod fchmod fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat flock umask
""".split()  # noqa: SIM905 - a hundred quoted words would not be read
_REMOVING = "rmdir unlink unlinkat".split()  # noqa: SIM905 - like the lists around it
_RENAMING = "rename renameat renameat2".split()  # noqa: SIM905 - the same
# Answered "not in this kernel": glibc and Python fall back.
_ABSENT = """
    clone3 openat2 io_uring_setup io_uring_enter io_uring_register fchmodat2
""".split()  # noqa: SIM905 - a hundred quoted words would not be read
_UNSUPPORTED = "listxattr llistxattr flistxattr".split()  # noqa: SIM905 - "no such attributes here": shutil.copy2 goes on
_GPU_ALLOWED = """
    ioctl sched_setaffinity sched_setscheduler mlock munlock mbind set_mempolicy
""".split()  # noqa: SIM905 - a hundred quoted words would not be read

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x50000, 0x80000000
_LOAD, _RETURN, _EQUAL, _AT_LEAST, _ANY_BIT, _AND = 0x20, 0x06, 0x15, 0x35, 0x45, 0x54
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x10000
_O_TRUNC, _O_ACCMODE, _O_TMPFILE = 0o1000, 0o3, 0o20000000
_SIGKILL, _SIGSTOP = 9, 19
_NEW_ANYTHING = NEW_NS | NEW_UTS | NEW_IPC | NEW_USER | NEW_PID | NEW_NET | 0x2000000 | 0x80
_SAFE_PRCTL = (3, 15, 16, 23, 41, 42, 0x53564D41)  # get dumpable, names, bounding set, THP, naming a mapping
_SAFE_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # isatty, window size, bytes to read, flags
_SAFE_FCNTL = (0, 1, 2, 3, 4, 1030, 1032)  # dup, flags, pipe size
_FCNTL_LOCKS = (5, 6, 7, 36, 37, 38)

_Code = list[bytes]


def _statement(code: int, k: int) -> bytes:
    return struct.pack("HBBI", code, 0, 0, k & 0xFFFFFFFF)


def _jump(code: int, k: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, k & 0xFFFFFFFF)


def _give(action: int) -> bytes:
    return _statement(_RETURN, action)


def _refuse(code: int) -> bytes:
    return _give(_ERRNO | code)


def _low_word(argument: int) -> bytes:
    return _statement(_LOAD, 16 + 8 * argument)


def _high_word(argument: int) -> bytes:
    return _statement(_LOAD, 20 + 8 * argument)


def _one_of(argument: int, values: Iterable[int], otherwise: bytes) -> _Code:
    """Allow where the low word (the kernel takes an int there) is one of `values`."""
    code = [_low_word(argument)]
    for value in values:
        code += [_jump(_EQUAL, value, 0, 1), _give(_ALLOW)]
    return [*code, otherwise]


def _clone(*, processes: bool) -> _Code:
    code = [_low_word(0), _jump(_ANY_BIT, _NEW_ANYTHING, 0, 1), _refuse(errno.EPERM)]
    if processes:
        return [*code, _give(_ALLOW)]
    return [*code, _jump(_ANY_BIT, _CLONE_THREAD, 0, 1), _give(_ALLOW), _refuse(errno.EAGAIN)]


def _prlimit() -> _Code:
    """Reading this process's own limits is harmless; setting any is refused."""
    code = []
    for load in (_low_word(0), _low_word(2), _high_word(2)):
        code += [load, _jump(_EQUAL, 0, 1, 0), _refuse(errno.EPERM)]
    return [*code, _give(_ALLOW)]


def _open(flags: int, *, keeping: bool) -> _Code:
    """Truncating what is opened without writing is refused: before its third version, Landlock lets it pass.

    `keeping`: so is a file that never had a name.
    """
    code = [_low_word(flags)]
    if keeping:
        code += [_jump(_ANY_BIT, _O_TMPFILE, 0, 1), _refuse(errno.EOPNOTSUPP)]
    code += [_statement(_AND, _O_TRUNC | _O_ACCMODE)]
    for without_writing in (_O_TRUNC, _O_TRUNC | _O_ACCMODE):
        code += [_jump(_EQUAL, without_writing, 0, 1), _refuse(errno.EPERM)]
    return [*code, _give(_ALLOW)]


def _signal(own_pid: int, number: int) -> _Code:
    """Signals go to this process only. Those that cannot be caught are ignored, as process 1 of a namespace does.

    So an end by SIGKILL that the supervisor did not ask for is the kernel's: out of memory, or of processor time.
    """
    code = [_low_word(0), _jump(_EQUAL, own_pid, 1, 0), _refuse(errno.EPERM), _low_word(number)]
    for uncatchable in (_SIGKILL, _SIGSTOP):
        code += [_jump(_EQUAL, uncatchable, 0, 1), _refuse(0)]
    return [*code, _give(_ALLOW)]


def _mkdir(mode: int) -> _Code:
    """A folder that its owner could not list would hide from the count of the scratch folder's size."""
    code = [_low_word(mode), _statement(_AND, 0o700), _jump(_EQUAL, 0o700, 0, 1), _give(_ALLOW)]
    return [*code, _refuse(errno.EPERM)]


def _socketpair() -> _Code:
    """Streams of AF_UNIX only (asyncio's self-pipe): from a datagram pair one can send to any socket with a name."""
    code = [_low_word(0), _jump(_EQUAL, socket.AF_UNIX, 1, 0), _refuse(errno.EPERM)]
    code += [_low_word(1), _statement(_AND, 0xF), _jump(_EQUAL, socket.SOCK_STREAM, 0, 1), _give(_ALLOW)]
    return [*code, _refuse(errno.EPERM)]


def _fcntl() -> _Code:
    code = [_low_word(1)]
    for command in _SAFE_FCNTL:
        code += [_jump(_EQUAL, command, 0, 1), _give(_ALLOW)]
    for command in _FCNTL_LOCKS:
        code += [_jump(_EQUAL, command, 0, 1), _refuse(0)]
    return [*code, _refuse(errno.EINVAL)]


def build_filter(*, own_pid: int, gpu: bool = False, processes: bool = False, keeping: bool = False) -> bytes:
    """Assemble the filter. Raises OSError on an unknown processor.

    `own_pid` is the only process that may be signalled; `gpu` opens ioctl and a few more, `processes` allows fork
    (used by tests that take a layer off). `keeping`: what is made stays, removing it is only pretended. Where scratch
    is a folder that is looked through, a file without a name takes room that nobody counts, open or mapped.
    """
    architecture, table = numbers()
    code: _Code = [
        _statement(_LOAD, 4),
        _jump(_EQUAL, architecture, 1, 0),
        _give(_KILL),
        _statement(_LOAD, 0),
        _jump(_AT_LEAST, _X32_BIT, 0, 1),
        _give(_KILL),
    ]

    def rule(name: str, body: _Code) -> None:
        if name in table:
            code.extend([_jump(_EQUAL, table[name], 0, len(body)), *body])

    for name in _ALLOWED + (_GPU_ALLOWED if gpu else []):
        rule(name, [_give(_ALLOW)])
    for name in _REMOVING:
        rule(name, [_refuse(0) if keeping else _give(_ALLOW)])
    for name in _RENAMING:  # it would replace; `shutil.move` copies instead
        rule(name, [_refuse(errno.EXDEV) if keeping else _give(_ALLOW)])
    for name in _PRETENDED:
        rule(name, [_refuse(0)])
    for name in _ABSENT:
        rule(name, [_refuse(errno.ENOSYS)])
    for name in _UNSUPPORTED:
        rule(name, [_refuse(errno.EOPNOTSUPP)])
    rule("clone", _clone(processes=processes))
    for name in ("fork", "vfork") if processes else ():
        rule(name, [_give(_ALLOW)])
    rule("kill", _signal(own_pid, 1))
    rule("tgkill", _signal(own_pid, 2))
    rule("prctl", _one_of(0, _SAFE_PRCTL, _refuse(errno.EPERM)))
    rule("prlimit64", _prlimit())
    rule("open", _open(1, keeping=keeping))
    rule("openat", _open(2, keeping=keeping))
    rule("mkdir", _mkdir(1))
    rule("mkdirat", _mkdir(2))
    rule("socketpair", _socketpair())
    rule("ioctl", _one_of(1, _SAFE_IOCTL, _refuse(errno.ENOTTY)))
    rule("fcntl", _fcntl())
    code.append(_refuse(errno.EPERM))
    return b"".join(code)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def load_filter(code: bytes) -> None:
    """Confine the calling process (it must have no new privileges), for good. Raises OSError."""
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    spec_allow = 4  # keep speculation at full speed: nothing secret is in this process
    syscall("seccomp", 1, spec_allow, ctypes.addressof(program))
