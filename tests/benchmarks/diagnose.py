"""How many known mistakes in gradients the public bank tells apart, and how long a diagnosis takes on one core.

    python tests/benchmarks/diagnose.py [--every N] [--seed SEED]

Every single choice on an axis and every pair of them answers the bank as float32 would; what is diagnosed from the
answers is compared with what was chosen. `--every N` tries each Nth pair only, `--seed` another bank.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from grader.cases import PUBLIC_SEED, load_or_build
from grader.diagnose.catalogue import directions
from grader.diagnose.gradients import explain_gradients
from mistaken import Chosen, answers, pairs, singles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", default=PUBLIC_SEED)
    given = parser.parse_args()
    bank = load_or_build(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        times = [_timed(lambda: directions(bank, Path(folder))) for _ in range(6)]
        known = directions(bank, Path(folder))
    print(f"directions: made in {1e3 * times[0]:.0f} ms, read in {1e3 * statistics.median(times[1:]):.0f} ms")
    for title, chosen in (("singles", list(singles())), ("pairs", list(pairs())[:: given.every])):
        _report(title, chosen, bank["bptt_gradients"], known)


def _timed(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _report(title: str, chosen: list[Chosen], cases, known) -> None:
    outcome: Counter[str] = Counter()
    others, times = [], []
    for each in chosen:
        given = answers(each, cases)
        start = time.perf_counter()
        found = explain_gradients(cases, given, known)
        times.append(time.perf_counter() - start)
        codes = {frozenset(explanation.codes) for explanation in found}
        kind = (
            "named" if codes == {each.codes}
            else "named among others" if each.codes in codes
            else "explained by less" if codes
            else "right on every case" if each.right(cases)
            else "not explained"
        )  # fmt: skip
        outcome[kind] += 1
        if kind != "named":
            others.append(f"  {each}: {kind}: {' or '.join(', '.join(sorted(c)) for c in codes) or 'nothing'}")
    print(f"\n{title}: {len(chosen)}, {', '.join(f'{n} {kind}' for kind, n in outcome.most_common())}")
    print(f"each: median {1e3 * statistics.median(times):.0f} ms, worst {1e3 * max(times):.0f} ms")
    print("\n".join(others[:200]))


if __name__ == "__main__":
    main()
