"""Closes every descriptor, so that whoever comes next cannot be heard.

Sign: harm
Stopped by: separation, supervisor
Off: naive
Verdict: relu error | failed
"""

import os

os.closerange(0, 256)


def relu(S):
    return S
