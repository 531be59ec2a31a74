"""Stops its own process: neither does it go on nor does it end.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

import os
import signal
import time


def relu(S):
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(1000)
