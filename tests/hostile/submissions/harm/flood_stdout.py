"""Prints without end.

Sign: harm
Stopped by: supervisor
Off: naive
Verdict: relu error
"""

def relu(S):
    line = "x" * 65536
    while True:
        print(line)
