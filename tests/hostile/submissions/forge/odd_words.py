"""Puts surrogates, controls, a megabyte and numbers where the grader expects words: names, messages, places.

Sign: harm
Stopped by: protocol, report
Off: naive
Verdict: relu error
"""

import json
import os
import struct
import sys


def say(header):
    text = json.dumps(header).encode()
    os.write(4, struct.pack("<II", len(text), 0) + text)


def question():
    frame = sys._getframe()
    while frame is not None and "line" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["index"] if frame is not None else os._exit(1)


def relu(S):
    number = question()
    odd = "\ud800\x00\x1b]8;;x\x07\u202e" * 9
    say({"id": number, "raised": odd, "message": odd * 9999, "location": [10**6, -1], "missing": "yes"})
    say({"id": number + 1, "raised": [odd], "message": {"a": odd}, "location": [odd, True], "missing": 1})
    say({"id": number + 2, "malformed": odd})
    say({"id": number + 3, "memory": odd, "location": [[], {}]})
    os._exit(0)
