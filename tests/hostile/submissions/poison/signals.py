"""Leaves a timer that goes off while the next submission is graded, and handlers that end the process.

Sign: harm
Stopped by: separation, supervisor
Off: naive
Verdict: relu error | passed
"""

import os
import signal

import torch


def leave(*args):
    os._exit(1)


for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGCHLD, signal.SIGTERM):
    signal.signal(number, leave)


def relu(S):
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    return torch.clamp(S, min=0)
