"""Fills the memory with one list.

Sign: harm
Stopped by: rlimits
Off: limit
Verdict: relu error
"""

HOARD = []


def relu(S):
    if not HOARD:
        HOARD.append([0.0] * (1 << 27))
    return S
