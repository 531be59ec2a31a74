"""A seccomp filter assembled by hand: an allow-list, a few checked arguments, everything else refused.

Classic BPF: each rule is `if nr == N` and a body that ends in a return; the default is EPERM. Calls of
another processor mode (i386, x32) kill the process, since their numbers mean other things.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from .bpf import (
    ALLOW,
    AND,
    ANY_BIT,
    ARCHITECTURE,
    AT_LEAST,
    EQUAL,
    KILL,
    NUMBER,
    high_word,
    jump,
    low_word,
    refuse,
    statement,
)
from .system import NEW_ANYTHING, numbers

__all__ = ["build_filter"]

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

_X32_BIT = 0x40000000
_CLONE_THREAD = 0x10000
_O_TRUNC, _O_ACCMODE, _O_TMPFILE = 0o1000, 0o3, 0o20000000
_SIGKILL, _SIGSTOP = 9, 19
_SAFE_PRCTL = (3, 15, 16, 23, 41, 42, 0x53564D41)  # get dumpable, names, bounding set, THP, naming a mapping
_SAFE_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # isatty, window size, bytes to read, flags
_SAFE_FCNTL = (0, 1, 2, 3, 4, 1030, 1032)  # dup, flags, pipe size
_FCNTL_LOCKS = (5, 6, 7, 36, 37, 38)

_Code = list[bytes]


def _one_of(argument: int, values: Iterable[int], otherwise: bytes) -> _Code:
    """Allow where the low word (the kernel takes an int there) is one of `values`."""
    code = [low_word(argument)]
    for value in values:
        code += [jump(EQUAL, value, 0, 1), ALLOW]
    return [*code, otherwise]


def _clone(*, processes: bool) -> _Code:
    code = [low_word(0), jump(ANY_BIT, NEW_ANYTHING, 0, 1), refuse(errno.EPERM)]
    if processes:
        return [*code, ALLOW]
    return [*code, jump(ANY_BIT, _CLONE_THREAD, 0, 1), ALLOW, refuse(errno.EAGAIN)]


def _prlimit() -> _Code:
    """Reading this process's own limits is harmless; setting any is refused."""
    code = []
    for load in (low_word(0), low_word(2), high_word(2)):
        code += [load, jump(EQUAL, 0, 1, 0), refuse(errno.EPERM)]
    return [*code, ALLOW]


def _open(flags: int, *, keeping: bool) -> _Code:
    """Truncating what is opened without writing is refused: before its third version, Landlock lets it pass.

    `keeping`: so is a file that never had a name.
    """
    code = [low_word(flags)]
    if keeping:
        code += [jump(ANY_BIT, _O_TMPFILE, 0, 1), refuse(errno.EOPNOTSUPP)]
    code += [statement(AND, _O_TRUNC | _O_ACCMODE)]
    for without_writing in (_O_TRUNC, _O_TRUNC | _O_ACCMODE):
        code += [jump(EQUAL, without_writing, 0, 1), refuse(errno.EPERM)]
    return [*code, ALLOW]


def _signal(own_pid: int, number: int) -> _Code:
    """Signals go to this process only. Those that cannot be caught are ignored, as process 1 of a namespace does.

    So an end by SIGKILL that the supervisor did not ask for is the kernel's: out of memory, or of processor time.
    """
    code = [low_word(0), jump(EQUAL, own_pid, 1, 0), refuse(errno.EPERM), low_word(number)]
    for uncatchable in (_SIGKILL, _SIGSTOP):
        code += [jump(EQUAL, uncatchable, 0, 1), refuse(0)]
    return [*code, ALLOW]


def _mkdir(mode: int) -> _Code:
    """A folder that its owner could not list would hide from the count of the scratch folder's size."""
    code = [low_word(mode), statement(AND, 0o700), jump(EQUAL, 0o700, 0, 1), ALLOW]
    return [*code, refuse(errno.EPERM)]


def _socketpair() -> _Code:
    """Streams of AF_UNIX only (asyncio's self-pipe): from a datagram pair one can send to any socket with a name."""
    code = [low_word(0), jump(EQUAL, socket.AF_UNIX, 1, 0), refuse(errno.EPERM)]
    code += [low_word(1), statement(AND, 0xF), jump(EQUAL, socket.SOCK_STREAM, 0, 1), ALLOW]
    return [*code, refuse(errno.EPERM)]


def _fcntl() -> _Code:
    code = [low_word(1)]
    for command in _SAFE_FCNTL:
        code += [jump(EQUAL, command, 0, 1), ALLOW]
    for command in _FCNTL_LOCKS:
        code += [jump(EQUAL, command, 0, 1), refuse(0)]
    return [*code, refuse(errno.EINVAL)]


def build_filter(*, own_pid: int, gpu: bool = False, processes: bool = False, keeping: bool = False) -> bytes:
    """Assemble the filter. Raises OSError on an unknown processor.

    `own_pid` is the only process that may be signalled; `gpu` opens ioctl and a few more, `processes` allows fork
    (used by tests that take a layer off). `keeping`: what is made stays, removing it is only pretended. Where scratch
    is a folder that is looked through, a file without a name takes room that nobody counts, open or mapped.
    """
    architecture, table = numbers()
    code: _Code = [
        ARCHITECTURE,
        jump(EQUAL, architecture, 1, 0),
        KILL,
        NUMBER,
        jump(AT_LEAST, _X32_BIT, 0, 1),
        KILL,
    ]

    def rule(name: str, body: _Code) -> None:
        if name in table:
            code.extend([jump(EQUAL, table[name], 0, len(body)), *body])

    for name in _ALLOWED + (_GPU_ALLOWED if gpu else []):
        rule(name, [ALLOW])
    for name in _REMOVING:
        rule(name, [refuse(0) if keeping else ALLOW])
    for name in _RENAMING:  # it would replace; `shutil.move` copies instead
        rule(name, [refuse(errno.EXDEV) if keeping else ALLOW])
    for name in _PRETENDED:
        rule(name, [refuse(0)])
    for name in _ABSENT:
        rule(name, [refuse(errno.ENOSYS)])
    for name in _UNSUPPORTED:
        rule(name, [refuse(errno.EOPNOTSUPP)])
    rule("clone", _clone(processes=processes))
    for name in ("fork", "vfork") if processes else ():
        rule(name, [ALLOW])
    rule("kill", _signal(own_pid, 1))
    rule("tgkill", _signal(own_pid, 2))
    rule("prctl", _one_of(0, _SAFE_PRCTL, refuse(errno.EPERM)))
    rule("prlimit64", _prlimit())
    rule("open", _open(1, keeping=keeping))
    rule("openat", _open(2, keeping=keeping))
    rule("mkdir", _mkdir(1))
    rule("mkdirat", _mkdir(2))
    rule("socketpair", _socketpair())
    rule("ioctl", _one_of(1, _SAFE_IOCTL, refuse(errno.ENOTTY)))
    rule("fcntl", _fcntl())
    code.append(refuse(errno.EPERM))
    return b"".join(code)
