"""Raises exceptions with texts and names of many megabytes.

Sign: harm
Stopped by: protocol
Off: naive
Verdict: relu error | timeout
"""

import sys


def relu(S):
    if "inside" not in sys.modules:
        sys.stdout.write("x" * (1 << 30))
    raise type("E" * (1 << 24), (Exception,), {})("y" * (1 << 26))
