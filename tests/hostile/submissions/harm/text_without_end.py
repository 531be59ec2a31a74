"""Raises an exception whose text takes for ever to write.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

class Endless(Exception):
    def __str__(self):
        while True:
            pass


def relu(S):
    raise Endless
