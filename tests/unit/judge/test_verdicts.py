"""Verdicts: what is right passes, and each mistake fails the properties that are about it."""

from __future__ import annotations

import math

import pytest
import torch

from conftest import RIGHT, gradient, statuses
from grader.cases.bank import decode_bank, encode_bank
from grader.contract import CHECK_BY_NAME, CHECKS, FUNCTIONS
from grader.errors import SandboxError
from grader.judge import judge_check
from grader.judge.general import with_loss
from grader.model import Died, Location, Malformed, Notice, Raised
from inprocess import ExitError, HangError, InProcess
from reference import rnn


# ---------------------------------------------------------------------------- what is right
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_reference_passes_every_property_in_one_round_trip(name, bank):
    subject = InProcess(RIGHT)
    spec = CHECK_BY_NAME[name]
    verdict = judge_check(spec, bank[name], subject, limit_s=10)
    assert verdict.status == "passed"
    assert [prop.name for prop in verdict.properties] == [prop.name for prop in spec.properties]
    assert {prop.status for prop in verdict.properties} == {"passed"}
    assert all(prop.examples > 0 for prop in verdict.properties)
    assert verdict.counterexample is None
    assert verdict.diagnoses == verdict.notices == ()
    assert subject.asks == 1
    assert verdict.message == f"All {sum(1 for _ in bank[name])} cases are right."


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_every_slope_at_a_kink_is_right(slope, judge):
    assert judge("bptt_gradients", lambda *args: gradient(*args, slope=slope)).status == "passed"


def test_a_slope_outside_the_subgradients_is_wrong_at_kinks_alone(judge):
    assert statuses(judge("bptt_gradients", lambda *args: gradient(*args, slope=2.0))) == {"kinks": "failed"}


@pytest.mark.parametrize("name", ["forward", "bptt_gradients", "train"])
def test_float64_throughout_is_right(name, judge):
    def exact(*args):
        return RIGHT[name](*(arg.double() if isinstance(arg, torch.Tensor) else arg for arg in args))

    assert judge(name, exact).status == "passed"


def test_losses_as_a_column_and_weights_with_axes_are_right(judge):
    def train(*args):
        Wxs, Wrec, losses = rnn.train(*args)
        return [Wxs.reshape(1, 1), Wrec.reshape(1), [loss.reshape(1) for loss in losses]]

    assert judge("train", train).status == "passed"


def test_weights_updated_in_place_are_right(judge):
    def train(X, T, Wxs, Wrec, l_r, n_iter):
        new_Wxs, new_Wrec, losses = rnn.train(X, T, Wxs.clone(), Wrec.clone(), l_r, n_iter)
        Wxs.copy_(new_Wxs)
        Wrec.copy_(new_Wrec)
        return Wxs, Wrec, losses

    assert judge("train", train).status == "passed"


def test_raising_at_no_iterations_is_a_notice(judge):
    def train(*args):
        Wxs, Wrec, losses = rnn.train(*args)
        return Wxs, Wrec, torch.stack(losses)

    verdict = judge("train", train)
    assert verdict.status == "passed"
    assert [notice.code for notice in verdict.notices] == ["train.zero_iterations_raises"]


# ---------------------------------------------------------------------------- single mistakes
# name, what is asked instead of the right function, properties that must fail, properties that must pass
SINGLE = {
    "relu is the identity": ("relu", lambda S: S, {"below_zero", "shapes"}, {"above_zero", "at_zero"}),
    "slope 1 at 0": ("relu_derivative", lambda S: (S >= 0).float(), {"at_zero"}, {"above_zero", "below_zero"}),
    "slope as a sign": ("relu_derivative", torch.sign, {"below_zero", "shapes"}, {"above_zero", "at_zero"}),
    "count along sequences": (
        "count_targets",
        lambda X: X.cumsum(1),
        {"running_count", "single_step", "single_sequence", "long_sequences"},
        {"inputs_untouched", "repeatable"},
    ),
    "total count": (
        "count_targets",
        lambda X: X.sum(0, keepdim=True).expand(X.shape),
        {"running_count", "single_sequence", "long_sequences"},
        {"single_step"},
    ),
    "no mask": (
        "bptt_gradients",
        lambda *args: gradient(*args, masked=False),
        {"negative_weights", "dead_units"},
        {"positive_weights", "single_step", "repeatable", "hand_written"},
    ),
    "truncated at 6": (
        "bptt_gradients",
        lambda *args: gradient(*args, reach=6),
        {"long_sequences"},
        {"single_step", "additive", "dead_units", "kinks"},
    ),
    "weights frozen": (
        "train",
        lambda X, T, Wxs, Wrec, l_r, n: (Wxs, Wrec, rnn.train(X, T, Wxs, Wrec, l_r, n)[2]),
        {"one_step", "trajectory", "recovers_teacher"},
        {"losses", "zero_iterations", "zero_learning_rate"},
    ),
    "losses after the update": (
        "train",
        lambda *args: (*rnn.train(*args)[:2], rnn.train(*args[:5], args[5] + 1)[2][1:]),
        {"losses"},
        {"one_step", "trajectory", "recovers_teacher", "zero_iterations", "zero_learning_rate"},
    ),
    "weights hard-coded": (
        "train",
        lambda X, T, Wxs, Wrec, l_r, n: (1.0, 1.0, rnn.train(X, T, Wxs, Wrec, l_r, n)[2]),
        {"one_step", "trajectory", "recovers_teacher", "zero_iterations", "zero_learning_rate"},
        {"losses"},
    ),
    "counts cut off": (
        "predict_counts",
        lambda *args: rnn.forward(*args)[1].floor(),
        {"after_training", "rounding"},
        {"inputs_untouched"},
    ),
}


@pytest.mark.parametrize("mistake", SINGLE)
def test_a_mistake_fails_the_properties_about_it(mistake, judge):
    name, function, failed, passed = SINGLE[mistake]
    verdict = judge(name, function)
    assert verdict.status == "failed"
    assert failed <= set(statuses(verdict))
    assert not passed & set(statuses(verdict))
    assert set(statuses(verdict).values()) == {"failed"}
    assert verdict.counterexample is not None
    assert verdict.message.startswith("For ")
    assert all(prop.message for prop in verdict.properties if prop.status == "failed")


def test_states_kept_between_sequences_fail_independence(judge):
    def forward(X, Wxs, Wrec):
        S, Y = rnn.forward(X, Wxs, Wrec)
        return S.clone(), torch.cat([Y[:, :1], Y[:, 1:] + 0.001 * Y[:, :-1]], dim=1)

    failed = statuses(judge("forward", forward))
    assert "independent_sequences" in failed
    assert "single_sequence" not in failed


# ---------------------------------------------------------------------------- mistakes of any check
def codes(verdict):
    return [diagnosis.code for diagnosis in verdict.diagnoses]


def test_nan_never_passes_and_is_named(judge, bank):
    verdict = judge("bptt_gradients", lambda *_: (math.nan, math.inf))
    assert verdict.status == "failed"
    assert codes(verdict) == ["general.nan"]
    assert verdict.diagnoses[0].matched == verdict.diagnoses[0].of == sum(1 for _ in bank["bptt_gradients"])
    assert verdict.counterexample.got == {"dWxs": "nan", "dWrec": "inf"}


def test_a_wrong_shape_is_an_error_that_names_both_shapes(judge):
    verdict = judge("count_targets", lambda X: X.cumsum(0).T.reshape(-1))
    assert verdict.status == "error"
    assert codes(verdict) == ["general.shape"]
    assert "T: expected shape (" in verdict.message


def test_nonsense_is_an_error(judge):
    verdict = judge("count_targets", lambda _: "four")
    assert (verdict.status, codes(verdict)) == ("error", ["general.shape"])


def test_an_exception_is_an_error_that_quotes_it(judge):
    verdict = judge("forward", lambda X, *_: list(X)[99])
    assert verdict.status == "error"
    assert codes(verdict) == ["general.crash"]
    assert "raises IndexError: list index out of range" in verdict.message
    assert statuses(verdict)["inputs_untouched"] == "blocked"


def test_a_crash_for_some_inputs_costs_only_their_properties(judge):
    def forward(X, Wxs, Wrec):
        if len(X) == 1:
            raise ValueError("one step")
        return rnn.forward(X, Wxs, Wrec)

    verdict = judge("forward", forward)
    assert verdict.status == "error"
    assert statuses(verdict)["single_step"] == "error"
    assert {"positive_weights", "negative_weights", "long_sequences"}.isdisjoint(statuses(verdict))


def test_a_wrong_value_outweighs_a_crash(judge):
    def forward(X, Wxs, Wrec):
        if len(X) == 1:
            raise ValueError("one step")
        return rnn.forward(X, Wrec, Wxs)

    verdict = judge("forward", forward)
    assert verdict.status == "failed"
    assert codes(verdict) == ["general.crash"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (HangError, "timeout", "general.timeout"),
        (MemoryError, "error", "general.memory"),
        (ExitError, "error", "general.crash"),
    ],
)
def test_what_follows_the_end_of_a_child_is_blocked_with_the_cause(error, status, code, judge):
    def forward(X, Wxs, Wrec):
        if len(X) >= 9:
            raise error
        return rnn.forward(X, Wxs, Wrec)

    verdict = judge("forward", forward)
    assert verdict.status == status
    assert codes(verdict) == [code]
    failed = statuses(verdict)
    assert failed["long_sequences"] == status
    assert "positive_weights" not in failed
    after = ["leading_zeros", "independent_sequences", "all_zero_inputs", "repeatable"]
    assert {failed[name] for name in after} == {"blocked"}
    assert all("earlier call of forward" in p.message for p in verdict.properties if p.name in after)
    assert verdict.counterexample is not None


def test_a_timeout_is_never_shrunk(judge):
    def hang(*_):
        raise HangError

    def shrinker(*_):
        raise AssertionError("asked a subject whose child is gone")

    assert judge("forward", hang, shrinker=shrinker).status == "timeout"


def test_an_unreadable_answer_that_ended_the_child_blocks_the_rest(bank):
    class Garbled(InProcess):
        def ask(self, questions, *, limit_s):
            yield from super().ask(questions[:3], limit_s=limit_s)
            yield Malformed("a frame that is cut short")

    verdict = judge_check(CHECK_BY_NAME["relu"], bank["relu"], Garbled(RIGHT), limit_s=10)
    assert verdict.status == "error"
    assert statuses(verdict)["extremes"] == "blocked"
    assert verdict.properties[-1].message == "Not reached: an earlier answer of relu could not be read."


def test_fewer_answers_than_questions_is_our_fault(bank):
    class Short(InProcess):
        def ask(self, questions, *, limit_s):
            return super().ask(questions[:3], limit_s=limit_s)

    with pytest.raises(SandboxError, match="fewer answers"):
        judge_check(CHECK_BY_NAME["relu"], bank["relu"], Short(RIGHT), limit_s=10)


# ---------------------------------------------------------------------------- missing
def test_an_absent_function_is_missing_and_a_near_name_is_suggested(bank):
    subject = InProcess({}, others=("plot_loss", "bptt_gradient", "main"))
    verdict = judge_check(CHECK_BY_NAME["bptt_gradients"], bank["bptt_gradients"], subject, limit_s=10)
    assert verdict.status == "missing"
    assert {prop.status for prop in verdict.properties} == {"missing"}
    assert codes(verdict) == ["general.missing"]
    assert verdict.message.endswith("Did you mean bptt_gradient? Then rename it bptt_gradients.")


def test_an_absent_function_without_a_near_name_is_plainly_missing(bank):
    for spec in CHECKS:
        verdict = judge_check(spec, bank[spec.name], InProcess({}, others=("main",)), limit_s=10)
        assert verdict.message == f"{spec.name} is not defined."


@pytest.mark.parametrize(
    ("code", "said", "told", "diagnosed"),
    [
        (
            "general.syntax_error",
            "this cell was left out: SyntaxError: expected ':'",
            "cannot be read (SyntaxError: expected ':'). Mend that line.",
            "general.syntax_error",
        ),
        (
            "general.crash",
            "ModuleNotFoundError: No module named 'mine'",
            "fails (ModuleNotFoundError: No module named 'mine'). Mend that line.",
            "general.crash",
        ),
        ("<b>", "what", "fails (what). Mend that line.", "general.missing"),
    ],
)
def test_what_a_missing_function_was_lost_to_is_its_message(bank, code, said, told, diagnosed):
    subject = InProcess({}, others=("forward_pass",))
    verdicts = {name: judge_check(CHECK_BY_NAME[name], bank[name], subject, limit_s=10) for name in ("forward", "relu")}
    notices = (
        Notice("general.crash", "NameError: name 'forward' is not defined", Location(4, 1)),
        Notice(code, f"{said} (lost with it: train, forward)", Location(3, 7)),
    )
    verdict = with_loss(verdicts["forward"], notices)
    assert verdict.message == f"forward is not defined: cell 3, line 7 {told}"
    assert {prop.message for prop in verdict.properties} == {verdict.message}
    assert verdict.status == "missing"
    assert codes(verdict) == [diagnosed]
    assert with_loss(verdicts["relu"], notices) is verdicts["relu"]


def test_a_function_that_is_there_was_not_lost(judge):
    verdict = judge("relu")
    notice = Notice("general.syntax_error", "this block was left out: x (lost with it: relu)", Location(None, 3))
    assert with_loss(verdict, [notice]) is verdict


def test_a_stub_is_missing(judge):
    def stub(*_):
        raise NotImplementedError

    verdict = judge("train", stub)
    assert verdict.status == "missing"
    assert "still empty" in verdict.message


def test_a_stub_for_some_inputs_only_is_an_error(judge):
    def half(X, *weights):
        if X.shape[1] > 1:
            raise NotImplementedError("several sequences")
        return rnn.forward(X, *weights)

    verdict = judge("forward", half)
    assert verdict.status == "error"
    assert statuses(verdict)["independent_sequences"] == "error"
    assert all(prop.message for prop in verdict.properties if prop.status == "error")


# ---------------------------------------------------------------------------- side effects
def test_changing_an_input_fails_one_property_and_is_named(judge):
    def gradients(X, T, Wxs, Wrec):
        result = rnn.bptt_gradients(X, T, Wxs, Wrec)
        T.sub_(X)
        return result

    verdict = judge("bptt_gradients", gradients)
    assert statuses(verdict) == {"inputs_untouched": "failed"}
    assert codes(verdict) == ["general.mutates_input"]
    assert verdict.message.startswith("bptt_gradients changes T:")


def test_a_gradient_kept_between_calls_is_not_repeatable(judge):
    kept = [0.0]

    def gradients(*args):
        dWxs, dWrec = rnn.bptt_gradients(*args)
        kept[0] = kept[0] + dWxs
        return kept[0], dWrec

    def shrinker(*_):
        raise AssertionError("a small case would fail for what was asked before it")

    verdict = judge("bptt_gradients", gradients, shrinker=shrinker)
    assert statuses(verdict)["repeatable"] == "failed"
    assert "general.nondeterministic" in codes(verdict)
    assert "gives two answers" in verdict.message


def test_a_bank_read_from_a_file_shows_what_is_kept_between_calls_too(bank):
    kept = [0.0]

    def gradients(*args):
        dWxs, dWrec = rnn.bptt_gradients(*args)
        kept[0] = kept[0] + dWxs
        return kept[0], dWrec

    read = decode_bank(encode_bank(bank))["bptt_gradients"]
    subject = InProcess({**RIGHT, "bptt_gradients": gradients})
    verdict = judge_check(CHECK_BY_NAME["bptt_gradients"], read, subject, limit_s=10)
    assert statuses(verdict)["repeatable"] == "failed"
    assert "general.nondeterministic" in codes(verdict)


def test_the_same_wrong_answer_twice_is_repeatable(judge):
    verdict = judge("bptt_gradients", lambda *args: tuple(-g for g in rnn.bptt_gradients(*args)))
    assert "repeatable" not in statuses(verdict)
    assert codes(verdict) == []


def test_rounding_that_differs_between_calls_is_no_mistake(judge):
    calls = [0]

    def gradients(*args):
        calls[0] += 1
        dWxs, dWrec = rnn.bptt_gradients(*args)
        return dWxs * (1 + (calls[0] % 3) * 1e-7), dWrec

    assert judge("bptt_gradients", gradients).status == "passed"


# ---------------------------------------------------------------------------- policy
EVIDENCE = {
    "autograd": ("autograd", "policy.autograd"),
    "numerical_gradient": ("shifted_calls", "policy.numerical_gradient"),
}


@pytest.mark.parametrize("kind", EVIDENCE)
def test_a_gradient_not_written_by_hand_fails_every_property_by_default(kind, judge):
    evidence, code = EVIDENCE[kind]
    verdict = judge("bptt_gradients", evidence={"bptt_gradients": (evidence,)})
    assert verdict.status == "failed"
    assert codes(verdict) == [code]
    assert {prop.status for prop in verdict.properties} == {"failed"}
    assert "by hand" in verdict.message or "written by hand" in verdict.message


@pytest.mark.parametrize("kind", EVIDENCE)
def test_a_course_may_only_warn(kind, judge):
    evidence, code = EVIDENCE[kind]
    policy = {"autograd": "warn", "numerical_gradient": "warn"}
    verdict = judge("bptt_gradients", policy=policy, evidence={"bptt_gradients": (evidence,)})
    assert verdict.status == "passed"
    assert [notice.code for notice in verdict.notices] == [code]


def test_a_course_that_allows_everything_watches_nothing(bank):
    subject = InProcess(RIGHT, evidence={"bptt_gradients": ("autograd",)})
    policy = {"autograd": "allow", "numerical_gradient": "allow"}
    verdict = judge_check(CHECK_BY_NAME["bptt_gradients"], bank["bptt_gradients"], subject, limit_s=10, policy=policy)
    assert verdict.status == "passed"
    assert not any(question.watch for question in subject.asked)


def test_only_gradients_are_watched_and_last(bank):
    subject = InProcess(RIGHT)
    for spec in CHECKS:
        judge_check(spec, bank[spec.name], subject, limit_s=10)
    watched = [question.function for question in subject.asked if question.watch]
    assert watched == ["bptt_gradients"] * 2


def test_a_call_that_fails_only_when_watched_spoils_nothing_else(bank):
    class Touchy(InProcess):
        def _answer(self, question):
            return Raised("RuntimeError", "hooked") if question.watch else super()._answer(question)

    verdict = judge_check(CHECK_BY_NAME["bptt_gradients"], bank["bptt_gradients"], Touchy(RIGHT), limit_s=10)
    assert statuses(verdict) == {"hand_written": "error"}
    assert verdict.review is None  # an error of its own, told as one
    assert "hooked" in verdict.message


def test_a_call_that_ends_the_process_only_when_watched_is_looked_at_by_a_person(bank):
    class Shy(InProcess):
        def _answer(self, question):
            return Died("ended itself") if question.watch else super()._answer(question)

    verdict = judge_check(CHECK_BY_NAME["bptt_gradients"], bank["bptt_gradients"], Shy(RIGHT), limit_s=10)
    assert statuses(verdict) == {"hand_written": "error"}
    assert "someone has to look" in verdict.review
