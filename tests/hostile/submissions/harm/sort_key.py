"""Sorts with a key that never ends, and swallows whatever interrupts it.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu timeout
"""

def forever(item):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def relu(S):
    return sorted(S.tolist() if S.dim() else [S], key=forever)
