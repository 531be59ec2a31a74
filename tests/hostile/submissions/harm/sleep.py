"""Sleeps for ever in every function, and while it is loaded.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout, train timeout
"""

import time


def relu(*arguments):
    time.sleep(1000)


relu_derivative = count_targets = forward = bptt_gradients = train = predict_counts = relu
time.sleep(1000)
