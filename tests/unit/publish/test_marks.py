"""Every adapter, fed every result: valid for its platform, and the marks that arrive are ours."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from report_samples import SAMPLES, SECRET, WHO, all_with, overruled, report

from grader import publish
from grader.cli_publish import PUBLISHED
from grader.model import Location, Notice
from grader.publish import gradescope, junit, vpl
from grader.result import FEEDBACK_LEVELS, Submission
from platforms import OF_ONE, READERS, WRITERS, annotations, arrive
from publishable import CELL_BY_CELL, MODULES

PLATFORMS = sorted(READERS)


@pytest.mark.parametrize("name", SAMPLES)
def test_marks_arrive_as_they_are_and_nothing_that_may_not_be_known(published, name):
    published.add(SAMPLES[name])


def test_results_of_real_gradings_arrive_as_they_are(published, graded):
    assert {made.outcome for made in graded.values()} == {"graded"}
    assert len({made.score for made in graded.values()}) >= 4
    for made in graded.values():
        published.add(made)


def test_every_adapter_there_is_is_fed():
    there = {path.stem for path in Path(publish.__file__).parent.glob("*.py")} - {"__init__", "told"}
    assert there == set(MODULES) == set(READERS) == set(WRITERS)
    assert set(PUBLISHED) == there


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_report_gives_the_same_text_whatever_the_time_it_took(platform):
    made = SAMPLES["failed"]
    slower = replace(made, timings={"load": 9.0})
    assert WRITERS[platform](made, "trace") == WRITERS[platform](slower, "trace")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_student_is_told_no_seed_hash_path_or_fault_of_ours(platform):
    for made in SAMPLES.values():
        text = WRITERS[platform](replace(made, submission=replace(made.submission, path="/home/prof/x/hw.py")), "trace")
        for secret in ("0123456789abcdef", "a" * 64, "b" * 64, "c" * 64, "/home/prof", "signal 9"):
            assert secret not in text


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("depth", FEEDBACK_LEVELS)
def test_a_student_is_not_told_why_a_person_set_points_nor_who(platform, depth):
    text = WRITERS[platform](overruled(SAMPLES["failed"], bptt_gradients=30, relu=0), depth)
    assert not any(secret in text for secret in (SECRET, WHO, "Bo Li"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_feedback_level_bounds_what_is_told(platform):
    told = {level: WRITERS[platform](SAMPLES["failed"], level) for level in FEEDBACK_LEVELS}
    assert ("bptt_gradients" in told["score"]) == (platform in CELL_BY_CELL)
    assert "FAIL" not in told["score"]
    assert "bptt_gradients" in told["verdict"]
    assert "wrong sign" not in told["verdict"]
    assert "wrong sign" in told["example"]
    assert "computes on the way" not in told["example"]
    assert "computes on the way" in told["trace"]


@pytest.mark.parametrize("platform", sorted(set(PLATFORMS) - CELL_BY_CELL))  # nbgrader adds points up itself
def test_a_total_just_below_the_pass_mark_is_not_rounded_up_to_it(platform):
    made = replace(SAMPLES["failed"], score=Fraction(49999, 1000), passed=False)
    got = arrive(platform, made, "score")
    assert got.total < (Fraction(1, 2) if platform in OF_ONE else 50)


@pytest.mark.parametrize(("write", "read"), [(gradescope.to_gradescope, "gradescope"), (vpl.to_vpl, "vpl")])
@pytest.mark.parametrize("out_of", [Fraction(20), Fraction(7), Fraction(1), Fraction(1000, 3)])
def test_marks_out_of_another_total_still_add_up(write, read, out_of):
    for made in SAMPLES.values():
        if made.outcome == "graded":
            got = READERS[read](write(made, feedback="example", out_of=out_of))
            assert abs(got.total - made.score * out_of / made.max_score) <= Fraction(1, 100)
            assert sum(got.points.values()) == got.total


def test_scaling_makes_nobody_pass():
    made = replace(report(all_with("forward", "failed")), score=Fraction(49999, 1000), passed=False)
    assert READERS["vpl"](vpl.to_vpl(made, feedback="score", out_of=Fraction(10))).total < 5


# ---------------------------------------------------------------------------- one platform each
def test_junit_tells_failures_from_errors_and_counts_them():
    text = junit.to_junit([SAMPLES["mixed"], SAMPLES["passed"], SAMPLES["ungraded"]], feedback="example")
    assert '<testsuites name="grade" tests="15" failures="1" errors="4" skipped="0">' in text
    assert text.index('type="missing"') > text.index("<failure")


def test_junit_keeps_two_files_of_one_name_apart():
    made = [replace(SAMPLES["passed"], submission=Submission(f"{who}/hw.py")) for who in ("anna", "ben")]
    text = junit.to_junit(made, feedback="verdict")
    assert 'name="anna/hw.py"' in text
    assert 'name="ben/hw.py"' in text


def test_github_places_what_it_can_and_says_how_much_more_there_is():
    notices = tuple(Notice("load.raised", f"number {n}, 100%: x", Location(None, n)) for n in range(1, 15))
    made = replace(SAMPLES["mixed"], notices=notices, submission=Submission("hw, 1:2.py", None, "script"))
    found = annotations(WRITERS["github"](made, "trace").split("\f")[0])
    warnings = [item for item in found if item[0] == "warning"]
    assert warnings[0] == (
        "warning",
        {"file": "hw, 1:2.py", "line": "1", "title": "load.raised"},
        "number 1, 100%: x",
    )
    assert len(warnings) == 10
    assert warnings[-1][2] == "5 more: see the step's summary"
    assert {item[1]["title"].split(":")[0] for item in found if item[0] == "error"} == {
        "relu_derivative",
        "count_targets",
        "forward",
        "train",
    }


def test_a_cell_s_line_is_no_line_of_a_notebook_s_file():
    made = replace(SAMPLES["passed"], notices=(Notice("load.raised", "x", Location(3, 7)),))
    assert "title=cell 3%2C line 7::x" in WRITERS["github"](made, "trace")
    assert "line=7" not in WRITERS["github"](made, "trace")
