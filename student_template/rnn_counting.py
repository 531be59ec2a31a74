r"""A recurrent network that counts ones: backpropagation through time by hand.

The network reads bits, one a step, and answers each time with a number. Trained, that number is how many ones
it has read so far. It has two weights and no bias:

    s_k = Wxs * x_k + Wrec * y_{k-1}        what comes in, plus what is remembered
    y_k = ReLU(s_k) = max(0, s_k)           y_{-1} = 0: nothing is remembered at first

for k = 0 ... SeqL-1. NbSeq sequences are computed side by side, so X, T, S and Y all have the shape (SeqL, NbSeq):
a row for each step, a column for each sequence. The targets and the loss are

    t_k = x_0 + ... + x_k
    L   = 1/2 * sum of (t_k - y_k)^2        over all steps and all sequences

Where does a change of s_k go? Straight into y_k, if s_k > 0, and from there into the error of step k and,
through Wrec, into s_{k+1} and everything after it. With delta_k = dL/ds_k this reads, from the last step to the first,

    delta_k = ReLU'(s_k) * ( (y_k - t_k) + Wrec * delta_{k+1} ),     delta_SeqL = 0,     ReLU'(0) = 0

and since s_k holds Wxs times x_k and Wrec times y_{k-1},

    dL/dWxs  = sum of delta_k * x_k         over all steps and all sequences
    dL/dWrec = sum of delta_k * y_{k-1}

By hand, once: one sequence X = 1, 0, 1 with its counts T = 1, 1, 2, and Wxs = 0.5, Wrec = 2.

    k   x_k   s_k                    y_k    t_k   y_k - t_k   delta_k
    0    1    0.5*1 + 2*0   = 0.5    0.5     1      -0.5      -0.5 + 2*1   = 1.5
    1    0    0.5*0 + 2*0.5 = 1      1       1       0         0   + 2*0.5 = 1
    2    1    0.5*1 + 2*1   = 2.5    2.5     2       0.5       0.5         = 0.5

    L = 1/2 * (0.25 + 0 + 0.25) = 0.25
    dL/dWxs  = 1.5*1 + 1*0   + 0.5*1 = 2
    dL/dWrec = 1.5*0 + 1*0.5 + 0.5*1 = 1

One step of gradient descent with l_r = 0.125 gives Wxs = 0.5 - 0.125*2 = 0.25 and Wrec = 2 - 0.125*1 = 1.875.

Write the seven functions below, then run this file: it checks itself on this example and on one where the ReLU bites.
"""

from __future__ import annotations

import torch


def relu(S: torch.Tensor) -> torch.Tensor:
    """Return max(0, s) for each element; S has any shape, the result the same."""
    raise NotImplementedError("relu")


def relu_derivative(S: torch.Tensor) -> torch.Tensor:
    """Return 1 where s > 0, else 0; S has any shape, the result the same."""
    raise NotImplementedError("relu_derivative")


def count_targets(X: torch.Tensor) -> torch.Tensor:
    """Return T (SeqL, NbSeq): in each row, the number of ones so far in each column of X (SeqL, NbSeq)."""
    raise NotImplementedError("count_targets")


def forward(X: torch.Tensor, Wxs: torch.Tensor, Wrec: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (S, Y), each (SeqL, NbSeq), of the network with weights Wxs, Wrec (0-d) on X (SeqL, NbSeq)."""
    raise NotImplementedError("forward")


def bptt_gradients(
    X: torch.Tensor, T: torch.Tensor, Wxs: torch.Tensor, Wrec: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (dL/dWxs, dL/dWrec), two numbers, by backpropagation through time written out; T is any (SeqL, NbSeq)."""
    raise NotImplementedError("bptt_gradients")


def train(
    X: torch.Tensor, T: torch.Tensor, Wxs: torch.Tensor, Wrec: torch.Tensor, l_r: float, n_iter: int
) -> tuple[torch.Tensor, torch.Tensor, list[float]]:
    """Return (Wxs, Wrec, losses) after n_iter steps of gradient descent from the weights given.

    Both weights move at once, by minus l_r times their gradient. losses[i] is L before step i: n_iter numbers.
    """
    raise NotImplementedError("train")


def predict_counts(X: torch.Tensor, Wxs: torch.Tensor, Wrec: torch.Tensor) -> torch.Tensor:
    """Return the network's counts (SeqL, NbSeq): its outputs on X, each rounded to the nearest integer."""
    raise NotImplementedError("predict_counts")


if __name__ == "__main__":

    def numbers(value: object) -> list[float]:
        """Return the numbers of a tensor, an array or nested lists, one after the other."""
        value = value.tolist() if hasattr(value, "tolist") else value
        return [n for v in value for n in numbers(v)] if isinstance(value, (list, tuple)) else [float(value)]

    def near(got: object, expected: list[float]) -> bool:
        """Say whether got holds the numbers expected."""
        found = numbers(got)
        return len(found) == len(expected) and all(abs(g - e) < 1e-5 for g, e in zip(found, expected, strict=True))

    def column(*values: float) -> torch.Tensor:
        """Return one sequence, as the functions take it: shape (SeqL, 1)."""
        return torch.tensor([[float(v)] for v in values])

    def weights(Wxs: float, Wrec: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both weights as 0-d tensors, new ones each time."""
        return torch.tensor(Wxs), torch.tensor(Wrec)

    signs = torch.tensor([[-2.0, 0.0], [0.5, 3.0]])
    examples = [
        # function, its arguments, the numbers it should return, in order
        (relu, (signs,), [0, 0, 0.5, 3]),
        (relu_derivative, (signs,), [0, 0, 1, 1]),
        (count_targets, (column(1, 0, 1),), [1, 1, 2]),
        (count_targets, (torch.tensor([[0.0, 1.0], [1.0, 1.0]]),), [0, 1, 1, 2]),
        (forward, (column(1, 0, 1), *weights(0.5, 2.0)), [0.5, 1, 2.5, 0.5, 1, 2.5]),
        (forward, (column(1, 0, 1), *weights(1.0, -0.5)), [1, -0.5, 1, 1, 0, 1]),
        (bptt_gradients, (column(1, 0, 1), column(1, 1, 2), *weights(0.5, 2.0)), [2, 1]),
        (bptt_gradients, (column(1, 0, 1), column(1, 1, 2), *weights(1.0, -0.5)), [-1, 0]),
        (train, (column(1, 0, 1), column(1, 1, 2), *weights(0.5, 2.0), 0.125, 1), [0.25, 1.875, 0.25]),
        (predict_counts, (column(1, 0, 1), *weights(0.98, 1.01)), [1, 1, 2]),
    ]
    right, unwritten = 0, []
    for function, arguments, expected in examples:
        name = function.__name__
        shown = ", ".join(str(numbers(a) if hasattr(a, "tolist") else a) for a in arguments)
        try:
            got = function(*arguments)
            assert near(got, expected), f"expected {expected}, got {got}"
            right += 1
            print(f"ok               {name}({shown})")
        except NotImplementedError:
            unwritten.append(name)
        except AssertionError as difference:
            print(f"not right        {name}({shown}): {difference}")
        except Exception as error:  # noqa: BLE001 - one function that breaks does not keep the others from being checked
            print(f"raises           {name}({shown}): {type(error).__name__}: {error}")
    for name in dict.fromkeys(unwritten):
        print(f"not written yet  {name}")
    print(f"{right} of {len(examples)} examples right")
