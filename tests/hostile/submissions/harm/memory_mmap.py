"""Fills the memory with mappings of its own, page by page.

Sign: harm
Stopped by: rlimits
Off: limit
Verdict: relu error | timeout
"""

import mmap

HOARD = []


def relu(S):
    while len(HOARD) < 16:
        HOARD.append(mmap.mmap(-1, 1 << 26, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        HOARD[-1].write(b"x" * (1 << 26))
    return S
