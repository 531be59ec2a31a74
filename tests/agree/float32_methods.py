"""Correct ways to the gradient in float32, each in another style, and single mistakes.

A correct method maps (X, T, Wxs, Wrec), float32 arrays and numbers, to (dWxs, dWrec). A mistake
does the same in exact numbers, lists of lists, so that nothing but the mistake moves the answer.
"""

from __future__ import annotations

import numpy as np
import torch

from reference import exact, rnn

F = np.float32


def forward(X, Wxs, Wrec, dtype=F):
    S, Y = np.zeros(X.shape, dtype), np.zeros(X.shape, dtype)
    y = np.zeros(X.shape[1], dtype)
    for k, x in enumerate(X.astype(dtype)):
        S[k] = dtype(Wxs) * x + dtype(Wrec) * y
        Y[k] = y = np.maximum(S[k], 0)
    return S, Y


def backwards(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    delta, dWxs, dWrec = np.zeros(X.shape[1], F), F(0), F(0)
    for k in reversed(range(len(X))):
        delta = (Y[k] - T[k] + Wrec * delta) * (S[k] > 0)
        dWxs += (delta * X[k]).sum()
        dWrec += (delta * Y[k - 1]).sum() if k else F(0)
    return dWxs, dWrec


def forwards(X, T, Wxs, Wrec):
    """Real-time recurrent learning: the sensitivities dy/dWxs, dy/dWrec run along."""
    S, Y = forward(X, Wxs, Wrec)
    p, q, dWxs, dWrec = np.zeros(X.shape[1], F), np.zeros(X.shape[1], F), F(0), F(0)
    for k in range(len(X)):
        on = S[k] > 0
        p, q = on * (X[k] + Wrec * p), on * ((Y[k - 1] if k else F(0)) + Wrec * q)
        dWxs += ((Y[k] - T[k]) * p).sum()
        dWrec += ((Y[k] - T[k]) * q).sum()
    return dWxs, dWrec


def _paths(X, T, Wxs, Wrec):
    """Every term of the double sum, one by one: steps k <= n, powers of Wrec."""
    S, Y = forward(X, Wxs, Wrec)
    for n in range(len(X)):
        for k in range(n + 1):
            path = (Y[n] - T[n]) * F(Wrec) ** F(n - k) * (S[k : n + 1] > 0).all(axis=0)
            yield path * X[k], path * Y[k - 1] if k else path * F(0)


def double_sum(X, T, Wxs, Wrec):
    dWxs = dWrec = F(0)
    for by_Wxs, by_Wrec in _paths(X, T, Wxs, Wrec):
        for one, other in zip(by_Wxs, by_Wrec, strict=True):  # the worst order: one running total for everything
            dWxs, dWrec = dWxs + one, dWrec + other
    return dWxs, dWrec


def largest_terms_first(X, T, Wxs, Wrec):
    totals = []
    for terms in zip(*_paths(X, T, Wxs, Wrec), strict=True):
        total = F(0)
        for term in sorted(np.concatenate(terms), key=abs, reverse=True):
            total += term
        totals.append(total)
    return tuple(totals)


def multiplied_out(X, T, Wxs, Wrec):
    """Distributes (y - t): the two halves are summed apart, each far larger than their difference."""
    S, Y = forward(X, Wxs, Wrec)
    totals = []
    for error in (Y, -T):
        delta, dWxs, dWrec = np.zeros(X.shape[1], F), F(0), F(0)
        for k in reversed(range(len(X))):
            delta = (error[k] + Wrec * delta) * (S[k] > 0)
            dWxs += (delta * X[k]).sum()
            dWrec += (delta * Y[k - 1]).sum() if k else F(0)
        totals.append((dWxs, dWrec))
    return totals[0][0] + totals[1][0], totals[0][1] + totals[1][1]


def _solve(X, T, Wxs, Wrec, dtype, *, transposed):
    """(I - Wrec M L) dy = M rhs for the sensitivities, or its transpose for the deltas, by LU with pivoting."""
    S, Y = forward(X, Wxs, Wrec, dtype)
    E, before = Y - T.astype(dtype), np.vstack([np.zeros((1, X.shape[1]), dtype), Y[:-1]])
    dWxs = dWrec = dtype(0)
    for j in range(X.shape[1]):
        on = np.diag((S[:, j] > 0).astype(dtype))
        A = np.eye(len(X), dtype=dtype) - dtype(Wrec) * on @ np.eye(len(X), k=-1, dtype=dtype)
        x = X[:, j].astype(dtype)
        if transposed:
            delta = on @ np.linalg.solve(A.T, E[:, j])
            dWxs, dWrec = dWxs + delta @ x, dWrec + delta @ before[:, j]
        else:
            dWxs += E[:, j] @ np.linalg.solve(A, on @ x)
            dWrec += E[:, j] @ np.linalg.solve(A, on @ before[:, j])
    return dWxs, dWrec


def solve_deltas_float32(X, T, Wxs, Wrec):
    return _solve(X, T, Wxs, Wrec, F, transposed=True)


def solve_deltas_float64(X, T, Wxs, Wrec):
    return _solve(X, T, Wxs, Wrec, np.float64, transposed=True)


def solve_sensitivities_float32(X, T, Wxs, Wrec):
    return _solve(X, T, Wxs, Wrec, F, transposed=False)


def solve_sensitivities_float64(X, T, Wxs, Wrec):
    return _solve(X, T, Wxs, Wrec, np.float64, transposed=False)


def model_answer(X, T, Wxs, Wrec):
    gradients = rnn.bptt_gradients(torch.tensor(X), torch.tensor(T), torch.tensor(Wxs), torch.tensor(Wrec))
    return tuple(gradient.item() for gradient in gradients)


def autograd(X, T, Wxs, Wrec):
    weights = torch.tensor(Wxs, requires_grad=True), torch.tensor(Wrec, requires_grad=True)
    _, Y = rnn.forward(torch.tensor(X), *weights)
    gradients = torch.autograd.grad(((Y - torch.tensor(T)) ** 2).sum() / 2, weights)
    return tuple(gradient.item() for gradient in gradients)


CORRECT = (
    backwards,
    forwards,
    double_sum,
    largest_terms_first,
    multiplied_out,
    solve_deltas_float32,
    solve_deltas_float64,
    solve_sensitivities_float32,
    solve_sensitivities_float64,
    model_answer,
    autograd,
)


# ---------------------------------------------------------------------------- mistakes
def _recurrence(  # noqa: PLR0913 - each keyword is one mistake
    X, T, Wxs, Wrec, *, carry=None, masked=True, own_state=False, shifted_mask=False, horizon=None
):
    S, Y = exact.forward(X, Wxs, Wrec)
    carry = Wrec if carry is None else carry
    dWxs = dWrec = 0
    for j in range(len(X[0])):
        for n in range(len(X)):
            delta = Y[n][j] - T[n][j]
            for k in range(n, -1, -1):
                if horizon is not None and n - k >= horizon:
                    break
                delta = delta * (carry if k < n else 1)
                delta = delta * (not masked or S[max(k - 1, 0) if shifted_mask else k][j] > 0)
                dWxs += delta * X[k][j]
                dWrec += delta * (Y[k][j] if own_state else Y[k - 1][j] if k else 0)
    return dWxs, dWrec


def right(X, T, Wxs, Wrec):
    return _recurrence(X, T, Wxs, Wrec)


def wrong_sign(X, T, Wxs, Wrec):
    dWxs, dWrec = exact.bptt_gradients(X, T, Wxs, Wrec)
    return -dWxs, -dWrec


def doubled(X, T, Wxs, Wrec):
    dWxs, dWrec = exact.bptt_gradients(X, T, Wxs, Wrec)
    return 2 * dWxs, 2 * dWrec


def no_mask(X, T, Wxs, Wrec):
    return _recurrence(X, T, Wxs, Wrec, masked=False)


def mask_of_the_step_before(X, T, Wxs, Wrec):
    return _recurrence(X, T, Wxs, Wrec, shifted_mask=True)


def no_recurrent_factor(X, T, Wxs, Wrec):
    return _recurrence(X, T, Wxs, Wrec, carry=1)


def state_of_the_step_itself(X, T, Wxs, Wrec):
    return _recurrence(X, T, Wxs, Wrec, own_state=True)


def truncated_after_one(X, T, Wxs, Wrec):
    return _recurrence(X, T, Wxs, Wrec, horizon=1)


def truncated_after_three(X, T, Wxs, Wrec):
    return _recurrence(X, T, Wxs, Wrec, horizon=3)


MISTAKES = (
    wrong_sign,
    doubled,
    no_mask,
    mask_of_the_step_before,
    no_recurrent_factor,
    state_of_the_step_itself,
    truncated_after_one,
    truncated_after_three,
)
