"""Mutants made by the hundred from correct twins, and whether the bank catches each.

    python tests/mutants/generate.py [--cases N] [--seed SEED] [--list]

Every operator of `operators.py` is applied at every place of twins in nine styles. A mutant is *killed* when some
check costs it marks on the bank. What survives is asked many more questions, N for each function, of the whole domain
that the contract asks about: it is *equivalent* if it answers all of them as the exact solution does and leaves its
inputs alone, else a *survivor*, a hole in the bank. `--list` prints the equivalent ones too. Exit status 1 if any
survives. (Run in this process and without a sandbox: these mutants are ours.)
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy

import argparse
import ast
import random
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from operators import mutants

from corpora import quiet
from grader.cases import PUBLIC_SEED, Case, CaseBank, load_or_build
from grader.cases.oracle import expected, in_domain
from grader.contract import CHECK_BY_NAME, CHECKS, FUNCTIONS
from grader.judge import judge_check
from grader.judge.findings import find
from grader.model import Answered, Question
from grader.rubric import Rubric
from grader.score import score_check
from inprocess import InProcess

TWINS = (
    "plain_torch.py",  # loops in PyTorch
    "numpy_arrays.py",
    "python_lists.py",
    "real_time_recurrent.py",
    "double_sum.py",
    "linear_solve.py",
    "functional.py",
    "in_place_weights.py",
    "einsum_cumprod.py",
)
FOLDER = Path(__file__).parents[1] / "twins" / "submissions"
LIMIT_S = 3


class HangError(BaseException):
    """A mutant loops. Not an Exception: nothing in between may take it for the mutant's own."""


@dataclass(frozen=True)
class Mutant:
    twin: str
    function: str
    line: int
    change: str
    program: ast.Module

    def __str__(self) -> str:
        code = ast.unparse(self.program).splitlines()
        was = ast.unparse(ast.parse((FOLDER / self.twin).read_text())).splitlines()
        here = next((new.strip() for old, new in zip(was, code, strict=False) if old != new), "the last line is gone")
        return f"  {self.twin}, line {self.line}, {self.change}: {here}"


def generated() -> Iterator[Mutant]:
    """Mutants that are not the same program as another."""
    for twin in TWINS:
        source = (FOLDER / twin).read_text(encoding="utf-8").partition('\n\nif __name__ == "__main__":')[0]
        seen = {ast.unparse(ast.parse(source))}
        for function, line, change, program in mutants(source):
            written = ast.unparse(program)
            if function and written not in seen:
                seen.add(written)
                yield Mutant(twin, function, line, change, program)


def namespace(mutant: Mutant) -> dict[str, Any] | None:
    """What the mutant defines, or None where it is no program."""
    module = types.ModuleType("submission")
    try:
        exec(compile(mutant.program, mutant.twin, "exec"), module.__dict__)  # noqa: S102 - made from our own twins
    except Exception:  # noqa: BLE001 - whatever it raises, it defines nothing
        return None
    return {name: value for name, value in module.__dict__.items() if callable(value)}


# ---------------------------------------------------------------------------- judging
def killed_by(mutant: Mutant, space: dict[str, Any], bank: CaseBank) -> str | None:
    """The first check that costs the mutant marks, its own function's first."""
    subject = InProcess(space)
    for spec in sorted(CHECKS, key=lambda spec: spec.name != mutant.function):
        verdict = judge_check(spec, bank[spec.name], subject, limit_s=10)
        marks = score_check(spec, verdict, Rubric())
        if marks.points < marks.max_points:
            return spec.name
    return None


def differs_on(space: dict[str, Any], cases: list[tuple[str, Case]]) -> str | None:
    """The first of many cases that the mutant does not answer as a right solution may."""
    subject = InProcess(space)
    for function, case in cases:
        seen = next(iter(subject.ask([Question(function, case.args)], limit_s=10)))
        changed = isinstance(seen, Answered) and {0, 1 if len(case.args) > 3 else 0} & set(seen.mutated)
        excused = function == "train" and case.args[5] == 0 and not isinstance(seen, Answered)
        if not excused and (changed or find(CHECK_BY_NAME[function], case, seen).kind != "right"):
            return f"{function}({', '.join(str(np.asarray(arg).tolist()) for arg in case.args)})"
    return None


# ---------------------------------------------------------------------------- many more cases
def more_cases(each: int) -> list[tuple[str, Case]]:
    """`each` cases for every function, of the whole domain: every sign, kinks, zeros, long sequences, extremes."""
    rng = random.Random(5)  # noqa: S311 - no secret
    found = []
    for function in FUNCTIONS:
        count = 0
        while count < each:
            args = _args(rng, function)
            kinked = function == "bptt_gradients" and not in_domain(function, args)
            if (kinked and (len(args[0]) > 8 or count % 3)) or (not kinked and not in_domain(function, args)):
                continue
            found.append((function, Case(args, expected(function, args, intervals=kinked))))
            count += 1
    return found


def _args(rng: random.Random, function: str) -> tuple[Any, ...]:
    if function in {"relu", "relu_derivative"}:
        return (_elementwise(rng),)
    shape = rng.choice((1, 1, 2, 3, 4, 5, 6, 8, 12)), rng.choice((1, 1, 2, 3, 5))
    if function == "count_targets":
        shape = rng.choice((*range(1, 9), 16, 40)), shape[1]
    X = _drawn(rng, shape, 0, 1, 1.0) * np.float32(rng.random() < 0.95)
    Wxs, Wrec = (_weight(rng, function) for _ in range(2))
    T = _drawn(rng, shape, -16, 48, 0.125)
    match function:
        case "count_targets":
            return (X,)
        case "forward" | "predict_counts":
            return X, Wxs, Wrec
        case "bptt_gradients":
            return X, T, Wxs, Wrec
        case _:
            return (
                X[:5],
                np.abs(T[:5]),
                Wxs,
                Wrec,
                rng.choice((0.0, *(2.0**-k for k in range(3, 11)))),
                rng.randint(0, 6),
            )


def _weight(rng: random.Random, function: str) -> np.ndarray:
    size = {"train": (-8, 12), "predict_counts": (-12, 12)}.get(function, (-16, 16))
    if rng.random() < 0.3:
        return np.asarray(np.float32(rng.uniform(size[0] / 8, size[1] / 8)))
    return np.asarray(np.float32(rng.randint(*size) / 8))


def _elementwise(rng: random.Random) -> np.ndarray:
    shape = tuple(rng.randint(1, 5) for _ in range(rng.randint(0, 2)))
    if rng.random() < 0.2:
        extremes = (1e30, -1e30, 2.0**-126, -(2.0**-126), 0.0, -0.0, 1.0, -1.0, 1e-20, -1e20)
        return np.array([rng.choice(extremes) for _ in range(int(np.prod(shape)))], np.float32).reshape(shape)
    return _drawn(rng, shape, -40, 40, 0.125)


def _drawn(rng: random.Random, shape: tuple[int, ...], low: int, high: int, unit: float) -> np.ndarray:
    entries = [unit * rng.randint(low, high) for _ in range(int(np.prod(shape)))]
    return np.array(entries, dtype=np.float32).reshape(shape)


# ---------------------------------------------------------------------------- the run
def _within_limit(function: Any, *args: Any) -> Any:
    signal.alarm(LIMIT_S)
    try:
        return function(*args)
    finally:
        signal.alarm(0)


def _hang(*_: Any) -> None:
    raise HangError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", default=PUBLIC_SEED)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    bank = load_or_build(given.seed)
    signal.signal(signal.SIGALRM, _hang)
    torch.set_num_threads(1)
    started, outcome, left = time.perf_counter(), Counter[str](), []
    for mutant in generated():
        outcome["generated"] += 1
        with quiet(), np.errstate(all="ignore"):
            space = namespace(mutant)
            try:
                by = space and _within_limit(killed_by, mutant, space, bank)
            except HangError:
                by = "timeout"
        outcome["invalid" if space is None else "killed" if by else "left"] += 1
        outcome[f"killed: {by}"] += by is not None and space is not None
        if space is not None and not by:
            left.append((mutant, space))
    judged_s = time.perf_counter() - started
    with quiet(), np.errstate(all="ignore"):
        cases = more_cases(given.cases)
        answers = [(mutant, differs_on(space, cases)) for mutant, space in left]
    survivors = [(mutant, case) for mutant, case in answers if case]
    equivalent = [mutant for mutant, case in answers if not case]
    print(f"generated   {outcome['generated']} from {len(TWINS)} twins, judged in {judged_s:.0f} s")
    print(f"invalid     {outcome['invalid']}")
    kills = ", ".join(f"{key[8:]} {n}" for key, n in outcome.most_common() if key.startswith("killed: ") and n)
    print(f"killed      {outcome['killed']} ({kills})")
    print(f"equivalent  {len(equivalent)}, right on {len(cases)} more cases")
    print(f"survivors   {len(survivors)}")
    print("\n".join(f"{mutant}\n    differs on {case}" for mutant, case in survivors))
    if given.list:
        print("\n".join(["equivalent:", *map(str, equivalent)]))
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())
