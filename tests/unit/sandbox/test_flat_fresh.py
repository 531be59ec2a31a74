"""Uninitialised memory holds what the grader put there, and nothing else changes."""

import ast
import sys

import numpy as np
import pytest
import torch

from grader.sandbox.inside.flat.fresh import Fresh, mark_fresh

HOOK = "  hook"  # no script can use such a name


def run(source, fill=0.0, names=None):
    fresh = Fresh(fill)
    namespace = {"torch": torch, "np": np, HOOK: fresh, **(names or {})}
    exec(compile(mark_fresh(ast.parse(source), HOOK), "<script>", "exec"), namespace)  # noqa: S102 - the point
    return namespace, fresh


FRESH = (
    "torch.Tensor(2, 3)",
    "torch.Tensor(4)",
    "torch.Tensor(np.int64(3))",
    "torch.Tensor(torch.tensor(3), 4)",
    "torch.Tensor(torch.Size([2, 3]))",
    "torch.Tensor(torch.ones(2, 3).size())",
    "torch.Tensor(*(2, 3))",
    "torch.Tensor(size=(2, 3))",
    "torch.FloatTensor(2)",
    "torch.DoubleTensor(2)",
    "torch.LongTensor(2, 2)",
    "torch.ByteTensor(2)",
    "torch.BoolTensor(3)",
    "torch.empty(2, 3)",
    "torch.empty((2, 3), dtype=torch.float64)",
    "torch.empty(3, requires_grad=True)",
    "torch.empty(3, dtype=torch.bool)",
    "torch.empty(3, dtype=torch.int32)",
    "torch.empty([])",
    "torch.empty_like(torch.ones(2))",
    "torch.empty_strided((2, 3), (3, 1))",
    "torch.empty_strided((2, 3), (0, 1))",
    "torch.ones(1).new(2, 3)",
    "torch.ones(1).new(torch.Size([2]))",
    "torch.Tensor.new(torch.ones(1), 2, 3)",
    "torch.ones(1).new_empty(2, 3)",
    "torch.Tensor().resize_(2, 3)",
    "torch.Tensor.resize_(torch.Tensor(), 2, 3)",
    "torch.Tensor().resize_as_(torch.ones(2, 3))",
    "torch.ones(0).resize_(4).view(2, 2)",
    "np.empty(4)",
    "np.empty((2, 3), dtype=int)",
    "np.empty(2, dtype=bool)",
    "np.empty_like(np.ones(3))",
    "np.ndarray(3)",
    "np.ndarray((2, 3), float)",
    "np.ndarray(shape=(2, 3))",
)


@pytest.mark.parametrize("fill", [0, 1])
@pytest.mark.parametrize("source", FRESH)
def test_memory_left_unwritten_holds_the_fill_and_its_place_is_known(source, fill):
    names, fresh = run(f"\nx = {source}", fill)
    assert names["x"].shape == eval(source).shape  # noqa: S307 - the same call without the hook
    assert bool((names["x"] == fill).all())
    assert fresh.used == [("<script>", 2)]


LEFT_ALONE = (
    "torch.Tensor([1., 2.])",
    "torch.Tensor((2, 3))",
    "torch.Tensor(np.array([1., 2.]))",
    "torch.Tensor(2 * np.full(1, .75))",
    "torch.Tensor(torch.full((2,), 7.))",
    "torch.Tensor(torch.tensor(7.))",
    "torch.LongTensor([2, 3])",
    "torch.FloatTensor(np.ones(2))",
    "torch.full((1,), 3.).new([1., 2.])",
    "torch.full((1,), 3.).new(np.full(2, 5.))",
    "torch.full((6,), 3.).resize_(2, 3)",
    "torch.full((6,), 3.).resize_(2)",
    "np.ndarray((2,), float, np.full(2, 7.))",
    "np.ndarray((2,), buffer=np.full(2, 7.))",
    "np.empty(2, dtype=object)",
)


@pytest.mark.parametrize("source", LEFT_ALONE)
def test_memory_that_was_written_is_left_alone(source):
    names, fresh = run(f"x = {source}", fill=1)
    expected = eval(source)  # noqa: S307 - the same call without the hook
    assert type(names["x"]) is type(expected)
    assert names["x"].dtype == expected.dtype
    assert names["x"].tolist() == expected.tolist()
    assert fresh.used == []


def test_a_tensor_without_elements_is_no_use_of_unwritten_memory():
    assert run("torch.Tensor(); torch.empty(0, 3); np.empty(0)")[1].used == []


def test_memory_that_is_written_at_once_is_no_use_of_what_it_held():
    source = (
        "x = torch.max(torch.Tensor(2, 2).fill_(3), torch.ones(2, 2).new(2, 2).zero_())\ny = torch.Tensor(2).view(2)"
    )
    names, fresh = run(source, fill=1)
    assert names["x"].tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert fresh.used == [("<script>", 2)]


def test_one_place_alone_can_be_given_the_fill():
    fresh = Fresh(1.0, ("<script>", 2))
    names = {"torch": torch, "np": np, HOOK: fresh}
    source = "x = torch.Tensor(2)\ny = torch.Tensor().resize_(2)\nz = np.empty(2)"
    exec(compile(mark_fresh(ast.parse(source), HOOK), "<script>", "exec"), names)  # noqa: S102 - the point
    assert [names[name].tolist() for name in "xyz"] == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    assert fresh.used == [("<script>", 1), ("<script>", 2), ("<script>", 3)]


def test_only_what_a_resize_adds_is_filled():
    names, fresh = run("x = torch.full((2,), 7.)\nx.resize_(4)\ny = torch.full((2,), 7.); y.resize_(1).resize_(2)")
    assert names["x"].tolist() == [7.0, 7.0, 0.0, 0.0]
    assert names["y"].tolist() == [7.0, 7.0]
    assert fresh.used == [("<script>", 2)]


def test_a_function_of_the_script_with_such_a_name_is_its_own():
    source = """
def empty(*sizes, **options): return sizes, options
class Maker:
    def new(self, *sizes): return torch.full(sizes, 7.)
class Tensor(list): pass
a = empty(1, 2, *[3], key=4, **{"other": 5})
b = Maker().new(2)
c = Tensor([1])
"""
    names, fresh = run(source)
    assert names["a"] == ((1, 2, 3), {"key": 4, "other": 5})
    assert names["b"].tolist() == [7.0, 7.0]
    assert type(names["c"]) is names["Tensor"]
    assert fresh.used == []


def test_nested_calls_keep_their_own_lines_and_a_line_is_named_once():
    source = "for k in range(3):\n    x = torch.max(\n        torch.Tensor(2),\n        torch.empty(2))\n"
    assert run(source)[1].used == [("<script>", 3), ("<script>", 4)]


def test_what_a_call_raises_comes_through_as_it_is():
    class Own(Exception):  # noqa: N818 - a student's own
        pass

    failure = Own("mine")

    def empty(*_):
        raise failure

    with pytest.raises(Own) as caught:
        run("\n\nempty(3)", names={"empty": empty})
    assert caught.value is failure
    with pytest.raises(TypeError, match="data must be a sequence"):
        run("torch.Tensor(2.5)")


def test_the_place_of_a_failing_call_is_still_in_the_traceback():
    try:
        run("x = 1\n\ntorch.empty('two')")
    except TypeError:
        step = sys.exc_info()[2]
    lines = []
    while step is not None:
        lines.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    assert ("<script>", 3) in lines


def test_the_tree_given_is_not_changed():
    tree = ast.parse("x = torch.Tensor(4)")
    before = ast.dump(tree)
    assert ast.dump(mark_fresh(tree, HOOK)) != before
    assert ast.dump(tree) == before


def test_filling_draws_no_random_numbers_and_breaks_no_gradient():
    source = "torch.manual_seed(1); a = torch.empty(3, requires_grad=True); b = torch.rand(2); (a * a).sum().backward()"
    names, _ = run(source, fill=1)
    torch.manual_seed(1)
    assert names["b"].tolist() == torch.rand(2).tolist()
    assert names["a"].grad.tolist() == [2.0, 2.0, 2.0]
