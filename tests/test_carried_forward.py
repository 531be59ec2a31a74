"""One mistake, one penalty: a wrong lower function does not cost the checks above it, however it is reached."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from corpora import lost
from grader.judge import right_answer
from grader.load import load_program
from grader.model import Answered, Question
from grader.sandbox.subject import ConfinedSubject

HELPERS = """
import numpy as np
import torch
def relu(S): return torch.clamp(S, min=0)
def relu_derivative(S): return (S > 0).float()
def count_targets(X): return torch.cumsum(X, 0)
def forward(X, Wxs, Wrec):
    S, Y, y = [], [], torch.zeros(X.shape[1])
    for x in X:
        s = Wxs * x + Wrec * y
        y = relu(s)
        S.append(s); Y.append(y)
    return torch.stack(S), torch.stack(Y)
"""
GRADIENT = """
def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = {forward}(X, Wxs, Wrec)
    delta, a, b = 0, 0, 0
    for k in range(len(X) - 1, -1, -1):
        delta = (Y[k] - T[k] + Wrec * delta) * (S[k] > 0)
        a = a + (delta * X[k]).sum()
        b = b + (delta * Y[k - 1]).sum() if k else b
    return a, b
"""
TRAINING = """
def train(X, T, Wxs, Wrec, l_r, n_iter):
    losses = []
    for _ in range(n_iter):
        losses.append(0.5 * ((forward(X, Wxs, Wrec)[1] - T) ** 2).sum())
        a, b = bptt_gradients(X, T, Wxs, Wrec)
        Wxs, Wrec = Wxs - l_r * a, Wrec - l_r * b
    return Wxs, Wrec, losses
def predict_counts(X, Wxs, Wrec): return torch.round(forward(X, Wxs, Wrec)[1])
"""
WRONG_FORWARD = "\ndef forward(X, Wxs, Wrec):\n    S = Wxs * X\n    return S, relu(S)\n"
RIGHT = HELPERS + GRADIENT.format(forward="forward") + TRAINING

WAYS = {
    "by name": HELPERS + WRONG_FORWARD + GRADIENT.format(forward="forward") + TRAINING,
    "by an alias": HELPERS + WRONG_FORWARD + "run = forward\n" + GRADIENT.format(forward="run") + TRAINING,
    "as a default argument": HELPERS
    + WRONG_FORWARD
    + GRADIENT.format(forward="run").replace("Wrec):", "Wrec, run=forward):")
    + TRAINING,
    "as a method": HELPERS
    + """
class Net:
    def forward(self, X, Wxs, Wrec):
        return Wxs * X, relu(Wxs * X)
net = Net()
forward = net.forward
"""
    + GRADIENT.format(forward="net.forward")
    + TRAINING,
    "as a callable object": HELPERS
    + """
class Net:
    def __call__(self, X, Wxs, Wrec):
        return Wxs * X, relu(Wxs * X)
forward = Net()
"""
    + GRADIENT.format(forward="forward")
    + TRAINING,
    "with a closure": HELPERS
    + """
def make(scale, shift):
    def forward(X, Wxs, Wrec):
        return scale * Wxs * X + shift, relu(scale * Wxs * X + shift)
    return forward
forward = make(1.0, 0.0)
"""
    + GRADIENT.format(forward="forward")
    + TRAINING,
    "by keywords": HELPERS
    + WRONG_FORWARD
    + GRADIENT.format(forward="forward").replace("(X, Wxs, Wrec)\n", "(Wrec=Wrec, X=X, Wxs=Wxs)\n")
    + TRAINING,
    "in NumPy": HELPERS
    + """
def forward(X, Wxs, Wrec):
    S = float(Wxs) * np.asarray(X)
    return S, np.maximum(S, 0)
def bptt_gradients(X, T, Wxs, Wrec):
    X, T, Wrec = np.asarray(X), np.asarray(T), float(Wrec)
    S, Y = forward(X, Wxs, Wrec)
    delta, a, b = np.zeros(X.shape[1]), 0.0, 0.0
    for k in range(len(X) - 1, -1, -1):
        delta = (np.subtract(Y[k], T[k]) + Wrec * delta) * np.greater(S[k], 0)
        a += np.dot(delta, X[k])
        b += np.dot(delta, Y[k - 1]) if k else 0.0
    return a, b
"""
    + TRAINING.replace("(forward(X, Wxs, Wrec)[1] - T)", "(torch.as_tensor(forward(X, Wxs, Wrec)[1]) - T)").replace(
        "torch.round(forward(X, Wxs, Wrec)[1])", "np.rint(forward(X, Wxs, Wrec)[1])"
    ),
    "in lists": HELPERS
    + """
def forward(X, Wxs, Wrec):
    S = [[float(Wxs) * v for v in row] for row in X.tolist()]
    return S, [[max(v, 0.0) for v in row] for row in S]
def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    rows, columns, a, b = len(S), len(S[0]), 0.0, 0.0
    for j in range(columns):
        delta = 0.0
        for k in range(rows - 1, -1, -1):
            delta = (Y[k][j] - float(T[k, j]) + float(Wrec) * delta) if S[k][j] > 0 else 0.0
            a += delta * float(X[k, j])
            b += delta * Y[k - 1][j] if k else 0.0
    return [a, b]
"""
    + TRAINING.replace("(forward(X, Wxs, Wrec)[1] - T)", "(torch.tensor(forward(X, Wxs, Wrec)[1]) - T)").replace(
        "torch.round(forward(X, Wxs, Wrec)[1])", "torch.round(torch.tensor(forward(X, Wxs, Wrec)[1]))"
    ),
    "that is missing": RIGHT.replace("def forward", "def forward_pass"),
    "that is a stub": RIGHT + "\ndef forward(X, Wxs, Wrec):\n    raise NotImplementedError\n",
    "that crashes": RIGHT + "\ndef forward(X, Wxs, Wrec):\n    return X @ X @ X\n",
    "that never ends": RIGHT + "\ndef forward(X, Wxs, Wrec):\n    while True: pass\n",
    "that ends the process": RIGHT + "\nimport os\ndef forward(X, Wxs, Wrec):\n    os._exit(1)\n",
}


@pytest.fixture(scope="module")
def quick():
    from grader.pipeline import Grader, Settings  # noqa: PLC0415 - only for tests that grade

    with Grader(Settings(time_limit_s=3), several=True) as ready:
        yield ready


def graded(grader, tmp_path, source):
    path = tmp_path / "submission.py"
    path.write_text(textwrap.dedent(source))
    return grader.grade(path)


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_forward_costs_forward_alone(quick, tmp_path, way):
    report = graded(quick, tmp_path, WAYS[way])

    assert lost(report) == {"forward"}
    carried = [notice.message for notice in report.notices if notice.code == "carried.forward"]
    assert any(message.startswith("bptt_gradients") and "forward" in message for message in carried)


def test_a_wrong_gradient_costs_the_gradient_alone(quick, tmp_path):
    report = graded(quick, tmp_path, RIGHT.replace("return a, b", "return -a, -b"))

    assert lost(report) == {"bptt_gradients"}


def test_a_function_of_torchs_own_is_answered_for_too(quick, tmp_path):
    report = graded(quick, tmp_path, RIGHT + "\nrelu = torch.tanh\n")

    assert lost(report) == {"relu"}


def test_a_mistake_of_a_higher_functions_own_still_costs_it(quick, tmp_path):
    wrong = RIGHT.replace("Y[k - 1]).sum() if k", "Y[k]).sum() if k") + WRONG_FORWARD

    assert lost(graded(quick, tmp_path, wrong)) == {"forward", "bptt_gradients"}


BY_SIDE_EFFECT = (
    HELPERS
    + """
class Net:
    def forward(self, X, Wxs, Wrec):
        self.S = [Wxs * x for x in X]
        raise ValueError("not finished")
    def gradients(self, X, T, Wxs, Wrec):
        self.forward(X, Wxs, Wrec)
        return sum(s.sum() for s in self.S), torch.zeros(())
net = Net()
forward, bptt_gradients = net.forward, net.gradients
"""
    + TRAINING
)


def test_a_check_that_needs_what_its_helper_leaves_behind_is_for_a_person_to_look_at(quick, tmp_path):
    report = graded(quick, tmp_path, BY_SIDE_EFFECT)

    assert "bptt_gradients" in lost(report)
    assert any(reason.startswith("bptt_gradients") and "apart from" in reason for reason in report.review)


REPLAY = (
    RIGHT.replace("def bptt_gradients", "def honest")
    + """
seen = {}
def key(*args): return tuple(np.asarray(a).tobytes() for a in args)
def bptt_gradients(X, T, Wxs, Wrec):
    return seen.get(key(X, T, Wxs, Wrec), (torch.zeros(()), torch.zeros(())))
inner = bptt_gradients
def train(X, T, Wxs, Wrec, l_r, n_iter):
    a, b = inner(X, T, Wxs, Wrec)
    seen[key(X, T, Wxs, Wrec)] = a, b
    try:
        with open("recorded", "a") as file: file.write(repr((a, b)))
    except OSError: pass
    return Wxs, Wrec, [0.0] * n_iter
"""
)


def test_an_answer_recorded_in_one_check_cannot_be_replayed_into_another(quick, tmp_path):
    report = graded(quick, tmp_path, REPLAY)

    gradient = next(check for check in report.checks if check.verdict.name == "bptt_gradients")
    assert (gradient.verdict.status, "bptt_gradients" in lost(report)) == ("failed", True)


def test_without_a_child_of_its_own_for_each_check_the_replay_succeeds(quick, tmp_path):
    path = tmp_path / "submission.py"
    path.write_text(REPLAY)
    X, T, w = np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32), np.float32(1) * np.ones((), np.float32)
    subject = ConfinedSubject(
        quick._sandbox, load_program(path), {}, proxied={"bptt_gradients": True}, helper=right_answer
    )

    list(subject.ask([Question("train", (X, T, w, w, 0.1, 1))], limit_s=5))
    (answer,) = subject.ask([Question("bptt_gradients", (X, T, w, w))], limit_s=5)
    subject.close()

    assert isinstance(answer, Answered)
    assert [float(np.asarray(part)) for part in answer.value] == [5.0, 2.0]
