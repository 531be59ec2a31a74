"""Has a regular expression backtrack for years, in C code that heeds no signal.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

import re


def relu(S):
    re.match("(a+)+$", "a" * 60 + "b")
    return S
