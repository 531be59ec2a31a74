"""A thread answers on the pipe, and prints verdicts, while the main thread computes.

Sign: marks relu
Stopped by: protocol
Off: naive
Verdict: relu failed | error
"""

import json
import os
import struct
import threading
import time


def answer():
    for number in range(2000):
        header = json.dumps({"id": number % 40, "value": ["f", (0.0).hex()]}).encode()
        try:
            os.write(4, struct.pack("<II", len(header), 0) + header)
        except OSError:
            pass
    os.write(1, b'\nRESULT {"submission": {"relu": "passed"}}\n')
    os._exit(0)


def relu(S):
    if threading.active_count() == 1:
        threading.Thread(target=answer, daemon=True).start()
    time.sleep(0.5)
    return S
