"""Training: the model answer follows the exact one, from one start or from many at once."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from fractions import Fraction
from itertools import product
from pathlib import Path

import float32_methods as methods
import numpy as np
import pytest
import torch
from agree_cases import AGREE, cases
from hypothesis import assume, given

from reference import bounds, exact, rnn
from reference.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


def stable_cases(count=12):
    rng = random.Random(5)  # noqa: S311 - no secret
    found = 0
    while found < count:
        seq_l, nb_seq, n_iter = rng.randint(2, 8), rng.randint(1, 4), rng.choice([1, 5, 40])
        X = [[rng.randint(0, 1) for _ in range(nb_seq)] for _ in range(seq_l)]
        teacher = rng.randint(4, 12) / 8, rng.randint(-6, 9) / 8
        T = exact.forward(X, *teacher)[1]
        case = (X, T, rng.randint(2, 14) / 8, rng.randint(-6, 9) / 8, rng.choice([0.003, 0.01, 0.03]), n_iter)
        if exact.is_stable(*case):
            found += 1
            yield case


def descend(method, case, *, one_after_the_other=False):
    X, T, Wxs, Wrec, l_r, n_iter = case
    X, T, losses = np.array(X, np.float32), np.array(T, np.float32), []
    Wxs, Wrec, l_r = np.float32(Wxs), np.float32(Wrec), np.float32(l_r)
    for _ in range(n_iter):
        losses.append(((T - methods.forward(X, Wxs, Wrec)[1]) ** 2).sum() / np.float32(2))
        dWxs, dWrec = method(X, T, Wxs, Wrec)
        if one_after_the_other:
            dWrec = method(X, T, Wxs - l_r * dWxs, Wrec)[1]
        Wxs, Wrec = Wxs - l_r * dWxs, Wrec - l_r * dWrec
    return float(Wxs), float(Wrec), [float(loss) for loss in losses]


def shares(got, case):
    """How much of its bound each trained weight and each loss uses up."""
    for answer, expected, bound in zip(
        _flat(got), _flat(exact.train(*case)), _flat(exact.train_bound(*case)), strict=True
    ):
        yield abs(answer - expected) / bound if bound else 0.0 if answer == expected else math.inf


def _flat(answer):
    Wxs, Wrec, losses = answer
    return [Wxs, Wrec, *losses]


@pytest.mark.parametrize(
    "method", [methods.backwards, methods.forwards, methods.multiplied_out], ids=lambda method: method.__name__
)
def test_float32_training_stays_inside_its_bound(method):
    for case in stable_cases():
        assert max(shares(descend(method, case), case)) <= 0.5


def test_the_model_answer_trained_in_float32_stays_inside_the_bound():
    for X, T, Wxs, Wrec, l_r, n_iter in stable_cases():
        tensors = [torch.tensor(value, dtype=torch.float32) for value in (X, T, Wxs, Wrec)]
        got_Wxs, got_Wrec, losses = rnn.train(*tensors, l_r, n_iter)
        got = got_Wxs.item(), got_Wrec.item(), [loss.item() for loss in losses]
        assert max(shares(got, (X, T, Wxs, Wrec, l_r, n_iter))) <= 0.5


def test_updating_one_weight_after_the_other_falls_outside_the_bound():
    seen = [max(shares(descend(methods.backwards, case, one_after_the_other=True), case)) for case in stable_cases()]
    assert sum(share > 1 for share in seen) >= len(seen) / 2
    assert max(seen) > 100


def test_exact_training_moves_both_weights_at_once():
    Wxs, Wrec, losses = exact.train([[1], [1]], [[1], [2]], Fraction(1, 2), Fraction(1, 2), Fraction(1, 8), 1)
    assert (Wxs, Wrec) == (Fraction(1, 2) + Fraction(19, 64), Fraction(1, 2) + Fraction(5, 64))
    assert losses == [Fraction(29, 32)]


def test_no_iterations_give_the_start_back():
    assert exact.train([[1]], [[1]], 0.5, 0.5, 0.1, 0) == (0.5, 0.5, [])
    assert exact.train_bound([[1]], [[1]], 0.5, 0.5, 0.1, 0) == (0.0, 0.0, [])
    half = torch.tensor(0.5)
    assert rnn.train(torch.ones(1, 1), torch.ones(1, 1), half, half, 0.1, 0) == (half, half, [])


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (([[1], [1]], [[1], [2]], 0.5, 0.5, 5.0, 3), "the loss rises"),
        (([[1], [1]], [[1], [2]], 0.5, 0.5, 1e9, 60), "the weights run away to infinity"),
        (([[1], [1]], [[0], [0]], 1.0, -1.0, 0.01, 3), "a kink at the start"),
        (([[1]] * 5, [[10]] * 5, 0.25, 0.25, 1e-3, 15), "the loss falls, yet errors grow 3.5 times"),
        (([[1]], [[0]], 1.0, 0.5, 1.0, 3), "one step to Wxs = 0, a kink on the way"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_stable(case, why):
    assert not exact.is_stable(*case), why


@AGREE
@given(cases(max_seq_l=5))
def test_the_curvature_behind_the_training_bound_is_that_of_the_exact_loss(case):
    assume(exact.mask_is_robust(case.X, case.Wxs, case.Wrec))
    X, T = ([[float(v) for v in row] for row in matrix] for matrix in (case.X, case.T))
    Wxs, Wrec = float(case.Wxs), float(case.Wrec)
    *gradient, low, high = bounds._slope_and_curvature(bounds._run(X, Wxs, Wrec), X, T, Wrec)
    h = Fraction(1, 2**80)  # nearer to the weights than any kink
    right = exact.bptt_gradients(*case)
    by_Wxs = exact.bptt_gradients(case.X, case.T, case.Wxs + h, case.Wrec)
    by_Wrec = exact.bptt_gradients(case.X, case.T, case.Wxs, case.Wrec + h)
    hessian = [[float((moved[i] - right[i]) / h) for i in (0, 1)] for moved in (by_Wxs, by_Wrec)]
    assert gradient == pytest.approx([float(g) for g in right], rel=1e-9, abs=1e-9)
    assert [low, high] == pytest.approx(np.linalg.eigvalsh(hessian).tolist(), rel=1e-9, abs=1e-9 * (1 + abs(high)))


def test_the_bound_of_a_loss_covers_the_error_of_the_weights_it_is_taken_at():
    X, T, l_r, n_iter = [[1], [1]], [[1], [2]], 1e-4, 400  # slow: the gradient is still large at the end
    Wxs, Wrec, _ = exact.train(X, T, 0.5, 0.5, l_r, n_iter)
    error = exact.train_bound(X, T, 0.5, 0.5, l_r, n_iter)[0]
    gradient = exact.bptt_gradients(X, T, Wxs, Wrec)
    moved = [w + error * g / math.hypot(*gradient) for w, g in zip((Wxs, Wrec), gradient, strict=True)]
    losses = [exact.loss(exact.forward(X, *weights)[1], T) for weights in ((Wxs, Wrec), moved)]
    assert abs(losses[1] - losses[0]) <= exact.train_bound(X, T, 0.5, 0.5, l_r, n_iter + 1)[2][-1]


def test_a_sign_that_the_error_of_the_weights_could_turn_is_not_trusted():
    X, Wrec = [[1], [1]], -0.999  # s_1 = 0.001
    run = bounds._run(X, 1.0, Wrec)
    assert bounds._masks_hold(run, X, Wrec, weight_error=1e-6)
    assert not bounds._masks_hold(run, X, Wrec, weight_error=1e-4)


def test_many_starts_trained_as_one_go_the_way_of_each():
    torch.manual_seed(0)
    X = torch.rand(5, 4, dtype=torch.float64).round()
    T = rnn.count_targets(X)
    starts = torch.tensor(list(product([0.25, 1.0, 1.5], [0.0, 0.5, 1.25])), dtype=torch.float64)
    Wxs, Wrec, losses = rnn.train(X[:, None], T[:, None], starts[:, :1], starts[:, 1:], 1e-3, 20)
    for i, (start_Wxs, start_Wrec) in enumerate(starts):
        alone = rnn.train(X, T, start_Wxs, start_Wrec, 1e-3, 20)
        together = [Wxs[i, 0], Wrec[i, 0], *(loss[i, 0] for loss in losses)]
        assert [w.item() for w in together] == pytest.approx([w.item() for w in _flat(alone)], rel=1e-12)


def test_training_leaves_what_it_is_given_unchanged():
    X, Wxs, Wrec = torch.ones(3, 2), torch.tensor(0.5), torch.tensor(0.75)
    T = rnn.count_targets(X)
    before = [value.clone() for value in (X, T, Wxs, Wrec)]
    rnn.train(X, T, Wxs, Wrec, 0.01, 3)
    assert all(torch.equal(now, then) for now, then in zip((X, T, Wxs, Wrec), before, strict=True))


def test_counts_are_rounded_to_the_nearest_integer():
    X = [[1, 0], [1, 1]]
    assert exact.predict_counts(X, Fraction(7, 8), Fraction(7, 8)) == [[1, 0], [2, 1]]
    weight = torch.tensor(0.875)
    assert rnn.predict_counts(torch.tensor(X, dtype=torch.float32), weight, weight).tolist() == [[1, 0], [2, 1]]


def test_an_input_weight_of_0_is_a_dead_start():
    X = [[1, 0], [1, 1]]
    assert exact.train(X, exact.count_targets(X), Fraction(0), Fraction(1), Fraction(1, 4), 5)[:2] == (0, 1)


# ---------------------------------------------------------------------------- python -m reference
def test_from_every_start_the_exercise_reaches_the_headline(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "largest error of an output on X_test 0.0014" in out
    assert "starts that reach it: 441 of 441" in out
    assert "counts right: 20 of 20" in out
    assert "Wxs = 0 is left out: a dead start" in out


def test_a_device_that_is_not_there_is_one_clear_line_and_exit_status_3(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["--device", "cuda"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "no CUDA device here" in err


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_the_exercise_converges_on_a_gpu(capsys):
    assert main(["--device", "cuda"]) == 0
    assert "441 of 441" in capsys.readouterr().out


def test_exact_arithmetic_needs_neither_torch_nor_numpy():
    code = "import sys, reference.exact; print({'torch', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
