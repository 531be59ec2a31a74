"""The ladder of smallest cases: what stands on it, and that it shows no more than Hypothesis would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_shrinking import MISTAKES, failing, gradient

from grader.cases.oracle import in_domain
from grader.contract import CHECKS
from grader.judge import search
from grader.judge.findings import size_key
from grader.judge.ladder import RUNGS, rung
from grader.judge.search import smallest
from reference import rnn

ROOT = Path(__file__).resolve().parents[3]
FURTHER = {
    "only the first step": (
        "forward",
        lambda X, Wxs, Wrec: tuple(a * (X.cumsum(0) < 3) for a in rnn.forward(X, Wxs, Wrec)),
    ),
    "a factor too many": ("bptt_gradients", lambda *args: tuple(g * args[3] for g in rnn.bptt_gradients(*args))),
    "reaches back two steps": ("bptt_gradients", lambda *args: gradient(*args, reach=2)),
    "two sequences only": ("count_targets", lambda X: X.cumsum(0) + (X.shape[1] > 1)),
    "the second update": (
        "train",
        lambda *args: (*rnn.train(*args[:5], min(args[5], 1))[:2], rnn.train(*args)[2]),
    ),
}
WRONG = {**{name: (name, function) for name, function in MISTAKES.items()}, **FURTHER}


@pytest.mark.parametrize("number", range(RUNGS))
@pytest.mark.parametrize("check", [spec.name for spec in CHECKS])
def test_a_rung_holds_certain_cases_smallest_first_and_asks_just_these(check, number):
    step = rung(check, number)
    assert len(step.cases) > 0
    assert [question.args for question in step.questions] == [case.args for case in step.cases]
    assert all(in_domain(check, case.args) for case in step.cases)
    sizes = [size_key(case)[:3] for case in step.cases]
    assert sizes == sorted(sizes)
    texts = [size_key(case)[3] for case in step.cases]
    assert len(set(texts)) == len(texts)
    if number:
        assert size_key(step.cases[0])[1] >= size_key(rung(check, number - 1).cases[0])[1]


@pytest.mark.parametrize("mistake", WRONG)
def test_what_the_ladder_shows_is_never_larger_than_what_hypothesis_finds(mistake, bank, monkeypatch):
    name, function = WRONG[mistake]
    spec, subject, stored = failing(name, function, bank)
    shown = smallest(spec, subject, stored, limit_s=60)
    monkeypatch.setattr(search, "RUNGS", 0)
    drawn = smallest(spec, subject, stored, limit_s=60)
    assert shown is not None
    assert drawn is not None
    assert size_key(shown.case)[:2] <= size_key(drawn.case)[:2]


def test_what_stands_on_no_rung_is_drawn(bank):
    def forward(X, Wxs, Wrec):
        S, Y = rnn.forward(X, Wxs, Wrec)
        return S, Y + (X.sum() == 2 and len(X) > 3) * torch.ones_like(Y)

    spec, subject, stored = failing("forward", forward, bank)
    shown = smallest(spec, subject, stored, limit_s=60)
    assert shown is not None
    assert not any(
        size_key(shown.case)[3] == size_key(case)[3] for n in range(RUNGS) for case in rung("forward", n).cases
    )


@pytest.mark.parametrize(("example", "loads"), [("sign.py", False), ("correct.py", False)])
def test_hypothesis_is_not_loaded_for_a_mistake_that_the_ladder_shows(example, loads):
    path = ROOT / "student_template" / "examples" / example
    grade = f"import sys\nfrom grader.cli import grade_main\ngrade_main([{str(path)!r}])"
    code = f"{grade}\nprint('hypothesis' in sys.modules)"
    for _ in range(2):  # the first builds the bank
        run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == str(loads)
