"""What autograd and calls with shifted weights give, made to come back a little different."""

import ast

import pytest
import torch

from grader.sandbox.inside.flat.altered import Alteration, mark_functions

WEIGHTS = (0.8125, 0.6875)


def square(w):
    return (w * w).sum()


def by_backward(w):
    w = w.clone().requires_grad_()
    square(w).backward()
    return w.grad


def by_grad(w):
    w = w.clone().requires_grad_()
    return torch.autograd.grad(square(w), w)[0]


ROUTES = {
    "backward": by_backward,
    "grad": by_grad,
    "func": torch.func.grad(square),
    "forward mode": lambda w: torch.func.jvp(square, (w,), (torch.ones(()),))[1],
}


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # from torch's own imports
@pytest.mark.parametrize("much", [False, True])
@pytest.mark.parametrize("route", ROUTES)
def test_what_the_engine_gives_is_altered_by_every_route_and_afterwards_is_as_it_was(route, much):
    w = torch.tensor(0.8125)
    right = ROUTES[route](w)
    alteration = Alteration(WEIGHTS, much=much)
    with alteration.engine():
        altered = ROUTES[route](w)

    assert altered != right
    assert torch.allclose(altered, right, rtol=1e-3) is not much
    assert not alteration.missed
    assert ROUTES[route](w) == right


def test_no_two_are_altered_alike():
    alteration = Alteration(WEIGHTS, much=False)
    with alteration.engine():
        first, second = by_grad(torch.tensor(0.8125)), by_grad(torch.tensor(0.8125))

    assert first != second


def test_an_engine_that_was_kept_from_before_is_missed():
    w = torch.tensor(0.8125, requires_grad=True)
    engine = torch.autograd.Variable._execution_engine
    alteration = Alteration(WEIGHTS, much=False)
    with alteration.engine():
        engine.run_backward((square(w),), (torch.ones(()),), *(0, 0, (w,), 1), accumulate_grad=0)

    assert alteration.missed


def test_only_what_comes_of_a_shifted_weight_is_altered():
    alteration = Alteration(WEIGHTS, much=True)
    doubled = alteration(lambda w: (2 * w, [w], 3, "text", True))

    assert doubled(0.8125) == (1.625, [0.8125], 3, "text", True)
    twice, kept, *rest = doubled(0.8125 + 1e-4)
    assert twice != 2 * (0.8125 + 1e-4)
    assert kept != [0.8125 + 1e-4]
    assert rest == [3, "text", True]
    assert alteration.shifted == 1
    assert not alteration.lost


@pytest.mark.parametrize("result", [None, {1: 2.0}, object()], ids=["nothing", "dictionary", "object"])
def test_what_cannot_be_altered_is_lost(result):
    alteration = Alteration(WEIGHTS, much=False)
    alteration(lambda _: result)(0.8125 + 1e-4)

    assert alteration.lost


def test_every_function_of_a_script_goes_through_the_hook():
    source = "def f(x):\n    return g(lambda y: y)(x)\nclass C:\n    def m(self): pass\n"
    marked = [ast.unparse(mark_functions(node, "hook")) for node in ast.parse(source).body]

    assert marked == [
        "@hook\ndef f(x):\n    return g(hook(lambda y: y))(x)",
        "class C:\n\n    @hook\n    def m(self):\n        pass",
    ]
