"""A script as top-level code: guards and functions that train are taken apart, where that means the same."""

import ast
import contextlib
import io

import pytest

from grader.sandbox.inside.flat.straighten import straighten
from grader.sandbox.inside.parsing import parse_cells


def straight(source):
    return straighten(parse_cells([{"source": source, "number": None}]).statements)


def text(statements):
    return "\n".join(ast.unparse(statement.node) for statement in statements)


def printed(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<script>", "exec"), {"__name__": "__main__"})  # noqa: S102 -- the test's own
    return out.getvalue()


MAIN = """
RATE = 0.5

def fit(x, t, a=1.0, *, b, n=3):
    "Trains."
    global steps
    steps = 0
    for i in range(n):
        e = a * x + b - t
        a -= RATE * e * x
        b -= RATE * e
        steps += 1
    return a, b

def main():
    a, b = fit(1.0, 2.0, b=0.25)
    print(a, b, steps)

if __name__ == "__main__":
    main()
"""


def test_guard_main_and_fit_become_top_level_code_that_prints_the_same():
    statements = straight(MAIN)
    assert any(isinstance(statement.node, ast.For) for statement in statements)
    assert not any(isinstance(statement.node, (ast.FunctionDef, ast.If, ast.Global)) for statement in statements)
    assert printed(text(statements)) == printed(MAIN) != ""


def test_lines_file_and_cell_stay():
    parsed = parse_cells([{"source": "x = 1\n", "number": 1}, {"source": MAIN, "number": 4}])
    statements = straighten(parsed.statements)
    loop = next(statement for statement in statements if isinstance(statement.node, ast.For))
    assert (loop.cell, loop.filename) == (4, parsed.statements[-1].filename)
    assert loop.node.lineno == MAIN.splitlines().index("    for i in range(n):") + 1
    assert statements[0] is parsed.statements[0]


def test_nodes_given_are_not_changed():
    source = MAIN.replace("a, b = fit(1.0, 2.0, b=0.25)", "x = 7; r = fit(1.0, 2.0, b=0.25); print(x, r)")
    parsed = parse_cells([{"source": source, "number": None}])
    before = [ast.dump(statement.node, include_attributes=True) for statement in parsed.statements]
    first = text(straighten(parsed.statements))
    assert [ast.dump(statement.node, include_attributes=True) for statement in parsed.statements] == before
    assert text(straighten(parsed.statements)) == first


LOOP = "for i in range(3):\n        a -= 1\n        b -= a\n"

SAME = {
    "a local that hides a global read later": (
        f"a, i = 10, 'kept'\ndef fit(b):\n    a = 2\n    {LOOP}    return a + b\nr = fit(5)\nprint(a, i, r)\n"
    ),
    "a local that hides a global which a function reads": (
        f"a = 10\ndef show():\n    print(a)\ndef fit(b):\n    a = 2\n    {LOOP}    return a + b\n"
        "r = fit(5)\nshow()\nprint(r)\n"
    ),
    "arguments that would overwrite each other": (
        f"a, b = 1, 20\ndef fit(a, b):\n    {LOOP}    return a, b\na, b = fit(b, a)\nprint(a, b)\n"
    ),
    "a parameter changed under the name of its global": (
        f"a, b = 1, 20\ndef fit(a, b):\n    {LOOP}    return b\nr = fit(a, b)\nprint(a, b, r)\n"
    ),
    "no return": f"def fit(a, b):\n    {LOOP}    print(a, b)\nr = fit(1, 2)\nprint(r)\n",
    "a result that nobody wants": f"def fit(a, b):\n    {LOOP}    return print('end', a, b)\nfit(1, 2)\n",
    "a call in a branch and in try": (
        f"def fit(a, b):\n    {LOOP}    return a, b\nif True:\n    try:\n        r = fit(1, 2)\n"
        "    finally:\n        print('end')\nprint(r)\n"
    ),
    "a function inside that reads locals": (
        f"def main():\n    a, b = 1, 2\n    def both():\n        return a, b\n    {LOOP}"
        "    print(both(), [a for _ in range(2)])\nmain()\n"
    ),
    "a function of global names, called in the loop": (
        "a = b = 9\ndef step():\n    global a, b\n    a -= 1\n    b -= a\nfor i in range(3):\n    step()\nprint(a, b)\n"
    ),
    "a chain of calls": (
        f"def inner(a, b):\n    {LOOP}    return a, b\ndef outer(n):\n    a, b = inner(n, 2)\n    return a\n"
        "def main():\n    r = outer(4)\n    print(r)\nmain()\n"
    ),
    "a handler's name and a declaration in a branch": (
        f"e = 5\ndef fit(a, b):\n    if a:\n        global c\n    c = 3\n    try:\n        1 / 0\n"
        f"    except Exception as e:\n        d = str(e)\n    {LOOP}    return d\nr = fit(1, 2)\nprint(e, r, c)\n"
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_what_is_taken_apart_prints_the_same(name):
    source = SAME[name]
    statements = straight(source)
    assert "fit(" not in text(statements)
    assert "step(" not in text(statements)
    assert "main(" not in text(statements)
    assert printed(text(statements)) == printed(source) != ""


@pytest.mark.parametrize(
    "source",
    [
        f"def fit(a, b):\n    if a:\n        return 0\n    {LOOP}    return a\nr = fit(1, 2)\n",
        f"def fit(a, b):\n    {LOOP}    yield a\nr = fit(1, 2)\n",
        f"def fit(a, b):\n    {LOOP}    return fit(a, b)\nr = fit(1, 2)\n",
        f"def fit(a, b):\n    {LOOP}    return a\nr = fit(1, 2)\ns = fit(3, 4)\n",
        f"def fit(a, b):\n    {LOOP}    return a\nprint(fit(1, 2))\n",
        f"def fit(a, b):\n    {LOOP}    return a\nfor j in range(2):\n    r = fit(1, 2)\n",
        f"def fit(*w):\n    a, b = w\n    {LOOP}    return a\nr = fit(1, 2)\n",
        f"def fit(a, b):\n    {LOOP}    return a\nw = [1, 2]\nr = fit(*w)\n",
        f"def fit(a, b):\n    {LOOP}    return a\nr = fit(1)\n",
        f"def fit(a, b):\n    {LOOP}    return locals()\nr = fit(1, 2)\n",
        f"import functools\n@functools.cache\ndef fit(a, b):\n    {LOOP}    return a\nr = fit(1, 2)\n",
        f"def fit(a, b):\n    {LOOP}    return a\nr = fit(1, 2)\ndef fit(a, b):\n    pass\n",
        f"def fit(a, b):\n    def f():\n        nonlocal a\n        a = 1\n    {LOOP}    return a\nr = fit(1, 2)\n",
        "def total(x):\n    s = 0\n    for v in x:\n        s += v\n    return s\nr = total([1, 2])\n",
        "if __name__ != '__main__':\n    x = 1\n",
    ],
)
def test_everything_else_stays_as_it_is(source):
    parsed = parse_cells([{"source": source, "number": None}])
    assert all(a is b for a, b in zip(straighten(parsed.statements), parsed.statements, strict=True))


NO_GRAD = """
from contextlib import ContextDecorator
class guard(ContextDecorator):
    def __enter__(self): print("in")
    def __exit__(self, *_): print("out")
class torch:
    no_grad = guard
"""


@pytest.mark.parametrize("call", ["", "()"])
def test_no_grad_as_a_decorator_becomes_a_with(call):
    source = f"{NO_GRAD}@torch.no_grad{call}\ndef fit(a, b):\n    {LOOP}    print(a, b)\nfit(1, 2)\n"
    statements = straight(source)
    assert any(isinstance(statement.node, ast.With) for statement in statements)
    assert printed(text(statements)) == "in\n-2 5\nout\n"


def test_an_expression_too_deep_to_walk_leaves_the_script_as_it_is():
    source = "def main():\n    for i in range(3):\n        x = " + "+".join(["1"] * 1200) + "\nmain()\n"
    assert len(straight(source)) == 2


STEPS = """
def relu(x):
    return max(x, 0.0)

def step(x, a, b, rate=0.5):
    e = 0.0
    for k in range(2):
        e += relu(a * x + b)
    return a - rate * e, b - rate * e

def report(w):
    for part in w:
        print(part)

a, b, e, losses = 1.0, 2.0, "kept", []
for i in range(3):
    a, b = step(i, a, b)
    losses.append(relu(a))
print(a, b, e, losses)
report([a, b])
"""


def test_functions_that_a_loop_calls_are_taken_apart_only_where_that_is_asked_and_helpers_never():
    shallow = text(straight(STEPS))
    deep = text(straighten(parse_cells([{"source": STEPS, "number": None}]).statements, deep=True))

    assert "def step" in shallow
    assert "def step" not in deep
    assert "def relu" in deep
    assert printed(deep) == printed(shallow) == printed(STEPS) != ""


@pytest.mark.parametrize(
    "use",
    [
        "found = list(train(3))\nprint(found, w)\n",
        "for value in train(3):\n    twice = 2 * value\n    print(twice)\nprint(w, twice)\n",
        "import itertools\nfound = list(itertools.islice(train(3), 2))\nprint(found, w)\n",
        "for value in train(3):\n    if value > 4:\n        break\nprint(w)\n",
    ],
    ids=["list", "loop", "a part of it", "left early"],
)
def test_a_generator_that_trains_means_the_same_taken_apart(use):
    source = f"w = 1.0\ndef train(n):\n    global w\n    for i in range(n):\n        w += i\n        yield w * 2\n{use}"

    assert printed(text(straight(source))) == printed(source) != ""


def test_a_comprehension_that_trains_means_the_same_as_a_loop():
    source = "w = 1.0\ndef step(i):\n    global w\n    w += i\n    return w * 2\n"
    source += "found = [step(i) for i in range(3)]\nprint(found, w)\n"

    assert "for i in range(3):" in text(straight(source))
    assert printed(text(straight(source))) == printed(source) != ""
