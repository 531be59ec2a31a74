"""Reads a pickle of a hundred bytes, and a JSON text, that grow to a gibibyte as they are read.

Sign: harm
Stopped by: rlimits
Off: limit
Verdict: relu error | timeout
"""

import json
import pickle

HOARD = []
PICKLE = b"coperator\nmul\n(C\x10xxxxxxxxxxxxxxxxI67108864\ntR."


def relu(S):
    if not HOARD:
        HOARD.append(pickle.loads(PICKLE))
        HOARD.append(json.loads("[" + "[]," * (1 << 20) + "[]]"))
    return S
