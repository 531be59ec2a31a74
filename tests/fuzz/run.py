"""Fuzz all that reads bytes nobody has checked: `python tests/fuzz/run.py [--inputs N] [--seed N] [--only TARGET]`.

The inputs are drawn from the seed: damaged frames, streams of them through a pipe, notebooks and scripts, text for the
child's splitter, banks with the right hash, rubrics. Of each it counts how reading ended. Exit status 1 if one ended
in anything but the documented exceptions, broke what its reader promises, or took more than 50 ms or 64 MiB.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported

from engine import drawn, fuzz, strictly
from targets import TARGETS

_SHOWN = 2000


def _row(target, outcome, wall_s):
    ends = ", ".join(f"{name} {count / outcome.inputs:.0%}" for name, count in outcome.ends.most_common(6))
    return (
        f"{target.name:7} {outcome.inputs:9,} {len(outcome.broken):7} {outcome.slowest_s * 1000:8.1f} ms"
        f" {outcome.inputs / wall_s:9,.0f}/s  {ends}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=1_500_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", choices=[target.name for target in TARGETS], help="one target, with its share of the inputs"
    )
    options = parser.parse_args()
    faulthandler.enable()
    chosen = [target for target in TARGETS if options.only in (None, target.name)]
    total, broken, began = 0, 0, time.monotonic()
    print(f"{'target':7} {'inputs':>9} {'crashes':>7} {'slowest':>11} {'speed':>11}  how reading ended")
    for target in chosen:
        started = time.monotonic()
        with strictly():
            outcome = fuzz(target, drawn(target, options.seed, max(1, round(options.inputs * target.share))))
        total, broken = total + outcome.inputs, broken + len(outcome.broken)
        print(_row(target, outcome, time.monotonic() - started), flush=True)
        for fault in outcome.broken:
            print(f"\n{target.name}: {fault.how.strip()}\n  {fault.data[:_SHOWN]!r}", flush=True)
    print(f"{'all':7} {total:9,} {broken:7}   {time.monotonic() - began:.0f} s, seed {options.seed}")
    return broken > 0


if __name__ == "__main__":
    sys.exit(main())
