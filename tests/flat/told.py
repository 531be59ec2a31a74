"""What a submission with the mistakes of given codes must answer, written down from the codes' meanings alone."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from truth import states

__all__ = ["gradient", "mistaken_states", "targets"]


def gradient(
    codes: Collection[str], X: np.ndarray, T: np.ndarray, W: tuple[float, float], *, reach: int, scale: float
) -> np.ndarray:
    """(dWxs, dWrec) by the double sum over k <= n, with its factors mistaken; `reach` and `scale` where they matter."""
    wrong = {code.removeprefix("gradient.") for code in codes}
    S, Y, _ = states(X, *W)
    SeqL, NbSeq = X.shape
    total = np.zeros(2)
    for n, error in enumerate(_errors(wrong, Y - T)):
        for k in range(n + 1):
            cut_off = "truncated" in wrong and n - k > reach
            if cut_off or ("immediate_step_missing" in wrong and k == n):
                continue
            path = error * _power(wrong, W[1], n - k) * _masks(wrong, S > 0, k, n)
            total += [np.sum(path * z) for z in _arrivals(wrong, X, Y, k)]
    total *= scale if "scale" in wrong else 1
    total *= -1 if "sign" in wrong else 1
    total /= (NbSeq if "mean_over_sequences" in wrong else 1) * (SeqL if "mean_over_time" in wrong else 1)
    return total[::-1] if "swapped" in wrong else total


def _errors(wrong: set[str], E: np.ndarray) -> np.ndarray:
    if "last_step_error_only" in wrong:
        E = E * (np.arange(len(E)) == len(E) - 1)[:, None]
    if "first_sequence_only" in wrong:
        E = E * (np.arange(E.shape[1]) == 0)
    return np.broadcast_to(E.sum(axis=0), E.shape) if "error_decoupled" in wrong else E


def _power(wrong: set[str], Wrec: float, distance: int) -> float:
    return Wrec ** (0 if "no_recurrent_factor" in wrong else distance + ("extra_recurrent_factor" in wrong))


def _masks(wrong: set[str], on: np.ndarray, k: int, n: int) -> np.ndarray:
    if "no_activation_derivative" in wrong:
        return np.ones(on.shape[1])
    return np.prod(on[k : n if "activation_derivative_off_by_one" in wrong else n + 1], axis=0)


def _arrivals(wrong: set[str], X: np.ndarray, Y: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """What the two weights multiply at step k."""
    nothing = np.zeros(X.shape[1])
    x = X[k] if "input_off_by_one" not in wrong else X[k - 1] if k else nothing
    y = Y[k - 1] if k or "wraparound" in wrong else nothing
    return x, Y[k] if "hidden_state_off_by_one" in wrong else y


def mistaken_states(code: str, X: np.ndarray, W: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """(S, Y) of a forward pass with one mistake, from nothing before."""
    Wxs, Wrec = reversed(W) if code == "forward.weights_swapped" else W
    S, Y, back = [], [], np.zeros(X.shape[1])
    for x in X:
        S.append(Wxs * x + (0 if code == "forward.no_recurrence" else Wrec * back))
        Y.append(S[-1] if code == "forward.no_activation" else np.maximum(S[-1], 0))
        back = S[-1] if code == "forward.previous_preactivation" else Y[-1]
    return np.array(S), np.array(Y)


def targets(code: str, X: np.ndarray) -> np.ndarray:
    """T with one mistake."""
    counts = np.cumsum(X, axis=0)
    mistaken = {
        "targets.exclusive_count": counts - X,
        "targets.total_count": np.broadcast_to(counts[-1], X.shape),
        "targets.wrong_axis": np.cumsum(X, axis=1),
    }
    return mistaken[code]
