"""`python -m reference`: the exercise on its own data, then from everywhere.

Exit status 0 if every start reaches the goal, 1 if one does not, 3 if the device asked for is not there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import torch
from torch import Tensor

from reference.rnn import count_targets, forward, predict_counts, train

SEQ_L, NB_SEQ = 5, 4
LEARNING_RATE, N_ITER = 2e-4, 5000
SHORT_LEARNING_RATE, SHORT_N_ITER = 8e-4, 1000  # of 1e-4 … 1.5e-3 in steps of 5e-5 the best for 1000 iterations
GOAL = 0.0072  # the exercise's own headline: 3.0072 for 3, from one lucky start


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the exercise and its convergence on the device asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m reference", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    device = parser.parse_args(arguments).device
    if device == "cuda" and not torch.cuda.is_available():
        print("reference: no CUDA device here: install a CUDA build of PyTorch or use --device cpu", file=sys.stderr)
        return 3
    torch.manual_seed(4)
    X_train = torch.rand(SEQ_L, NB_SEQ).round()  # drawn on the CPU: the same data on every device
    X_test = torch.rand(SEQ_L, NB_SEQ).round()
    start = 2 * torch.rand(2)
    show_exercise(X_train.to(device), X_test.to(device), start.to(device))
    print()
    worst = show_convergence(X_train.to(device), X_test.to(device))
    return 0 if worst <= GOAL else 1


def show_exercise(X_train: Tensor, X_test: Tensor, start: Tensor) -> None:
    """Train once from a random start and print the outputs on X_test beside their targets."""
    print(
        f"The exercise: SeqL = {SEQ_L}, NbSeq = {NB_SEQ}, l_r = {LEARNING_RATE:g}, {N_ITER} iterations, {start.device}"
    )
    Wxs, Wrec, losses = train(X_train, count_targets(X_train), start[0], start[1], LEARNING_RATE, N_ITER)
    print(f"  Wxs  {start[0].item():.4f} -> {Wxs.item():.4f}    Wrec {start[1].item():.4f} -> {Wrec.item():.4f}")
    print(f"  loss {losses[0].item():.4f} -> {losses[-1].item():.2e}")
    _, Y = forward(X_test, Wxs, Wrec)
    T, counts = count_targets(X_test), predict_counts(X_test, Wxs, Wrec)
    for j in range(NB_SEQ):
        print(f"  test sequence {j + 1}: {_row(X_test[:, j], '.0f')}")
        print(f"    target {_row(T[:, j], '6.0f')}")
        print(f"    output {_row(Y[:, j], '6.4f')}")
    print(f"  counts right: {int((counts == T).sum())} of {T.numel()}; largest error {(Y - T).abs().max().item():.4f}")


def show_convergence(X_train: Tensor, X_test: Tensor) -> float:
    """Train from every start of a 21 x 21 grid at once; return the largest error of an output on X_test."""
    grid = [(2 * i / 21, 2 * j / 20) for i in range(1, 22) for j in range(21)]
    starts = torch.tensor(grid, device=X_train.device)
    Wxs, Wrec = starts[:, :1], starts[:, 1:]  # (441, 1) each
    X, T, Z = X_train[:, None], count_targets(X_train)[:, None], X_test[:, None]  # (SeqL, 1, NbSeq)
    print(f"From every start of a 21 x 21 grid, 0 < Wxs <= 2, 0 <= Wrec <= 2 ({len(starts)} starts, one tensor):")
    early = train(X, T, Wxs, Wrec, LEARNING_RATE, SHORT_N_ITER)[:2]
    late = train(X, T, *early, LEARNING_RATE, N_ITER - SHORT_N_ITER)[:2]
    hasty = train(X, T, Wxs, Wrec, SHORT_LEARNING_RATE, SHORT_N_ITER)[:2]
    worst = _largest_errors(Z, *late).max().item()
    print(f"  l_r = {LEARNING_RATE:g}, {N_ITER} iterations: largest error of an output on X_test {worst:.4f}")
    print(f"  (the original's headline, from one lucky start: {GOAL}; goal: no more than that)")
    reached = [int((_largest_errors(Z, *weights) <= GOAL).sum()) for weights in (late, early, hasty)]
    print(f"  starts that reach it: {reached[0]} of {len(starts)}")
    print(f"  with {SHORT_N_ITER} iterations: {reached[1]} of {len(starts)}; with the rate best for so few,")
    print(f"  l_r = {SHORT_LEARNING_RATE:g}: {reached[2]} of {len(starts)} (the rest overshoot, or are too slow)")
    print("  Wxs = 0 is left out: a dead start. Nothing enters the network, every s_k is 0, ReLU'(0) = 0,")
    print("  so both gradients are 0 and the weights stay where they are for ever.")
    return worst


def _largest_errors(X: Tensor, Wxs: Tensor, Wrec: Tensor) -> Tensor:
    """Return the largest error of an output on X (SeqL, 1, NbSeq), for each start."""
    _, Y = forward(X, Wxs, Wrec)
    return (Y - count_targets(X)).abs().amax(dim=(0, 2))


def _row(values: Tensor, form: str) -> str:
    return "  ".join(format(value, form) for value in values.tolist())


if __name__ == "__main__":
    sys.exit(main())
