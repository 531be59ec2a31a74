"""What students do beside the exercise, and other ways to write it: none of it costs a mark."""

from __future__ import annotations

import pytest

HEAD = """\
import torch
SeqL = 5
NbSeq = 4
torch.manual_seed(4)
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.cumsum(X_train, 0)
T_test = torch.cumsum(X_test, 0)
l_r = 0.001
Wxs = 2 * torch.rand(1)
Wrec = 2 * torch.rand(1)

def reLU(x):
    return torch.clamp(x, min=0)

def deriv_reLU(x):
    return (x > 0).float()

def run(X, a, b):
    S, Y = torch.zeros(X.shape), torch.zeros(X.shape)
    y = torch.zeros(X.shape[1])
    for k in range(X.shape[0]):
        S[k] = a * X[k] + b * y
        y = reLU(S[k])
        Y[k] = y
    return S, Y

def gradients(X, T, S, Y, Wrec):
    delta = torch.zeros(X.shape[1])
    gx, gr = torch.zeros(1), torch.zeros(1)
    for k in range(X.shape[0] - 1, -1, -1):
        delta = deriv_reLU(S[k]) * (Y[k] - T[k] + Wrec * delta)
        gx += (delta * X[k]).sum()
        if k > 0:
            gr += (delta * Y[k - 1]).sum()
    return gx, gr

def loss(a, b):
    total, y = 0.0, torch.zeros(NbSeq)
    for k in range(SeqL):
        y = reLU(a * X_train[k] + b * y)
        total = total + 0.5 * ((y - T_train[k]) ** 2).sum()
    return total

"""
FORWARD = "    s, layer_1 = run(X_train, Wxs, Wrec)\n"
BY_HAND = "    dWxs, dWrec = gradients(X_train, T_train, s, layer_1, Wrec)\n"
UPDATE = "    Wxs = Wxs - l_r * dWxs\n    Wrec = Wrec - l_r * dWrec\n"
TEST = "s, layer_1 = run(X_test, Wxs, Wrec)\nprint(layer_1)\n"
COPIES = "a, b = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()"


def script(gradient, *, before="", update=UPDATE, test=TEST, forward=FORWARD):
    return f"{HEAD}{before}\nfor iteration in range(1000):\n{forward}{gradient}{update}\n{test}"


def body(text):
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.fixture
def marked(grader, tmp_path):
    def grade(source):
        path = tmp_path / "hw.py"
        path.write_text(source, encoding="utf-8")
        report = grader.grade(path)
        assert report.outcome == "graded", report.reason
        assert report.submission.style == "flat"
        return report, {check.verdict.name: check.verdict for check in report.checks}

    return grade


# ---------------------------------------------------------------------------- gradients not written by hand
GRADS = f"{COPIES}\nu, v = torch.autograd.grad(loss(a, b), (a, b))\n"
ENGINE = "engine = torch.autograd.Variable._execution_engine"
OTHER_WAYS: dict[str, tuple[str, str]] = {
    "backward": ("", f"{COPIES}\nloss(a, b).backward()\ncx, cr = a.grad, b.grad"),
    "jacobian": ("from torch.autograd.functional import jacobian", "cx, cr = jacobian(loss, (Wxs[0], Wrec[0]))"),
    "a ratio of two": ("", f"{GRADS}U, V = torch.autograd.grad((a + b).sum(), (a, b))\ncx, cr = u / U, v / V"),
    "rounded": ("", f"{GRADS}cx, cr = torch.round(u, decimals=3), torch.round(v, decimals=3)"),
    "the engine itself": (
        f"{ENGINE}\nG = lambda L, *w: engine.run_backward((L,), (L / L,), False, False, w, True, accumulate_grad=0)",
        f"{COPIES}\ncx, cr = G(loss(a, b), a, b)",
    ),
    "differences": (
        "h = 1e-2\nat = lambda a, b: loss(a, b).item() / (2 * h)",
        "cx = at(Wxs + h, Wrec) - at(Wxs - h, Wrec)\ncr = at(Wxs, Wrec + h) - at(Wxs, Wrec - h)",
    ),
    "differences on one side": (
        "h = 1e-2",
        "base = loss(Wxs, Wrec)\ncx = (loss(Wxs + h, Wrec) - base) / h\ncr = (loss(Wxs, Wrec + h) - base) / h",
    ),
    "differences of logarithms": (
        "h = 1e-2\ndef D(a, b, c, d):\n    return loss(Wxs, Wrec) * (loss(a, b).log() - loss(c, d).log()) / (2 * h)",
        "cx = D(Wxs + h, Wrec, Wxs - h, Wrec)\ncr = D(Wxs, Wrec + h, Wxs, Wrec - h)",
    ),
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_gradient_that_is_only_looked_at_costs_nothing(marked, way):
    before, other = OTHER_WAYS[way]
    _, verdicts = marked(script(BY_HAND + body(f"{other}\nprint(cx - dWxs, cr - dWrec)"), before=before))

    assert {verdict.status for verdict in verdicts.values()} == {"passed"}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_gradient_that_trains_has_to_be_written_by_hand(marked, way):
    before, other = OTHER_WAYS[way]
    _, verdicts = marked(script(body(f"{other}\ndWxs, dWrec = cx, cr"), before=before))

    expected = "numerical_gradient" if way.startswith("differences") else "autograd"
    assert f"policy.{expected}" in {diagnosis.code for diagnosis in verdicts["bptt_gradients"].diagnoses}
    assert verdicts["bptt_gradients"].status == "failed"


@pytest.mark.parametrize(
    "guard",
    ["raise ValueError('wrong')", "print('wrong')\nbreak", "raise SystemExit"],
    ids=["raises", "breaks", "leaves"],
)
def test_a_check_that_stops_where_gradients_differ_costs_nothing(marked, guard):
    compared = f"if not torch.allclose(a.grad, dWxs, rtol=1e-3, atol=1e-3):\n{body(guard)}"
    report, _ = marked(script(BY_HAND + body(f"{COPIES}\nloss(a, b).backward()\n{compared}")))

    assert report.score == 100


def test_where_it_cannot_be_told_what_differences_are_for_someone_is_asked(marked):
    before = (
        "h = 1e-2\ndef keep(a, b):\n    global kept\n    y, kept = torch.zeros(NbSeq), 0\n"
        "    for x, t in zip(X_train, T_train):\n        y = reLU(a * x + b * y)\n"
        "        kept += ((y - t) ** 2).sum() / 2\n"
    )
    other = "keep(Wxs + h, Wrec)\nup = kept\nkeep(Wxs - h, Wrec)\nprint((up - kept) / (2 * h))"
    report, verdicts = marked(script(BY_HAND + body(other), before=before))

    assert verdicts["bptt_gradients"].status == "blocked"
    assert not verdicts["bptt_gradients"].diagnoses
    assert report.review


# ---------------------------------------------------------------------------- input
def test_a_question_for_each_run_is_answered_as_often_as_the_script_is_run(marked):
    report, _ = marked(script(BY_HAND, before="epochs = [input() for _ in range(60)]"))

    assert report.score == 100


# ---------------------------------------------------------------------------- learning rates
@pytest.mark.parametrize(
    ("before", "update"),
    [
        ("rate_x, rate_r = 0.002, 0.001", "Wxs -= rate_x * dWxs\nWrec -= rate_r * dWrec"),
        ("p = {'lr': 0.001, 'n': 3}", "Wxs -= p['lr'] * dWxs\nWrec -= p['lr'] * dWrec"),
        ("import types\ncfg = types.SimpleNamespace(lr=0.001)", "Wxs -= cfg.lr * dWxs\nWrec -= cfg.lr * dWrec"),
        ("rates = torch.tensor([0.001, 0.002])", "Wxs -= rates[0] * dWxs\nWrec -= rates[1] * dWrec"),
        ("inverse_rate = 1000", "Wxs -= dWxs / inverse_rate\nWrec -= dWrec / inverse_rate"),
        ("", "Wxs -= dWxs / 1000\nWrec -= dWrec / 1000"),
    ],
    ids=["two names", "dictionary", "attribute", "array", "inverse", "inverse written"],
)
def test_a_learning_rate_may_be_kept_in_any_way(marked, before, update):
    report, _ = marked(script(BY_HAND, before=before, update=body(update)).replace("l_r = 0.001\n", ""))

    assert report.score == 100


UNSAID = "    Wxs.copy_(Wxs - l_r * dWxs)\n    torch.sub(Wrec, l_r * dWrec, out=Wrec)\n"


@pytest.mark.parametrize(
    ("gradient", "lost"), [(BY_HAND, {}), (BY_HAND + "    dWrec = 7 * dWrec\n", {"bptt_gradients"})]
)
def test_a_weight_that_moves_shows_its_gradient_whatever_statement_moves_it(marked, gradient, lost):
    _, verdicts = marked(script(gradient, update=UNSAID))
    assert {name for name, verdict in verdicts.items() if verdict.status != "passed"} == set(lost)
    assert not any(verdict.review for verdict in verdicts.values())


def test_one_rate_of_two_that_is_a_number_is_still_a_mistake_of_the_training(marked):
    _, verdicts = marked(script(BY_HAND, update=body("Wxs -= l_r * dWxs\nWrec -= 0.002 * dWrec")))

    assert verdicts["train"].status == "failed"
    assert verdicts["bptt_gradients"].status == "passed"


# ---------------------------------------------------------------------------- states
STEP = """
def step(X, T, a, b, rate):
    s, y = run(X, a, b)
    gx, gr = gradients(X, T, s, y, b)
    return a - rate * gx, b - rate * gr, 0.5 * ((y - T) ** 2).sum().item()
"""
BY_STEPS = """\
    s, layer_1 = {}, {-1: torch.zeros(NbSeq)}
    for k in range(SeqL):
        s[k] = Wxs * X_train[k] + Wrec * layer_1[k - 1]
        layer_1[k] = reLU(s[k])
"""
TURNED = """\
    for k in range(SeqL):
        s[:, k] = Wxs * columns[:, k] + (Wrec * layer_1[:, k - 1] if k else 0)
        layer_1[:, k] = reLU(s[:, k])
"""
SHAPES = {
    "dictionaries": script(BY_HAND, forward=BY_STEPS),
    "a column for each step": script(
        BY_HAND.replace("s, layer_1", "s.T, layer_1.T"),
        before="columns = X_train.t()\ns, layer_1 = torch.zeros(NbSeq, SeqL), torch.zeros(NbSeq, SeqL)",
        forward=TURNED,
    ),
    "inside a function that appends": script(
        "",
        before=f"def step(X, T):\n    global Wxs, Wrec\n    S, Y = run(X, Wxs, Wrec)\n"
        f"{BY_HAND.replace('X_train, T_train, s, layer_1', 'X, T, S, Y')}{UPDATE}    return ((Y - T) ** 2).sum() / 2\n"
        "losses = []\n",
        forward="    losses.append(step(X_train, T_train))\n    if losses[-1] > 1e9:\n        break\n",
        update="",
    ),
    "inside a function": script(
        "", before=STEP, forward="    Wxs, Wrec, last = step(X_train, T_train, Wxs, Wrec, l_r)\n", update=""
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_states_may_be_kept_in_any_way(marked, shape):
    report, _ = marked(SHAPES[shape])

    assert report.score == 100


def test_a_mistake_in_states_kept_inside_a_function_is_found(marked):
    _, verdicts = marked(SHAPES["inside a function"].replace("y = reLU(S[k])", "y = S[k]"))

    assert verdicts["forward"].status == "failed"
    assert "forward.no_activation" in {diagnosis.code for diagnosis in verdicts["forward"].diagnoses}


# ---------------------------------------------------------------------------- the loop
ONCE = f"def once(_):\n    global Wxs, Wrec, s, layer_1\n{FORWARD}{BY_HAND}{UPDATE}    return loss(Wxs, Wrec).item()\n"
MANY = f"""
def many(n):
    global Wxs, Wrec, s, layer_1
    for iteration in range(n):
{body(FORWARD + BY_HAND + UPDATE)}        yield loss(Wxs, Wrec).item()
"""
LOOPS = {
    "comprehension": f"{ONCE}losses = [once(i) for i in range(1000)]\n",
    "generator": f"{MANY}losses = list(many(1000))\n",
    "loop over a generator": f"{MANY}found = []\nfor L in many(1000):\n    found.append(L)\n    print(L)\n",
}


@pytest.mark.parametrize("loop", LOOPS)
def test_the_loop_may_be_a_comprehension_or_a_generator(marked, loop):
    report, _ = marked(f"{HEAD}{LOOPS[loop]}{TEST}")

    assert report.score == 100


# ---------------------------------------------------------------------------- the test phase
SHOWS = {
    "printed": "print('counts', torch.round(run(X_test, Wxs, Wrec)[1]), 'wanted', T_test)\n",
    "compared": "print((run(X_test, Wxs, Wrec)[1] - T_test).abs().max())\n",
    "row by row": "y = torch.zeros(NbSeq)\nfor x, t in zip(X_test, T_test):\n"
    "    y = reLU(Wxs * x + Wrec * y)\n    print(y, t)\n",
    "by a function": "def test(X, T):\n    y = torch.zeros(X.shape[1])\n    for k in range(X.shape[0]):\n"
    "        y = reLU(Wxs * X[k] + Wrec * y)\n        print(y, T[k])\ntest(X_test, T_test)\n",
}


@pytest.mark.parametrize("show", SHOWS)
def test_predictions_that_are_only_shown_are_judged(marked, show):
    assert marked(script(BY_HAND, test=SHOWS[show]))[0].score == 100
    _, verdicts = marked(script(BY_HAND, test=SHOWS[show].replace("Wrec)[1]", "0)[1]").replace("Wrec * y", "y")))

    assert {name for name, verdict in verdicts.items() if verdict.status != "passed"} == {"predict_counts"}
    assert verdicts["predict_counts"].status == "failed"


def test_what_a_script_asserts_of_its_training_need_not_hold_for_ours(marked):
    before = "losses = []"
    gradient = f"{BY_HAND}    losses.append(loss(Wxs, Wrec).item())\n"
    test = f"assert losses[-1] < losses[0]\nif losses[-1] >= losses[0]:\n    raise RuntimeError\n{TEST}"

    assert marked(script(gradient, before=before, test=test))[0].score == 100
