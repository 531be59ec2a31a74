"""Thousands of pages: `python tests/benchmarks/pages.py [--students N]`.

A class of which many handed in the same: what differs is graded once, then the same command writes a page, a result and
a row for each student from what is stored. Printed are time and size of a page, for N students and for a fifth of them,
and peak memory of both: tables and index hold some lines of each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = sorted((Path(__file__).parents[2] / "student_template" / "examples").glob("*.py"))


def make_class(folder, count):
    folder.mkdir()
    for number in range(count):
        (folder / f"s{number:05}.py").write_bytes(EXAMPLES[number % len(EXAMPLES)].read_bytes())


def grade(folder, out):
    """Seconds by the clock and of the processor, and peak bytes."""
    command = [sys.executable, "-m", "grader", "grade", str(folder), "-o", str(out), "-q", "--exit-zero"]
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"`grade` ended with status {status}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def measure(work, count):
    """Grade, then write everything from the store; peak bytes of that."""
    folder, out = work / f"in-{count}", work / f"out-{count}"
    make_class(folder, count)
    first, _, _ = grade(folder, out)
    seconds, cpu, peak = grade(folder, out)
    pages = [path.stat().st_size for path in (out / "pages").glob("*.html")]
    if len(pages) != count:
        sys.exit(f"{len(pages)} pages for {count} students")
    index = (out / "index.html").stat().st_size
    print(
        f"{count:6} students: graded and written in {first:.1f} s; written from the store in {seconds:.1f} s "
        f"({cpu:.1f} s of CPU), {1000 * seconds / count:.1f} ms each; a page {sum(pages) / count / 1024:.0f} KiB, "
        f"the index {index / 1024:.0f} KiB; peak {peak >> 20} MiB",
        flush=True,
    )
    return peak


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--students", type=int, default=5000, metavar="N")
    count = parser.parse_args().students
    with tempfile.TemporaryDirectory() as work:
        few, many = (measure(Path(work), number) for number in (count // 5, count))
    print(f"peak memory, {count} over {count // 5} students: {many / few:.2f}")


if __name__ == "__main__":
    main()
