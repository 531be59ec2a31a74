"""Blocks every signal and goes round in circles.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

import signal


def relu(S):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass
