"""Runs an iterator without end in C code, where no alarm interrupts it.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

import collections
import itertools


def relu(S):
    collections.deque(itertools.repeat(0), maxlen=0)
    return S
