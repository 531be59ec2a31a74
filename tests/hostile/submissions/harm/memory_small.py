"""Fills the memory with small things, and hides each failure.

Sign: harm
Stopped by: rlimits
Off: limit
Verdict: relu error | failed | timeout
"""

HOARD = []


def relu(S):
    while len(HOARD) < 1 << 21:
        try:
            HOARD.extend([bytes(500) for _ in range(1 << 10)])
        except MemoryError:
            HOARD.append(None)
    return S
