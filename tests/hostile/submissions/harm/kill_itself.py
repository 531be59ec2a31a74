"""Kills its own process.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu error
"""

import os
import signal


def relu(S):
    os.kill(os.getpid(), signal.SIGKILL)
    os.abort()
