"""Marks: exact, and shown so that they add up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import all_with, passed, report

from grader.contract import CHECKS, FUNCTIONS
from grader.model import Diagnosis, PropertyVerdict
from grader.report.marks import shown_points, shown_total
from grader.result import Report, ScoredCheck, Submission
from grader.rubric import Rubric
from grader.score import score


def marks(*verdicts, rubric=None):
    given_names = {verdict.name for verdict in verdicts}
    rest = [passed(spec.name) for spec in CHECKS if spec.name not in given_names]
    return score([*verdicts, *rest], rubric or Rubric())


def points_of(name, *verdicts, rubric=None):
    return next(c.points for c in marks(*verdicts, rubric=rubric).checks if c.verdict.name == name)


def test_everything_passed_is_full_marks():
    assert (marks().points, marks().max_points, marks().passed) == (100, 100, True)


def test_nothing_passed_is_no_marks():
    result = marks(*(all_with(spec.name, "missing") for spec in CHECKS))
    assert (result.points, result.passed) == (0, False)


def test_a_check_earns_the_share_of_its_passed_weight():
    total = sum(prop.weight for prop in CHECKS[3].properties)
    gated = sum(prop.weight for prop in CHECKS[3].properties if prop.gated)
    verdict = all_with("forward", "failed", "", {"long_sequences"})
    assert points_of("forward", verdict) == Fraction(20 * (total - gated - 2), total)


def test_a_gated_property_that_fails_costs_its_own_share_alone():
    total = sum(prop.weight for prop in CHECKS[3].properties)
    assert points_of("forward", all_with("forward", "failed", "", {"repeatable"})) == Fraction(20 * (total - 1), total)


def test_gated_properties_alone_earn_nothing():
    ungated = {prop.name for prop in CHECKS[4].properties if not prop.gated}
    assert points_of("bptt_gradients", all_with("bptt_gradients", "failed", "", ungated)) == 0


def test_a_property_without_weight_gates_nothing():
    weights = {**Rubric().weights, "relu": {**Rubric().weights["relu"], "shapes": Fraction(0)}}
    rubric = replace(Rubric(), weights=weights)
    assert points_of("relu", all_with("relu", "failed", "", {"shapes"}), rubric=rubric) == 5


def test_a_property_that_was_not_judged_earns_nothing():
    verdict = replace(passed("relu"), properties=passed("relu").properties[:1])
    assert points_of("relu", verdict) == Fraction(5, 6)


def test_the_pass_mark_is_exact():
    rubric = Rubric(pass_mark=Fraction(95))
    assert marks(all_with("relu", "failed"), rubric=rubric).passed
    rubric = Rubric(pass_mark=Fraction("95.01"))
    assert not marks(all_with("relu", "failed"), rubric=rubric).passed


def test_the_pass_mark_is_a_share_of_whatever_the_points_add_up_to():
    rubric = Rubric(points={spec.name: Fraction(spec.name == "relu") for spec in CHECKS})
    result = marks(rubric=rubric)
    assert (result.max_points, result.pass_points) == (1, Fraction(1, 2))


@pytest.mark.parametrize("review", [None, "it asked for the time"])
def test_a_blocked_check_earns_nothing_and_is_marked_for_review(review):
    result = marks(replace(all_with("train", "blocked", "train hides its helper."), review=review))
    assert result.points == 80
    assert result.review == (f"train: {review or 'train hides its helper.'}",)


def lost(*names, code="general.syntax_error"):
    return [
        replace(all_with(name, "missing", f"{name} is lost."), diagnoses=(Diagnosis(code, f"{name} is lost."),))
        for name in names
    ]


@pytest.mark.parametrize(
    ("names", "count"),
    [
        (FUNCTIONS, 7),
        (FUNCTIONS[:4], 4),  # most of the functions
        (("bptt_gradients", "train"), 2),  # most of the points
        (("relu", "bptt_gradients"), None),
        (FUNCTIONS[:3], None),
    ],
)
@pytest.mark.parametrize("code", ["general.syntax_error", "general.crash"])
def test_most_functions_lost_to_what_cannot_be_read_is_for_a_person(names, count, code):
    result = marks(*lost(*names, code=code))
    if count is None:
        assert result.review == ()
        return
    [reason] = result.review
    assert reason.startswith(f"{count} of 7 functions are lost to lines that cannot be read or fail")
    assert reason.endswith(f" {names[0]} is lost.")


def test_most_functions_not_written_are_for_nobody():
    assert marks(*lost(*FUNCTIONS, code="general.missing")).review == ()


@pytest.mark.parametrize(
    "verdicts",
    [
        [],
        [passed(spec.name) for spec in CHECKS[1:]],
        [passed(spec.name) for spec in (*CHECKS, CHECKS[0])],
        [
            replace(passed("relu"), properties=(PropertyVerdict("x", "passed", 1),)),
            *(passed(s.name) for s in CHECKS[1:]),
        ],
    ],
)
def test_verdicts_that_do_not_fit_the_contract_are_a_fault_of_ours(verdicts):
    with pytest.raises(ValueError, match=r"expected one verdict|unknown properties"):
        score(verdicts, Rubric())


shares = st.fractions(0, 1, max_denominator=60)


@given(st.lists(st.tuples(st.integers(0, 40), shares), min_size=1, max_size=9), st.integers(0, 100))
def test_shown_points_add_up_and_never_tell_a_lie(pairs, percent):
    checks = tuple(ScoredCheck(passed("relu"), most * share, Fraction(most)) for most, share in pairs)
    total, most = sum(c.points for c in checks), sum(c.max_points for c in checks)
    bar = Fraction(most * percent, 100)
    shown_report = Report("graded", Submission("x"), checks, Fraction(total), Fraction(most), bar, passed=total >= bar)
    shown, each = shown_total(shown_report), shown_points(shown_report)
    assert sum(each) == shown
    assert abs(shown - total) < Fraction(1, 100)
    assert (shown >= bar) == (total >= bar)
    assert (shown >= most) == (total >= most)
    for check, points in zip(checks, each, strict=True):
        assert abs(points - check.points) < Fraction(1, 100)
        assert 0 <= points <= check.max_points


def test_points_of_a_check_that_is_not_counted_are_none():
    assert sum(shown_points(report(rubric=Rubric(points={**Rubric().points, "relu": Fraction(0)})))) == 95
