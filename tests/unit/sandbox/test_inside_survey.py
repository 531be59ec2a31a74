"""What a program turned out to define."""

import ast

import pytest

from grader.sandbox.inside.survey import is_flat


def test_later_definitions_win(inside):
    result = inside("def relu(S):\n    return 1\n", "x = 1\ndef relu(S):\n    return 2\n", probes=["relu(0)"])
    assert result["defined"] == {"relu": [2, 2]}
    assert result["values"] == {"relu(0)": "2"}


def test_a_name_bound_to_something_else_no_longer_counts(inside):
    source = "def relu(S): pass\ndef train(): pass\ndef forward(): pass\nrelu = 3\ndel train\nclass forward: pass\n"
    assert inside(source)["defined"] == {}


def test_callables_of_any_kind_count_and_are_placed_where_they_were_bound(inside):
    source = (
        "import functools, math\n"
        "class R:\n    def __call__(self, S): return S\n    def train(self): pass\n"
        "relu = R()\n"
        "forward = functools.partial(max, 0)\n"
        "predict_counts = math.floor\n"
        "train = relu.train\n"
        "count_targets = lambda X: X\n"
    )
    assert inside(source)["defined"] == {
        "relu": [None, 5],
        "forward": [None, 6],
        "predict_counts": [None, 7],
        "train": [None, 4],
        "count_targets": [None, 9],
    }


def test_a_stub_does_not_pass_for_a_function(inside):
    assert inside("from grader import relu\nfrom IPython import forward\n")["defined"] == {}


def test_aliases_stand_in_and_may_be_dotted(inside):
    source = (
        "class Net:\n    def forward(self, X): pass\n    @property\n    def train(self): 1 / 0\n"
        "net = Net()\ndef my_relu(S): pass\ndef relu(S): pass\ndef helper(): pass\n"
    )
    aliases = {"relu": "my_relu", "forward": "net.forward", "train": "net.train", "predict_counts": "no.such"}
    result = inside(source, aliases=aliases)
    assert result["defined"] == {"relu": [None, 6], "forward": [None, 2]}
    assert result["others"] == ["relu", "helper"]


def test_others_are_the_submissions_own_functions_only(inside):
    source = "from math import sqrt\nfrom textwrap import dedent\nclass C: pass\n" + "".join(
        f"def f{i}(): pass\n" for i in range(60)
    )
    assert inside(source)["others"] == [f"f{i}" for i in range(50)]


def test_hostile_namespace_keys_and_attributes_are_survived(inside):
    source = (
        "class Key(str):\n    __hash__ = str.__hash__\n    def __eq__(self, other): raise SystemExit\n"
        "class Net:\n    def __getattr__(self, name):\n        while True: pass\n"
        "net = Net()\ndef relu(S): pass\nglobals()[Key('train')] = 1\n"
    )
    result = inside(source, aliases={"predict_counts": "net.predict"})
    assert "predict_counts" not in result["defined"]


FLAT = """
Wxs, Wrec = 0.5, 0.7
l_r = 0.1
with context():
    for i in range(10):
        y = Wxs * Wrec
        {update}
"""


@pytest.mark.parametrize(
    "update",
    [
        "Wxs -= l_r * y; Wrec -= l_r * y",
        "Wxs = Wxs - y; Wrec = Wrec - y",
        "Wxs.data -= y; Wrec[0] -= y",
        "Wxs, Wrec = step(Wxs, Wrec)",
    ],
)
def test_a_loop_that_updates_two_weights_makes_a_program_flat(update):
    statements = ast.parse(FLAT.format(update=update)).body
    assert is_flat(statements, {"relu": None})
    assert not is_flat(statements, {"forward": None})


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    a = b = 1\n    while a:\n        a -= b\n        b -= a\n",
        "a = b = 1\nfor i in range(3):\n    a -= i\n",
        "for i in range(3):\n    a = i\n    b = a\n    print(a, b)\n",
        "a = b = 1\n",
    ],
)
def test_other_loops_do_not(source):
    assert not is_flat(ast.parse(source).body, {})


def test_the_exercises_own_weights_make_a_program_flat_whatever_its_loop_does():
    assert is_flat(ast.parse("Wxs, Wrec = 0.5, 0.7\nfor i in range(3):\n    pass\n").body, {})
    assert not is_flat(ast.parse("def f():\n    Wxs, Wrec = 0.5, 0.7\n").body, {})
    assert not is_flat(ast.parse("Wxs, Wrec = 0.5, 0.7\n").body, {"train": None})
    assert not is_flat(ast.parse("Wxs = 0.5\n").body, {})
