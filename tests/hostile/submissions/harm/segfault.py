"""Reads where there is no memory.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu error
"""

import ctypes


def relu(S):
    ctypes.string_at(1)
    return S
