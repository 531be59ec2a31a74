"""Evidence of a gradient not written by hand: seen by every route, and never in code written by hand."""

import sys

import numpy as np
import pytest
from asking import script, subject_of

from grader.contract import CHECK_BY_NAME
from grader.judge.policy import DEFAULT_POLICY, evidence_of, watched_questions
from grader.model import Question
from grader.sandbox.levels import Limits
from grader.sandbox.supervisor import Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

WATCHED = watched_questions(CHECK_BY_NAME["bptt_gradients"], DEFAULT_POLICY)


@pytest.fixture(scope="module", name="sandbox")
def _sandbox():
    with Sandbox(limits=Limits(time_s=30)) as sandbox:
        sandbox.ready()
        sandbox.warm_for(script("import torch.func"))
        yield sandbox


COMMON = """
import numpy as np
import torch

def relu(S):
    return S.clamp(min=0)

def relu_derivative(S):
    return (S > 0).to(S.dtype)

def forward(X, Wxs, Wrec):
    y, S, Y = torch.zeros_like(X[0]), [], []
    for x in X:
        s = Wxs * x + Wrec * y
        y = relu(s)
        S.append(s); Y.append(y)
    return torch.stack(S), torch.stack(Y)

def loss(X, T, Wxs, Wrec):
    return 0.5 * ((T - forward(X, Wxs, Wrec)[1]) ** 2).sum()

def show(weight):
    print(float(weight))

known = {}
"""

_BACKWARDS = """
    S, Y = forward(X, Wxs, Wrec)
    gx = gr = delta = 0
    for k in reversed(range(len(X))):
        delta = (Y[k] - T[k] + Wrec * delta) * relu_derivative(S[k])
        gx += (delta * X[k]).sum()
        gr += (delta * Y[k - 1]).sum() if k else 0"""

AUTOGRAD = {
    "backward": """
    a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    loss(X, T, a, b).backward()
    return a.grad, b.grad""",
    "autograd.grad": """
    a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    return torch.autograd.grad(loss(X, T, a, b), (a, b))""",
    "remembered": """
    key = float(Wxs), float(Wrec), X.shape
    if key not in known:
        a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
        known[key] = torch.autograd.grad(loss(X, T, a, b), (a, b))
    return known[key]""",
    "returned where the hand is another": f"""{_BACKWARDS}
    a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    auto = torch.autograd.grad(loss(X, T, a, b), (a, b))
    return auto if abs(float(auto[0] - gx)) < 1 else (gx, gr)""",
    "once": """
    key = float(Wxs), float(Wrec), X.shape
    if key == known.get("last"):
        raise SystemExit
    known["last"] = key
    a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    return torch.autograd.grad(loss(X, T, a, b), (a, b))""",
    "func.grad": "    return torch.func.grad(lambda a, b: loss(X, T, a, b), argnums=(0, 1))(Wxs, Wrec)",
    "func.vjp": """
    value, pull = torch.func.vjp(lambda a, b: loss(X, T, a, b), Wxs, Wrec)
    return pull(torch.ones_like(value))""",
    "func.jvp": """
    one, zero = torch.ones_like(Wxs), torch.zeros_like(Wxs)
    f = lambda a, b: loss(X, T, a, b)
    return [torch.func.jvp(f, (Wxs, Wrec), way)[1] for way in ((one, zero), (zero, one))]""",
    "forward_ad": """
    import torch.autograd.forward_ad as fwd
    found = []
    for k in (0, 1):
        with fwd.dual_level():
            w = [Wxs, Wrec]
            w[k] = fwd.make_dual(w[k], torch.ones_like(w[k]))
            found.append(fwd.unpack_dual(loss(X, T, *w)).tangent)
    return found""",
    "functional.jacobian": """
    return torch.autograd.functional.jacobian(lambda a, b: loss(X, T, a, b), (Wxs, Wrec))""",
    "an optimizer": """
    w = torch.nn.Parameter(torch.stack([Wxs, Wrec]))
    step = torch.optim.SGD([w], lr=1.0)
    step.zero_grad()
    loss(X, T, w[0], w[1]).backward()
    return w.grad[0], w.grad[1]""",
    "in a thread": """
    import threading
    a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    thread = threading.Thread(target=lambda: loss(X, T, a, b).backward())
    thread.start(); thread.join()
    return a.grad, b.grad""",
    "under no_grad's nose": """
    with torch.no_grad(), torch.enable_grad():
        a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
        grad = torch.autograd.grad
        return grad(loss(X, T, a, b), [a, b])""",
}

DIFFERENCES = {
    "central, in float64, by the loss": """
    X, T, a, b, h = X.double(), T.double(), float(Wxs), float(Wrec), 1e-6
    return ((loss(X, T, a + h, b) - loss(X, T, a - h, b)) / (2 * h),
            (loss(X, T, a, b + h) - loss(X, T, a, b - h)) / (2 * h))""",
    "central, by forward": """
    X, T, h = X.double(), T.double(), 1e-4
    def at(a, b):
        return 0.5 * ((T - forward(X, a, b)[1]) ** 2).sum()
    a, b = Wxs.double(), Wrec.double()
    return (at(a + h, b) - at(a - h, b)) / (2 * h), (at(a, b + h) - at(a, b - h)) / (2 * h)""",
    "forward, in float32": """
    h = 1e-2
    here = loss(X, T, Wxs, Wrec)
    return (loss(X, T, Wxs + h, Wrec) - here) / h, (loss(X, T, Wxs, Wrec + h) - here) / h""",
    "with NumPy": """
    def value(a, b):
        y, total = np.zeros(X.shape[1]), 0.0
        for x, t in zip(X.double().numpy(), T.double().numpy()):
            y = np.maximum(a * x + b * y, 0)
            total += 0.5 * ((t - y) ** 2).sum()
        return total
    a, b, h = np.float64(Wxs), np.float64(Wrec), 1e-6
    return (value(a + h, b) - value(a - h, b)) / (2 * h), (value(a, b + h) - value(a, b - h)) / (2 * h)""",
}

CHECKED = {  # by hand, with an eye on what else would give it
    "by autograd": f"""{_BACKWARDS}
    a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    loss(X, T, a, b).backward()
    assert torch.allclose(a.grad, gx, rtol=1e-3) and torch.allclose(b.grad, torch.as_tensor(gr), rtol=1e-3)
    return gx, gr""",
    "by autograd, and leaves where they differ": f"""{_BACKWARDS}
    a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
    loss(X, T, a, b).backward()
    if abs(float(a.grad - gx)) > 1e-3:
        raise SystemExit("the gradient is wrong")
    return gx, gr""",
    "by a look at the next weights": f"""{_BACKWARDS}
    show(Wxs - 1e-3 * gx)
    show(Wrec - 1e-3 * gr)
    return gx, gr""",
    "by differences": f"""{_BACKWARDS}
    for h in (1e-2, 1e-3):
        print("dWxs", float(gx), float(loss(X, T, Wxs + h, Wrec) - loss(X, T, Wxs - h, Wrec)) / (2 * h))
    return gx, gr""",
}

BY_HAND = {
    "backwards in time": f"{_BACKWARDS}\n    return gx, gr",
    "detached, with the words": """
    # no .backward() and no torch.autograd.grad here, neither finite differences: backward, grad, jvp
    S, Y = (value.detach() for value in forward(X, Wxs, Wrec))
    def backward(k, delta):
        return (Y[k] - T[k] + Wrec * delta) * relu_derivative(S[k])
    grad, run_backwards, delta = [0, 0], "torch.autograd.grad(loss)", 0
    for k in reversed(range(len(X))):
        delta = backward(k, delta)
        grad[0] += (delta * X[k]).sum()
        grad[1] += (delta * Y[k - 1]).sum() if k else 0
    return grad""",
    "real-time recurrent learning": """
    y = px = pr = torch.zeros(X.shape[1])
    gx = gr = 0
    for x, t in zip(X, T):
        s = Wxs * x + Wrec * y
        px, pr = relu_derivative(s) * (x + Wrec * px), relu_derivative(s) * (y + Wrec * pr)
        y = relu(s)
        gx, gr = gx + ((y - t) * px).sum(), gr + ((y - t) * pr).sum()
    return gx, gr""",
    "the double sum": """
    S, Y = forward(X, Wxs, Wrec)
    D = relu_derivative(S)
    gx = gr = 0
    for n in range(len(X)):
        for k in range(n + 1):
            path = Wrec ** (n - k) * D[k : n + 1].prod(0) * (Y[n] - T[n])
            gx += (path * X[k]).sum()
            gr += (path * Y[k - 1]).sum() if k else 0
    return gx, gr""",
    "number by number": """
    def act(s): return s if s > 0 else 0.0
    def slope(s): return 1.0 if s > 0 else 0.0
    a, b, gx, gr = Wxs.item(), Wrec.item(), 0.0, 0.0
    for xs, ts in zip(X.T.tolist(), T.T.tolist()):
        y = px = pr = 0.0
        for x, t in zip(xs, ts):
            s = a * x + b * y
            px, pr = slope(s) * (x + b * px), slope(s) * (y + b * pr)
            y = act(s)
            gx, gr = gx + (y - t) * px, gr + (y - t) * pr
    return gx, gr""",
    "in float64, rounded back": """
    S, Y = forward(X.double(), Wxs.double(), Wrec.double())
    again = forward(X, Wxs.float(), torch.tensor(float(Wrec)))
    delta, gx, gr = torch.zeros(X.shape[1]).double(), 0, 0
    for k in range(len(X) - 1, -1, -1):
        delta = (Y[k] - T[k] + Wrec * delta) * relu_derivative(S[k])
        gx, gr = gx + (delta * X[k]).sum(), gr + ((delta * Y[k - 1]).sum() if k else 0)
    return gx.float(), torch.as_tensor(gr).float()""",
}


def found_in(sandbox, body):
    source = f"{COMMON}\ndef bptt_gradients(X, T, Wxs, Wrec):\n{body.lstrip(chr(10))}\n"
    with subject_of(sandbox, source) as subject:
        seen = list(subject.ask(WATCHED, limit_s=30))
        unwatched = list(subject.ask([Question(q.function, q.args) for q in WATCHED], limit_s=30))
    for watched, plain in zip(seen, unwatched, strict=True):
        assert plain.evidence == ()
        got, same = ([float(np.asarray(part).squeeze()) for part in item.value] for item in (watched, plain))
        assert got == same
    return evidence_of(seen), [float(np.asarray(part).squeeze()) for part in seen[-1].value]


@pytest.fixture(scope="module", name="truth")
def _truth(sandbox):
    return found_in(sandbox, BY_HAND["backwards in time"])[1]


def test_what_torch_loads_late_is_there_before_the_submission(sandbox):
    source = "import sys\ndef relu(S): return float('torch._dynamo' in sys.modules)\n"
    with subject_of(sandbox, source) as subject:
        (seen,) = subject.ask([Question("relu", (0.0,))], limit_s=30)
    assert float(seen.value) == 1


@pytest.mark.parametrize("how", AUTOGRAD)
def test_autograd_is_seen_by_every_route(sandbox, truth, how):
    evidence, value = found_in(sandbox, AUTOGRAD[how])
    assert "autograd" in evidence
    assert value == pytest.approx(truth, rel=1e-4)


@pytest.mark.parametrize("how", DIFFERENCES)
def test_differences_are_seen_as_calls_with_shifted_weights(sandbox, truth, how):
    evidence, value = found_in(sandbox, DIFFERENCES[how])
    assert evidence == ("numerical_gradient",)
    assert value == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize("how", CHECKED)
def test_a_gradient_by_hand_that_is_checked_in_another_way_is_by_hand(sandbox, truth, how):
    evidence, answer = found_in(sandbox, CHECKED[how])
    assert evidence == ()
    assert answer == pytest.approx(truth, rel=1e-4)


@pytest.mark.parametrize("how", BY_HAND)
def test_what_is_written_by_hand_raises_no_alarm(sandbox, truth, how):
    evidence, value = found_in(sandbox, BY_HAND[how])
    assert evidence == ()
    assert value == pytest.approx(truth, rel=1e-4)


class Heard:
    """In place of a template: what it is sent."""

    device, confining = "cpu", True

    def __init__(self):
        self.said = []

    def send(self, message):
        self.said.append(message)


@pytest.mark.parametrize(
    ("line", "late"),
    [
        *(("import torch.optim as o", 1), ("from torch.func import grad", 1), ("from torch import func", 1)),
        *(("from torch.utils.checkpoint import checkpoint", 1), ("from torch.utils import checkpoint", 1)),
        *(("import functools", 0), ("torch.functional.F", 0), ("checkpoint = 'weights.pt'", 0)),
    ],
)
def test_only_a_submission_that_speaks_of_it_waits_for_what_torch_loads_late(line, late):
    template = Heard()
    sandbox = Sandbox(template=template)
    for _ in range(2):
        sandbox.warm_for(script(line))
    assert len(template.said) == late
