"""Writes to the error output without end, past Python.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu error
"""

import os


def relu(S):
    line = b"x" * 65536
    while True:
        os.write(2, line)
