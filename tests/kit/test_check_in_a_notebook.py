"""`check(f)` leaves the process as it was, whatever `f` does in it; here with the whole grader behind it."""

from __future__ import annotations

import contextlib
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

from grader import check
from grader.contract import FUNCTIONS
from grader.errors import UsageError
from grader.model import Question, TimedOut
from grader.student.checking import judge_all
from grader.student.notebook import OwnFunctions
from reference import rnn

ONE = np.asarray(1.0, dtype=np.float32)
X = np.ones((2, 1), dtype=np.float32)
RIGHT = {name: getattr(rnn, name) for name in FUNCTIONS}


def asked(function, *args, limit_s=10.0, name="forward", watch=False):
    question = Question(name, args or (X, ONE, ONE), watch)
    return next(OwnFunctions({name: function}).ask([question], limit_s=limit_s))


def state():
    return (
        random.getstate(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002 - what students use
        torch.get_rng_state().tolist(),
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        sys.getprofile(),
        sys.gettrace(),
        sys.getrecursionlimit(),
        signal.getsignal(signal.SIGALRM),
        signal.getitimer(signal.ITIMER_REAL),
        list(warnings.filters),
        sys.stdout,
        np.geterr(),
    )


def disturb(*_):
    print("x" * 1000, file=sys.stderr)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - what students use
    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    sys.setprofile(lambda *_: None)
    sys.setrecursionlimit(5000)
    np.seterr(all="raise")
    warnings.simplefilter("error")
    warnings.warn("mine", stacklevel=1)


def test_what_a_call_changes_in_the_process_is_put_back(capfd):
    random.seed(7)
    before = state()
    seen = asked(disturb)
    assert state() == before
    assert seen.kind == "UserWarning"
    assert capfd.readouterr() == ("", "")


def test_undisturbed_the_functions_would_have_changed_it():
    before = state()
    with warnings.catch_warnings():
        with pytest.raises(UserWarning):
            disturb()
        after = state()
    sys.setprofile(before[5])
    torch.set_grad_enabled(True)
    torch.set_default_dtype(before[4])
    sys.setrecursionlimit(before[7])
    np.seterr(**before[-1])
    left = {i for i, (a, b) in enumerate(zip(after, before, strict=True)) if a != b}
    assert left >= {0, 1, 2, 3, 4, 5, 7, 12}


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), MemoryError(), ValueError("no"), RecursionError()])
def test_whatever_a_call_raises_is_an_observation(error):
    def raising(*_):
        raise error

    assert type(asked(raising)).__name__ in {"Raised", "OutOfMemory"}


def test_the_interruption_of_the_kernel_is_passed_on():
    def interrupted(*_):
        raise KeyboardInterrupt

    before = state()
    with pytest.raises(KeyboardInterrupt):
        asked(interrupted)
    assert state() == before


def test_a_call_that_swallows_everything_is_stopped_by_the_alarm():
    def endless(*_):
        for _ in range(2):  # so that the test ends even if nothing stops it: each round is stopped once
            with contextlib.suppress(BaseException):
                time.sleep(30)

    started = time.monotonic()
    asked(endless, limit_s=0.2)
    assert time.monotonic() - started < 30


def test_an_endless_call_is_out_of_time_and_an_alarm_of_the_kernel_s_goes_on():
    def endless(*_):
        while True:
            time.sleep(0.01)

    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.6)
    try:
        assert asked(endless, limit_s=0.2) == TimedOut(0.2)
        assert rung == []
        time.sleep(0.6)
        assert rung == [1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_out_of_the_main_thread_there_is_no_alarm_and_nothing_breaks():
    found = []
    thread = threading.Thread(target=lambda: found.append(asked(rnn.forward)))
    thread.start()
    thread.join()
    assert len(found[0].value) == 2


def test_a_call_gets_tensors_of_its_own_and_what_it_changes_is_noted():
    asking = X.copy()

    def changes(X, Wxs, _):
        X += 1
        Wxs += 1
        return X, X

    assert asked(changes, asking, ONE, ONE).mutated == (0,)
    assert (asking == X).all()


def test_autograd_is_seen_and_the_profiler_of_the_kernel_is_still_there():
    def by_autograd(X, T, Wxs, Wrec):
        Wxs, Wrec = Wxs.clone().requires_grad_(), Wrec.clone().requires_grad_()
        loss = ((rnn.forward(X, Wxs, Wrec)[1] - T) ** 2).sum() / 2
        loss.backward()
        return Wxs.grad, Wrec.grad

    def profiler(*_):
        pass

    sys.setprofile(profiler)
    try:
        seen = asked(by_autograd, X, X, ONE, ONE, name="bptt_gradients", watch=True)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
    assert "autograd" in seen.evidence


# ---------------------------------------------------------------------------- cards
def test_check_all_takes_the_functions_of_the_place_it_is_called_from():
    space = {"check": check, **RIGHT}
    exec("card = check.all()", space)  # noqa: S102 - a notebook's cell
    assert space["card"].passed
    assert "7 of 7 functions right" in str(space["card"])


def test_a_card_is_text_and_harmless_html():
    def forward(*_):
        raise ValueError("<script>alert(1)</script>\x1b[31m")

    card = check(forward)
    assert not card.passed
    assert "<script>" not in card._repr_html_()
    assert "&lt;script&gt;" in card._repr_html_()
    assert "\x1b" not in card.text() + card._repr_html_()
    assert "not your mark" in card.text()
    assert repr(card) == card.text()


def test_a_stub_is_missing_and_a_library_s_own_refusal_is_not():
    def relu(S):
        raise NotImplementedError

    (stub,) = check(relu).verdicts
    (refused,) = check(lambda _: torch.zeros(2).to_sparse().view(1), "relu").verdicts
    assert (stub.status, refused.status) == ("missing", "error")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((3,), "takes a function"), ((len,), "len is none of the seven"), ((rnn.relu, "rleu"), "did you mean")],
)
def test_what_is_no_function_of_the_exercise_is_refused_in_words(arguments, told):
    with pytest.raises(UsageError, match=told):
        check(*arguments)


def test_errors_are_not_carried_forward():
    verdicts = {v.name: v.status for v in judge_all(OwnFunctions({"forward": lambda *_: (1, 1)}))}
    assert verdicts["forward"] == "error"
    assert verdicts["train"] == "missing"
