"""Stands in for a worker process of a far machine: does what a job says, in the time that takes; no sandbox, no torch.

`command(before)` is for `grader.cohort.processes.command`.
"""

from __future__ import annotations

import sys

_CODE = """
import json, os, signal, sys, time
say = lambda message: print(json.dumps(message), flush=True)
bank = json.loads(next(sys.stdin))["bank"].split(maxsplit=2)[1]
{before}
say({{"ready": os.getpid()}})
for line in sys.stdin:
    job = json.loads(line)
    todo = job["program"]["do"]
    if todo == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if todo == "end the cluster's":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    if todo == "slow":
        time.sleep(0.3)
    if todo == "hang":
        time.sleep(60)
    judged = {{"by": os.getpid(), "provenance": {{"bank_sha256": bank}}}}
    say({{"key": job["key"], "judged": judged, "wall_s": 0.5, "fault": ""}})
"""


def command(before=""):
    return [sys.executable, "-S", "-c", _CODE.format(before=before)]


def refusing(kind, reason):
    """What to run `before`: the process cannot grade at all."""
    return f"say({{'refused': {kind!r}, 'reason': {reason!r}}}); sys.exit()"
