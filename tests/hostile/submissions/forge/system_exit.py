"""Leaves with SystemExit in each call, and with an atexit function that does so again.

Sign: marks relu
Stopped by: protocol
Off: naive
Verdict: relu error
"""

import atexit
import os
import sys

atexit.register(os._exit, 0)


def relu(S):
    sys.exit(0)
