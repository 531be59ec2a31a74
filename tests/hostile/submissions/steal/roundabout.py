"""Reads the secret in the home folder by every way round: links, a folder's descriptor, dots, /proc, file handles, a
copy made by the kernel.

Sign: leak
Stopped by: landlock, namespaces, seccomp
Off: landlock, namespaces, setuid
Verdict: relu passed
"""

import ctypes
import os

import torch

SECRET = "@home_file@"
libc = ctypes.CDLL(None, use_errno=True)


def by_symlink():
    os.symlink(SECRET, "link")
    return open("link").read()


def by_hard_link():
    os.link(SECRET, "hard")
    return open("hard").read()


def by_folder():
    folder = os.open(os.path.dirname(SECRET), os.O_PATH | os.O_DIRECTORY)
    return os.fdopen(os.open(os.path.basename(SECRET), os.O_RDONLY, dir_fd=folder)).read()


def by_path_descriptor():
    fd = os.open(SECRET, os.O_PATH)
    return open(f"/proc/self/fd/{fd}").read()


def by_dots():
    return open("../" * 12 + SECRET.lstrip("/")).read()


def by_root_of_a_process():
    return open("/proc/self/root" + SECRET).read()


def by_root_of_the_supervisor():
    return open("/proc/@supervisor@/root" + SECRET).read()


def by_renaming():
    os.rename(SECRET, "mine")
    os.rename("mine", SECRET)
    return "renamed"


def by_working_folder():
    os.chdir(os.path.dirname(SECRET))
    return open(os.path.basename(SECRET)).read()


def by_newer_open():
    how = (ctypes.c_ulonglong * 3)(0, 0, 0)
    fd = libc.syscall(ctypes.c_long(437), -100, SECRET.encode(), how, ctypes.c_size_t(24))
    return os.fdopen(fd).read()


for way in (
    by_symlink,
    by_hard_link,
    by_folder,
    by_path_descriptor,
    by_dots,
    by_root_of_a_process,
    by_root_of_the_supervisor,
    by_renaming,
    by_working_folder,
    by_newer_open,
):
    try:
        print(way.__name__, way(), flush=True)
    except (OSError, ValueError) as fault:
        print(way.__name__, fault, flush=True)


def relu(S):
    return torch.clamp(S, min=0)
