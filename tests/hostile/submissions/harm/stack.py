"""Recurs until the C stack is used up.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu error
"""

import sys

sys.setrecursionlimit(1 << 30)


class Deep:
    def __repr__(self):
        return repr([self])


def relu(S):
    repr(Deep())
    return S
