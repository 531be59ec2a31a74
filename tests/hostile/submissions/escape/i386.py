"""Makes system calls by their numbers of 32-bit programs, which mean other things: 2 is fork there.

Sign: effect process
Stopped by: seccomp
Off: seccomp
Verdict: relu passed
"""

import ctypes
import mmap

import torch


def run(code):
    """Run machine code; what it leaves in eax."""
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex(code))
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


if run("b802000000cd80c3") == 0:
    ctypes.CDLL(None).prctl(15, b"@marker@", 0, 0, 0)
    ctypes.CDLL(None).usleep(500_000)
    ctypes.CDLL(None)._exit(0)
ctypes.CDLL(None).usleep(200_000)


def relu(S):
    return torch.clamp(S, min=0)
