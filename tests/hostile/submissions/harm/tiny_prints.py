"""Prints a letter at a time, a million times and more.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout | error
"""

import sys


def relu(S):
    while True:
        sys.stdout.write("x")
        sys.stdout.flush()
