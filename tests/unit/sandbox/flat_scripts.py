"""Flat scripts in different dress, and which of their names plays which role; roles that are not named are absent."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent

__all__ = ["SCRIPTS", "Script"]


@dataclass(frozen=True)
class Script:
    """One script. `loop`, `updates`: their statements' first lines, as unparsed.

    `literal`: learning rates written out. `blind`: roles that are lost with the names. `also`: for a role another name
    of the same values, which is as right where names say nothing.
    """

    source: str
    names: dict[str, str]
    loop: str
    updates: dict[str, list[str]]
    literal: dict[str, float] = field(default_factory=dict)
    blind: frozenset[str] = frozenset()
    also: dict[str, str] = field(default_factory=dict)


def _script(  # noqa: PLR0913 -- what is known of a script
    source, names, loop, wxs, wrec, *, literal=None, blind=(), also=None
):
    split = lambda text: [part.strip() for part in text.split(";") if part.strip()]  # noqa: E731 -- local shorthand
    pairs = dict(pair.split("=") for pair in names.split())
    updates = {"Wxs": split(wxs), "Wrec": split(wrec)}
    return Script(dedent(source).strip() + "\n", pairs, loop, updates, literal or {}, frozenset(blind), also or {})


HELPERS = """
import torch
def relu(a):
    return torch.clamp(a, min=0)
def relu_derivative(a):
    return (a > 0).float()
"""

DATA = """
SeqL, NbSeq = 5, 4
X_train = torch.round(torch.rand(SeqL, NbSeq))
X_test = torch.round(torch.rand(SeqL, NbSeq))
T_train = torch.cumsum(X_train, 0)
T_test = torch.cumsum(X_test, 0)
Wxs, Wrec = 2 * torch.rand(1), 2 * torch.rand(1)
l_r = 1e-3
"""

STATES = """
    S = torch.zeros(SeqL, NbSeq)
    Y = torch.zeros(SeqL, NbSeq)
"""

FORWARD = f"""{STATES}\
    for k in range(SeqL):
        S[k] = Wxs * X_train[k] + (Wrec * Y[k - 1] if k > 0 else 0)
        Y[k] = relu(S[k])
"""

BACKWARD = """
    dWxs = dWrec = 0
    delta = torch.zeros(NbSeq)
    for k in reversed(range(SeqL)):
        delta = (Y[k] - T_train[k] + Wrec * delta) * relu_derivative(S[k])
        dWxs = dWxs + (delta * X_train[k]).sum()
        if k > 0:
            dWrec = dWrec + (delta * Y[k - 1]).sum()
"""

TEST = """
h = torch.zeros(SeqL + 1, NbSeq)
for k in range(SeqL):
    h[k + 1] = relu(Wxs * X_test[k] + Wrec * h[k])
print(abs(h[1:] - T_test).max())
"""

OWN = "SeqL=SeqL NbSeq=NbSeq X_train=X_train X_test=X_test T_train=T_train T_test=T_test Wxs=Wxs Wrec=Wrec l_r=l_r "
USUAL = OWN + "S=S Y=Y relu=relu relu_derivative=relu_derivative "
ALL = USUAL + "predictions=h"


LOOP = "for i in range(1000):"

UPDATES = ("Wxs -= l_r * dWxs\nWrec -= l_r * dWrec", "Wxs -= l_r * dWxs", "Wrec -= l_r * dWrec")


def _standard(  # noqa: PLR0913 -- a script has many parts
    update,
    wxs,
    wrec,
    *,
    head=HELPERS + DATA,
    loop=LOOP,
    forward=FORWARD,
    backward=BACKWARD,
    after="",
    test=TEST,
    names=ALL,
    found=None,
    **more,
):
    body = "".join(f"    {line}\n" for line in update.splitlines())
    source = f"{head}\n{loop}{forward}{backward}{body}{after}\n{test}"
    return _script(source, names, found or loop, wxs, wrec, **more)


SCRIPTS = {
    "rebound": _standard(
        "Wxs = Wxs - l_r * dWxs\nWrec = Wrec - l_r * dWrec", "Wxs = Wxs - l_r * dWxs", "Wrec = Wrec - l_r * dWrec"
    ),
    "in place, while": _standard(
        "Wxs -= l_r * dWxs\nWrec -= l_r * dWrec\ni += 1",
        "Wxs -= l_r * dWxs",
        "Wrec -= l_r * dWrec",
        loop="while i < 1000:",
        head=HELPERS + DATA + "i = 0\n",
    ),
    "tuple": _standard(
        "Wxs, Wrec = Wxs - l_r * dWxs, Wrec - l_r * dWrec",
        "Wxs, Wrec = (Wxs - l_r * dWxs, Wrec - l_r * dWrec)",
        "Wxs, Wrec = (Wxs - l_r * dWxs, Wrec - l_r * dWrec)",
    ),
    "methods": _standard(
        "Wxs.sub_(l_r * dWxs)\nWrec.sub_(dWrec, alpha=l_r)", "Wxs.sub_(l_r * dWxs)", "Wrec.sub_(dWrec, alpha=l_r)"
    ),
    "data": _standard(
        "Wxs.data -= l_r * dWxs\nWrec.data = Wrec.data - l_r * dWrec",
        "Wxs.data -= l_r * dWxs",
        "Wrec.data = Wrec.data - l_r * dWrec",
    ),
    "one element": _standard(
        "Wxs[0] -= l_r * dWxs\nWrec[0] = Wrec[0] - l_r * dWrec",
        "Wxs[0] -= l_r * dWxs",
        "Wrec[0] = Wrec[0] - l_r * dWrec",
    ),
    "steps named": _standard(
        "step = l_r * dWxs\nstep_r = -l_r * dWrec\nnew = Wxs - step\nWrec = Wrec + step_r\nWxs = new",
        "Wxs = new",
        "Wrec = Wrec + step_r",
    ),
    "shadowed": _standard(
        "Wxs -= l_r * dWxs\nWrec -= l_r * dWrec",
        "Wxs -= l_r * dWxs",
        "Wrec -= l_r * dWrec",
        loop="for iter in range(1000):",
    ),
    "literal rate": _standard(
        "Wxs -= 0.001 * dWxs\nWrec = Wrec - 0.001 * dWrec",
        "Wxs -= 0.001 * dWxs",
        "Wrec = Wrec - 0.001 * dWrec",
        head=HELPERS + DATA.replace("l_r = 1e-3\n", ""),
        names=ALL.replace("l_r=l_r ", ""),
        literal={"Wxs": 0.001, "Wrec": 0.001},
    ),
    "mistake: one weight is never updated": _standard("Wxs -= l_r * dWxs", "Wxs -= l_r * dWxs", ""),
    "mistake: updates after the loop": _standard(
        "print(dWxs)\n", "", "", after="Wxs -= l_r * dWxs\nWrec -= l_r * dWrec"
    ),
    "mistake: no activation": _standard(
        *UPDATES, forward=FORWARD.replace("relu(S[k])", "S[k]"), blind={"relu", "relu_derivative"}
    ),
    "mistake: no recurrence": _standard(*UPDATES, forward=FORWARD.replace("Wrec * Y[k - 1] if k > 0 else 0", "0")),
    "mistake: the pre-activation is fed back": _standard(*UPDATES, forward=FORWARD.replace("* Y[k", "* S[k")),
    "mistake: the states are never reset": _standard(
        *UPDATES,
        head=HELPERS + DATA + STATES.replace("    ", ""),
        forward=FORWARD.replace(STATES, "\n"),
    ),
    "mistake: the gradients are never reset": _standard(
        *UPDATES, head=HELPERS + DATA + "dWxs = dWrec = 0\n", backward=BACKWARD.replace("    dWxs = dWrec = 0\n", "")
    ),
    "mistake: the learning rate is left out": _standard(
        "Wxs -= dWxs\nWrec -= dWrec", "Wxs -= dWxs", "Wrec -= dWrec", blind={"l_r"}
    ),
    "mistake: autograd": _standard(
        "with torch.no_grad():\n    Wxs -= l_r * Wxs.grad\n    Wrec -= l_r * Wrec.grad\nWxs.grad.zero_()",
        "Wxs -= l_r * Wxs.grad",
        "Wrec -= l_r * Wrec.grad",
        backward="\n    ((Y - T_train) ** 2).sum().backward()\n",
        blind={"X_train", "T_train", "SeqL", "NbSeq", "relu_derivative"},
    ),
    "no test phase": _standard(*UPDATES, test="", names=ALL.replace("predictions=h", ""), blind={"X_test", "T_test"}),
    "outputs go row by row in the test phase": _standard(
        *UPDATES,
        test="""
y = torch.zeros(NbSeq)
for k in range(SeqL):
    y = relu(Wxs * X_test[k] + Wrec * y)
    print(y - T_test[k])
""",
        names=ALL.replace("predictions=h", "predictions=y"),
    ),
    "the test phase writes over the states": _standard(
        *UPDATES,
        test="""
layer_0 = X_test
for k in range(SeqL):
    S[k] = Wxs * layer_0[k] + (Wrec * Y[k - 1] if k > 0 else 0)
    Y[k] = relu(S[k])
print(Y, T_test)
""",
        names=ALL.replace("=h", "=Y"),
    ),
    "tested in the training loop, too": _standard(
        "Wxs -= l_r * dWxs\nWrec -= l_r * dWrec\nseen = torch.zeros(NbSeq)\nfor k in range(SeqL):\n"
        "    seen = relu(Wxs * X_test[k] + Wrec * seen)\n    print(seen - T_test[k])",
        *UPDATES[1:],
    ),
    "the gradient as a sum over paths": _standard(
        *UPDATES,
        backward="""
    E = Y - T_train
    dWxs = dWrec = 0
    for n in range(SeqL):
        p = 1
        for k in range(n, -1, -1):
            p = p * relu_derivative(S[k])
            dWxs += (E[n] * p * X_train[k]).sum()
            if k > 0:
                dWrec += (E[n] * p * Y[k - 1]).sum()
            p = p * Wrec
""",
    ),
    "trained twice": _standard(
        *UPDATES,
        after="Wxs, Wrec = torch.rand(1), torch.rand(1)\nfor again in range(1000):"
        + FORWARD
        + BACKWARD
        + "    Wxs -= l_r * dWxs\n    Wrec -= l_r * dWrec",
        found="for again in range(1000):",
    ),
    "trained on": _standard(
        *UPDATES,
        after="for again in range(10):" + FORWARD + BACKWARD + "    Wxs -= l_r * dWxs\n    Wrec -= l_r * dWrec",
    ),
    "weights in a loop": _standard(
        "for w, g in ((Wxs, dWxs), (Wrec, dWrec)):\n    w -= l_r * g", "w -= l_r * g", "w -= l_r * g"
    ),
    "sizes written out": _script(
        (HELPERS + DATA + LOOP + FORWARD + BACKWARD + "    Wxs -= l_r * dWxs\n    Wrec -= l_r * dWrec" + TEST)
        .replace("SeqL, NbSeq = 5, 4\n", "")
        .replace("SeqL", "5")
        .replace("NbSeq", "4"),
        ALL.replace("SeqL=SeqL NbSeq=NbSeq ", ""),
        "for i in range(1000):",
        *UPDATES[1:],
    ),
    "data made by a function": _standard(
        *UPDATES,
        head=HELPERS
        + """
SeqL, NbSeq = 5, 4
def make(n, m):
    x = torch.round(torch.rand(n, m))
    t = torch.zeros(n, m)
    for k in range(n):
        t[k] = x[: k + 1].sum(0)
    return x, t
X_train, T_train = make(SeqL, NbSeq)
X_test, T_test = make(SeqL, NbSeq)
start = 2 * torch.rand(2)
Wxs = start[0].clone()
Wrec = start[1].clone()
l_r = 1e-3
""",
    ),
    "data cut in two": _standard(
        *UPDATES,
        head=HELPERS
        + """
SeqL, NbSeq = 5, 4
everything = torch.round(torch.rand(SeqL, 2 * NbSeq))
counted = everything.cumsum(0)
X_train, X_test = everything[:, :NbSeq], everything[:, NbSeq:]
T_train, T_test = counted[:, :NbSeq], counted[:, NbSeq:]
Wxs, Wrec = 2 * torch.rand(1), 2 * torch.rand(1)
l_r = 1e-3
""",
        blind={"NbSeq"},
    ),
    "several tries": _script(
        f"""{HELPERS}{DATA}
for rate in (0.1, 0.01):
    Wxs, Wrec = torch.rand(1), torch.rand(1)
    for i in range(1000):
"""
        + (FORWARD + BACKWARD).replace("\n", "\n    ")
        + f"    Wxs -= rate * dWxs\n        Wrec -= rate * dWrec\n{TEST}",
        ALL.replace("l_r=l_r", "l_r=rate"),
        "for i in range(1000):",
        "Wxs -= rate * dWxs",
        "Wrec -= rate * dWrec",
    ),
    "renamed": _script(
        """
        import torch
        steps = 6
        batch = 3
        torch.manual_seed(1)
        inputs = (torch.rand(steps, batch) > 0.5).float()
        targets = inputs.cumsum(0)
        a = torch.tensor(0.7)
        b = torch.tensor(1.4)
        eta = 0.01
        for epoch in range(500):
            pre = torch.empty(steps, batch)
            hidden = torch.empty(steps, batch)
            prev = torch.zeros(batch)
            for n in range(steps):
                pre[n] = a * inputs[n] + b * prev
                hidden[n] = pre[n].clamp(min=0)
                prev = hidden[n]
            err = hidden - targets
            ga = gb = 0.0
            back = torch.zeros(batch)
            for n in range(steps - 1, -1, -1):
                back = (err[n] + b * back) * (pre[n] > 0)
                ga += (back * inputs[n]).sum()
                if n:
                    gb += (back * hidden[n - 1]).sum()
            a -= eta * ga
            b -= eta * gb
        """,
        "SeqL=steps NbSeq=batch X_train=inputs T_train=targets Wxs=a Wrec=b l_r=eta S=pre Y=hidden",
        "for epoch in range(500):",
        "a -= eta * ga",
        "b -= eta * gb",
    ),
    "numpy, two parts added": _script(
        """
        import numpy as np
        L, N = 5, 4
        X = np.random.randint(0, 2, (L, N)).astype(float)
        T = np.zeros((L, N))
        for k in range(L):
            T[k] = X[: k + 1].sum(axis=0)
        Wx = np.random.uniform(0, 2)
        Wr = np.random.uniform(0, 2)
        lr = 1e-4
        for it in range(2000):
            S = Wx * X
            Y = np.zeros_like(S)
            Y[0] = np.maximum(S[0], 0)
            for k in range(1, L):
                S[k] += Wr * Y[k - 1]
                Y[k] = np.maximum(0, S[k])
            E = Y - T
            D = np.zeros((L, N))
            for k in range(L - 1, -1, -1):
                D[k] = E[k] * (S[k] > 0)
                if k < L - 1:
                    D[k] += Wr * D[k + 1] * (S[k] > 0)
            Wx -= lr * np.sum(D * X)
            Wr -= lr * np.sum(D[1:] * Y[:-1])
        X2 = np.random.randint(0, 2, (L, N)).astype(float)
        def counts(x):
            y, out = np.zeros(N), []
            for row in x:
                y = np.maximum(Wx * row + Wr * y, 0)
                out.append(y)
            return np.array(out)
        P = counts(X2)
        print(np.abs(P - X2.cumsum(0)).max())
        """,
        "SeqL=L NbSeq=N X_train=X X_test=X2 T_train=T Wxs=Wx Wrec=Wr l_r=lr S=S Y=Y predictions=P",
        "for it in range(2000):",
        "Wx -= lr * np.sum(D * X)",
        "Wr -= lr * np.sum(D[1:] * Y[:-1])",
    ),
    "plain Python, a sequence at a time": _script(
        """
        import random
        n_steps, n_seq = 5, 4
        data = [[random.randint(0, 1) for _ in range(n_seq)] for _ in range(n_steps)]
        goal = [[sum(data[i][j] for i in range(k + 1)) for j in range(n_seq)] for k in range(n_steps)]
        u, v = random.random(), random.random()
        alpha = 0.001
        for _ in range(300):
            gu = gv = 0.0
            for j in range(n_seq):
                zs, ys, y = [], [], 0.0
                for k in range(n_steps):
                    z = u * data[k][j] + v * y
                    y = z if z > 0 else 0.0
                    zs.append(z)
                    ys.append(y)
                d = 0.0
                for k in reversed(range(n_steps)):
                    d = (ys[k] - goal[k][j] + v * d) * (1.0 if zs[k] > 0 else 0.0)
                    gu += d * data[k][j]
                    gv += d * (ys[k - 1] if k > 0 else 0.0)
            u -= alpha * gu
            v -= alpha * gv
        """,
        "SeqL=n_steps NbSeq=n_seq X_train=data T_train=goal Wxs=u Wrec=v l_r=alpha",
        "for _ in range(300):",
        "u -= alpha * gu",
        "v -= alpha * gv",
    ),
    "rows in lists, no S": _script(
        """
        import torch
        X_train = torch.tensor([[0., 1., 1.], [1., 1., 0.], [0., 0., 1.]])
        T_train = torch.cumsum(X_train, dim=0)
        Wxs = torch.tensor([0.3])
        Wrec = torch.tensor([0.9])
        learning_rate = 0.01
        for i in range(100):
            layer_1 = []
            y = torch.zeros(3)
            for x in X_train:
                y = torch.relu(Wxs * x + Wrec * y)
                layer_1.append(y)
            gx = gr = 0
            d = torch.zeros(3)
            for k in range(2, -1, -1):
                d = (layer_1[k] - T_train[k] + Wrec * d) * (layer_1[k] > 0).float()
                gx = gx + torch.dot(d, X_train[k])
                gr = gr + (torch.dot(d, layer_1[k - 1]) if k else 0)
            Wxs = Wxs - learning_rate * gx
            Wrec = Wrec - learning_rate * gr
        """,
        "X_train=X_train T_train=T_train Wxs=Wxs Wrec=Wrec l_r=learning_rate Y=layer_1",
        "for i in range(100):",
        "Wxs = Wxs - learning_rate * gx",
        "Wrec = Wrec - learning_rate * gr",
    ),
    "forward and gradient in functions": _script(
        HELPERS
        + DATA
        + """
def run(X, wx, wr):
    S, Y = torch.zeros_like(X), torch.zeros_like(X)
    prev = torch.zeros(X.shape[1])
    for k in range(X.shape[0]):
        S[k] = wx * X[k] + wr * prev
        prev = relu(S[k])
        Y[k] = prev
    return S, Y

def grads(X, T, S, Y, wr):
    dx = dr = 0
    delta = torch.zeros(X.shape[1])
    for k in reversed(range(X.shape[0])):
        delta = (Y[k] - T[k] + wr * delta) * relu_derivative(S[k])
        dx += (delta * X[k]).sum()
        dr += (delta * Y[k - 1]).sum() if k else 0
    return dx, dr

history = []
for i in range(1000):
    S, Y = run(X_train, Wxs, Wrec)
    dWxs, dWrec = grads(X_train, T_train, S, Y, Wrec)
    Wxs = Wxs - l_r * dWxs
    Wrec = Wrec - l_r * dWrec
    history.append((0.5 * (Y - T_train) ** 2).sum())
_, Y_test = run(X_test, Wxs, Wrec)
print((Y_test - T_test).abs().max())
""",
        USUAL + "predictions=Y_test",
        "for i in range(1000):",
        "Wxs = Wxs - l_r * dWxs",
        "Wrec = Wrec - l_r * dWrec",
    ),
    "one step in a function": _script(
        HELPERS
        + DATA
        + """
def states(X, u, v):
    S, Y = [], []
    y = torch.zeros(NbSeq)
    for k in range(SeqL):
        s = u * X[k] + v * y
        y = relu(s)
        S.append(s)
        Y.append(y)
    return torch.stack(S), torch.stack(Y)

def step(u, v, rate):
    S, Y = states(X_train, u, v)
    gx, gr, d = 0, 0, 0
    for k in range(SeqL - 1, -1, -1):
        d = (Y[k] - T_train[k] + v * d) * relu_derivative(S[k])
        gx, gr = gx + (d * X_train[k]).sum(), gr + ((d * Y[k - 1]).sum() if k else 0)
    return u - rate * gx, v - rate * gr

n = 0
while n < 1000:
    Wxs, Wrec = step(Wxs, Wrec, l_r)
    n = n + 1
result = torch.round(states(X_test, Wxs, Wrec)[1])
print((result == T_test).all())
""",
        OWN + "relu=relu relu_derivative=relu_derivative predictions=result",
        "while n < 1000:",
        "Wxs, Wrec = step(Wxs, Wrec, l_r)",
        "Wxs, Wrec = step(Wxs, Wrec, l_r)",
    ),
    "fit and a main function": _script(
        f"""{HELPERS}
SeqL = 5
NbSeq = 4

def fit(X, T, lr=0.001, n_iter=1000):
    wxs = 2 * torch.rand(1)
    wrec = 2 * torch.rand(1)
    for i in range(n_iter):"""
        + (FORWARD + BACKWARD)
        .replace("\n", "\n    ")
        .replace("X_train", "X")
        .replace("T_train", "T")
        .replace("Wxs", "wxs")
        .replace("Wrec", "wrec")
        + """    wxs -= lr * dwxs
        wrec -= lr * dwrec
    return wxs, wrec

def main():
    X_train = torch.round(torch.rand(SeqL, NbSeq))
    T_train = X_train.cumsum(0)
    Wxs, Wrec = fit(X_train, T_train)
    print(Wxs, Wrec)

if __name__ == "__main__":
    main()
""",
        "SeqL=SeqL NbSeq=NbSeq X_train=X_train T_train=T_train Wxs=wxs Wrec=wrec l_r=lr S=S Y=Y relu=relu "
        "relu_derivative=relu_derivative",
        "for i in range(n_iter):",
        "wxs -= lr * dwxs",
        "wrec -= lr * dwrec",
        also={"T_train": "T"},
    ),
    "forward in time, aliased, copied": _script(
        """
        import numpy as np, torch
        raw = np.round(np.random.rand(5, 4))
        X_train = torch.tensor(raw, dtype=torch.float32)
        T_train = np.cumsum(raw, 0)
        wanted = torch.from_numpy(T_train).clone()
        layer_0 = X_train
        w_in, w_back = torch.rand(()), torch.rand(())
        l_r = 0.01
        for t in range(50):
            s = torch.zeros(5, 4)
            layer_1 = torch.zeros(5, 4)
            g = [0, 0]
            px = pr = torch.zeros(4)
            for k in range(5):
                last = layer_1[k - 1] if k else torch.zeros(4)
                s[k] = torch.add(torch.mul(w_in, layer_0[k]), torch.mul(w_back, last))
                layer_1[k] = torch.nn.functional.relu(s[k])
                mask = (s[k] > 0).float()
                px, pr = mask * (layer_0[k] + w_back * px), mask * (last + w_back * pr)
                g[0] = g[0] + (torch.sub(layer_1[k], wanted[k]) * px).sum()
                g[1] = g[1] + (torch.sub(layer_1[k], wanted[k]) * pr).sum()
            w_in = w_in - l_r * g[0]
            w_back = w_back - l_r * g[1]
        """,
        "X_train=raw T_train=wanted Wxs=w_in Wrec=w_back l_r=l_r S=s Y=layer_1",
        "for t in range(50):",
        "w_in = w_in - l_r * g[0]",
        "w_back = w_back - l_r * g[1]",
    ),
    "weights are global": _script(
        f"""{HELPERS}{DATA}
def update():
    global Wxs, Wrec, S, Y
"""
        + FORWARD.strip("\n")
        + BACKWARD
        + f"""    Wxs = Wxs - l_r * dWxs
    Wrec = Wrec - l_r * dWrec

for i in range(1000):
    update()
{TEST}""",
        ALL,
        "for i in range(1000):",
        "Wxs = Wxs - l_r * dWxs",
        "Wrec = Wrec - l_r * dWrec",
    ),
    "inputs called X, targets called Y": _script(
        """
        import torch
        X = torch.bernoulli(torch.full((5, 4), 0.5))
        Y = torch.cumsum(X, 0)
        Wxs = torch.rand(1)
        Wrec = torch.rand(1)
        lr = 0.01
        for i in range(100):
            with torch.no_grad():
                H = [torch.zeros(4)]
                for k in range(5):
                    H.append(torch.relu(Wxs * X[k] + Wrec * H[k]))
                d, gx, gr = 0, 0, 0
                for k in range(5, 0, -1):
                    d = (H[k] - Y[k - 1] + Wrec * d) * (H[k] > 0)
                    gx += (d * X[k - 1]).sum()
                    gr += (d * H[k - 1]).sum()
                Wxs -= lr * gx
                Wrec -= lr * gr
        """,
        "X_train=X T_train=Y Wxs=Wxs Wrec=Wrec l_r=lr Y=H",
        "for i in range(100):",
        "Wxs -= lr * gx",
        "Wrec -= lr * gr",
    ),
}
