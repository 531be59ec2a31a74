import json
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("inside_harness.py")


def run_inside(*sources, probes=(), companions=None, aliases=None, budget_s=8.0, skip=(), notebook=False):
    """What loading `sources` gives, from a fresh process: a script, or a notebook's cells."""
    numbered = notebook or len(sources) > 1
    task = {
        "cells": [{"source": s, "number": n if numbered else None} for n, s in enumerate(sources, 1)],
        "companions": [{"name": name, "source": source} for name, source in (companions or {}).items()],
        "aliases": aliases or {},
        "budget_s": budget_s,
        "skip": list(skip),
        "probes": list(probes),
    }
    done = subprocess.run(
        [sys.executable, "-I", str(HARNESS)],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(name="inside")
def _inside():
    return run_inside
