"""Ends its main thread and goes on in another, so that the process seems to have ended.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout|error
"""

import ctypes
import threading
import time

import torch


def relu(S):
    threading.Thread(target=time.sleep, args=(60,)).start()
    ctypes.CDLL(None).syscall(ctypes.c_long(60), 0)
