"""Prints the verdict that it wants to get, and ends the process before another is reached.

Sign: marks relu
Stopped by: separation, protocol
Off: naive
Verdict: relu error
"""

import os


def relu(S):
    print('RESULT {"submission": {"relu": "passed"}}', flush=True)
    os._exit(0)
