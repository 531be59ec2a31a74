"""Text and JSON: what people and programs read, byte for byte, whatever the submission says."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE_TEXT, SAMPLES, STRONG, all_with, report

from grader.messages import MESSAGES
from grader.model import Counterexample, Diagnosis, Isolation, Notice
from grader.report.as_json import schema_text, to_json_object, to_json_text
from grader.report.as_text import Look, to_line, to_text
from grader.report.case import case_lines
from grader.report.clean import clean
from grader.report.phrases import HINTS, NO_CASE_HINT
from grader.result import FEEDBACK_LEVELS, Submission

GOLDEN = Path(__file__).parent.parent / "golden"
SCHEMA = json.loads(schema_text())
LOOKS = {
    **{f"{name}-80": (name, Look(80)) for name in SAMPLES},
    "failed-60": ("failed", Look(60)),
    "failed-120-verbose": ("failed", Look(120, verbose=True)),
    "failed-student-example": ("failed", Look(80, audience="student", feedback="example")),
    "failed-student-verdict": ("failed", Look(80, audience="student", feedback="verdict")),
    "failed-student-score": ("failed", Look(80, audience="student", feedback="score")),
}
everything = pytest.mark.parametrize("name", SAMPLES)
depths = pytest.mark.parametrize("depth", FEEDBACK_LEVELS)


@pytest.mark.parametrize("golden", LOOKS)
def test_the_text_is_as_it_was_looked_at(golden):
    """`GOLDEN=write pytest tests/unit/test_report.py` writes the files anew: look at them before they are kept."""
    name, look = LOOKS[golden]
    path = GOLDEN / f"{golden}.txt"
    text = to_text(SAMPLES[name], look).encode()
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(text)
    assert text == path.read_bytes()


def test_every_golden_file_is_checked():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == LOOKS.keys() | {"doctor-strong", "doctor-basic"}


@everything
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_console(name, width):
    text = to_text(SAMPLES[name], Look(width, verbose=True))
    assert [line for line in text.splitlines() if len(line) > width] == []


@everything
def test_a_status_is_told_by_words_not_by_colour_alone(name):
    plain = to_text(SAMPLES[name], Look(80))
    coloured = to_text(SAMPLES[name], Look(80, colour=True))
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_a_submission_cannot_paint_the_console():
    text = to_text(SAMPLES["hostile"], Look(80, colour=True, verbose=True))
    assert set(re.findall(r"\x1b\[[0-9;]*m", text)) <= {
        f"\x1b[{code}m" for code in ("0", "1", "31", "32", "1;31", "1;32")
    }
    for harmful in ("\x1b[2J", "\u202e", "\x9b", "\ud800"):
        assert harmful not in text
    assert "[bold red]100/100[/bold red] :smile:" in re.sub(r"\s+", " ", text)
    assert "\nNext: give" not in text


def test_a_line_for_each_of_several_is_one_line():
    sample = replace(SAMPLES["hostile"], submission=Submission("a\nb" * 80))
    assert to_line(sample, Look(80)).count("\n") == 1


@pytest.mark.parametrize(
    ("code", "look", "step"),
    [
        ("general.missing", Look(), "write relu, or name yours with --map relu=YOURS if it is called otherwise."),
        ("general.missing", Look(audience="student"), "write relu, under this very name."),
        ("general.syntax_error", Look(), "mend the line that relu is lost to, and grade again."),
        (
            "general.syntax_error",
            Look(audience="student", feedback="verdict"),
            "take relu first: it is not there, or could not be read.",
        ),
    ],
)
def test_the_next_step_for_what_is_missing_is_one_that_its_reader_can_take(code, look, step):
    verdict = replace(all_with("relu", "missing", "why"), diagnoses=(Diagnosis(code, "why"),))
    text = to_text(report(verdict), look)
    assert " ".join(text.split()).endswith(f"Next: {step}")
    assert ("--map" in text) == ("--map" in step)


def test_a_crash_is_a_cause_of_its_own_only_beside_wrong_answers():
    crash = (Diagnosis("general.crash", "relu raises ValueError."),)
    wrong = replace(all_with("relu", "failed", "For S = 1 you return 2."), diagnoses=crash)
    crashed = replace(all_with("relu", "error", "For S = 1 relu raises ValueError."), diagnoses=crash)
    assert "Likely cause: relu raises ValueError." in to_text(report(wrong), Look())
    assert "Likely cause" not in to_text(report(crashed), Look())


def test_no_hint_but_that_of_the_command_line_names_an_option():
    assert [text for text in (*MESSAGES.values(), *HINTS.values(), NO_CASE_HINT) if "--" in text] == []


# ---------------------------------------------------------------------------- JSON
@everything
@depths
@pytest.mark.parametrize("audience", ["teacher", "student"])
def test_json_follows_the_published_schema(name, depth, audience):
    data = json.loads(to_json_text(to_json_object(SAMPLES[name], audience, depth)))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(data, SCHEMA)
    jsonschema.validate([data, data], SCHEMA)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.update(outcome="fine"),
        lambda data: data.update(score=None),
        lambda data: data.update(extra=1),
        lambda data: data["checks"][0].update(status="ok"),
        lambda data: data["checks"][0].update(message="a\nb"),
        lambda data: data["submission"].update(sha256="x"),
        lambda data: data.pop("isolation"),
    ],
)
def test_the_schema_refuses_what_the_contract_does_not_allow(spoil):
    data = to_json_object(SAMPLES["failed"])
    spoil(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


@everything
def test_json_is_the_same_bytes_each_time_timings_aside(name):
    first = to_json_text(to_json_object(SAMPLES[name]))
    assert first == to_json_text(to_json_object(SAMPLES[name]))
    slower = to_json_object(replace(SAMPLES[name], timings={"load": 99.0}))
    assert {**json.loads(first), "timings": None} == {**slower, "timings": None}


@everything
def test_scores_add_up_in_json(name):
    data = to_json_object(SAMPLES[name])
    if data["outcome"] == "graded":
        assert round(sum(check["score"] for check in data["checks"]), 2) == data["score"]


def test_no_mark_is_null_not_zero():
    for name in ("unreadable", "ungraded"):
        data = to_json_object(SAMPLES[name])
        assert (data["score"], data["passed"]) == (None, None)
        assert data["reason"]


def test_numbers_are_finite_and_odd_values_become_text():
    example = Counterexample({"X": [[float("nan")]]}, float("inf"), [float("-inf"), complex(1, 2), None, True])
    broken = replace(SAMPLES["failed"].checks[4].verdict, counterexample=example)
    data = to_json_object(report(broken))["checks"][4]["counterexample"]
    assert data == {"X": [["nan"]], "expected": "inf", "got": ["-inf", "(1+2j)", None, True]}


def test_unconfined_marks_say_so():
    assert to_json_object(SAMPLES["mixed"])["isolation"]["unconfined"]
    assert not to_json_object(SAMPLES["failed"])["isolation"]["unconfined"]
    for level in ("basic", "none"):
        assert "unconfined" in to_line(report(isolation=Isolation(level, ())), Look())


def test_a_notice_on_submission_and_check_is_told_once():
    notice = Notice("a.b", "once")
    verdict = replace(SAMPLES["passed"].checks[0].verdict, notices=(notice,))
    assert len(to_json_object(report(verdict, notices=(notice,)))["notices"]) == 1


# ---------------------------------------------------------------------------- what a student sees
@everything
@depths
def test_a_student_sees_no_seed_hash_rubric_or_machine_path(name, depth):
    sample = SAMPLES[name]
    sample = replace(sample, notices=(*sample.notices, Notice("a.b", f"in {sample.submission.path} and helper.py")))
    shown = to_json_text(to_json_object(sample, "student", depth)) + to_text(
        sample, Look(120, verbose=True, audience="student", feedback=depth)
    )
    for secret in ("a" * 64, "b" * 64, "c" * 64, "public", "0123456789abcdef", "rubric", "/home/prof", "course/anna"):
        assert secret not in shown


@depths
def test_feedback_goes_no_further_than_it_says(depth):
    shown = to_json_text(to_json_object(SAMPLES["failed"], "student", depth))
    level = FEEDBACK_LEVELS.index(depth)
    assert ('"status"' in shown) == (level >= 1)
    assert ("gradient.sign" in shown) == ("-0.125" in shown) == ("wrong sign" in shown) == (level >= 2)
    assert ('"trace"' in shown) == (level >= 3)
    assert '"score": 67.12' in shown


# ---------------------------------------------------------------------------- cleaning
@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_cleaned_text_is_one_line_of_printable_utf8(text):
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert {unicodedata.category(char) for char in cleaned} & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", cleaned)
    assert clean(cleaned) == cleaned


def test_harmless_text_is_left_alone():
    for text in ("naïve ∂L/∂Wxs", "日本語 ✓", "[1, 2] <b> & \\x1b", ""):
        assert clean(text) == text


def test_endless_text_is_cut():
    assert clean("x" * 10_000_000) == "x" * 1999 + "…"
    assert len(clean("\x1b" * 10_000)) == 2000


def test_hostile_text_loses_its_teeth():
    assert clean(HOSTILE_TEXT).startswith("\\x1b[2J\\x1b[31mPASS")


# ---------------------------------------------------------------------------- the smallest case
def test_a_case_is_laid_out_by_time_step():
    example = Counterexample({"X": [[1.0, 0.0], [0.0, 1.0]]}, [[1.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 0.0]])
    assert case_lines(example, 70) == [
        "k   X      expected   yours",
        "0   1  0   1  0       0  0",
        "1   0  1   1  1       1  0",
    ]


def test_digits_are_added_until_a_difference_shows():
    lines = case_lines(Counterexample({}, {"y": 0.1}, {"y": 0.1 + 1e-8}), 70)
    assert lines == ["expected  y = 0.1", "yours     y = 0.10000001"]
    lines = case_lines(Counterexample({}, [1.0, 0.1], [2.0, 0.1 + 1e-8]), 70)
    assert lines == ["expected  [1, 0.1]", "yours     [2, 0.1]"]


def test_a_sign_of_zero_is_shown():
    assert case_lines(Counterexample({"S": -0.0}, 0.0, "None"), 70) == ["S = -0", "expected  0", "yours     None"]


@pytest.mark.parametrize("width", [52, 72, 112])
def test_a_large_case_fits_the_width_and_says_what_it_leaves_out(width):
    matrix = [[0.123456 * k for _ in range(40)] for k in range(30)]
    lines = case_lines(Counterexample({"X": matrix, "T": matrix, "Wxs": 1.0}, {"S": matrix}, {"S": matrix}), width)
    assert max(map(len, lines)) <= width
    assert any("18 more rows" in line and "more columns" in line for line in lines)


def indices(lines):
    return [line.split()[0] for line in lines[1:] if line[0] in "0123456789…"]


def test_of_a_long_case_the_rows_are_shown_that_lead_to_where_it_goes_wrong():
    right = [[float(k)] for k in range(30)]
    wrong = [[float(k if k < 20 else 0)] for k in range(30)]
    lines = case_lines(Counterexample({"X": right}, right, wrong), 70)
    assert indices(lines) == [*"012…", *map(str, range(15, 24))]
    assert lines[-1] == "(and 18 more rows)"
    lines = case_lines(Counterexample({"X": right, "n_iter": 3}, 1.0, 2.0), 70)
    assert indices(lines) == [*map(str, range(10)), "…", "28", "29"]
    early = case_lines(Counterexample({"X": right}, right, [[5.0], *right[1:]]), 70)
    assert indices(early) == [*map(str, range(12))]


def test_ragged_and_empty_values_are_shown_as_they_are():
    lines = case_lines(Counterexample({"X": [[1.0], [1.0, 2.0]], "S": []}, [], [[]]), 70)
    assert lines == ["X = [[1], [1, 2]], S = []", "expected  []", "yours     [[]]"]


def test_layers_are_named_in_the_text():
    assert f"({', '.join(STRONG.layers)})" in to_text(SAMPLES["passed"], Look())
