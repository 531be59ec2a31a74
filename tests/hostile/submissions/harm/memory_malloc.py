"""Fills the memory past Python, with the C library's malloc.

Sign: harm
Stopped by: rlimits
Off: limit
Verdict: relu error | timeout
"""

import ctypes

HOARD = []


def relu(S):
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while len(HOARD) < 16:
        block = libc.malloc(ctypes.c_size_t(1 << 26))
        if block is None:
            raise MemoryError
        ctypes.memset(block, 1, 1 << 26)
        HOARD.append(block)
    return S
