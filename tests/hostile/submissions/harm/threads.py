"""Threads that hold the interpreter and never end keep the process from answering, and from ending.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

import collections
import itertools
import threading


def hold():
    collections.deque(itertools.repeat(0), maxlen=0)


def relu(S):
    for _ in range(40):
        threading.Thread(target=hold).start()
    return S
