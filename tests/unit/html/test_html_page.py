"""The page of a student: whole in itself, readable, and nothing in it but what its reader may see."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from html_reading import Page, hash_of
from html_samples import HOSTILE, facts_saying, saying, training_path, without_escaping
from report_samples import GRADIENT, SAMPLES, SECRET, WHO, all_with, overruled, report

from grader.contract import FUNCTIONS
from grader.report.html import PageFacts, to_html
from grader.report.html import render as rendering
from grader.report.marks import points_text, shown_points
from grader.result import FEEDBACK_LEVELS

DRAWN = {name: replace(sample, path=training_path()) for name, sample in SAMPLES.items()}
everything = pytest.mark.parametrize("name", DRAWN)
depths = pytest.mark.parametrize("depth", FEEDBACK_LEVELS)


def page(sample, audience="student", feedback=None, **facts):
    return Page(to_html(sample, audience=audience, feedback=feedback, facts=PageFacts(**facts)))


# ---------------------------------------------------------------------------- whole in itself
@everything
@pytest.mark.parametrize("audience", ["teacher", "student"])
def test_a_page_asks_nothing_of_the_network_and_names_its_style_by_hash(name, audience):
    html = to_html(DRAWN[name], audience=audience)
    found = Page(html)
    assert found.policy == (
        f"default-src 'none'; style-src {hash_of(found.raw['style'])}; base-uri 'none'; form-action 'none'"
    )
    assert "script" not in found.raw
    assert not re.search(r"https?:|url\((?!#)|@import|//[a-z]", html)
    for tag, attrs in found.tags:
        assert tag not in {"script", "img", "iframe", "object", "embed", "link", "base", "form", "foreignobject"}
        assert not [each for each in attrs if each.startswith("on") or each in {"src", "srcset", "style", "action"}]
        assert attrs.get("href", "#").startswith("#")


@everything
def test_ids_are_unique_and_every_reference_leads_somewhere(name):
    found = page(DRAWN[name])
    assert len(set(found.ids)) == len(found.ids)
    for _, attrs in found.tags:
        for each in (attrs.get("aria-labelledby") or "").split() + re.findall(r"#([\w-]+)", attrs.get("href") or ""):
            assert each in found.ids
        for each in re.findall(r"url\(#([\w-]+)\)", " ".join(value or "" for value in attrs.values())):
            assert each in found.ids


@everything
def test_a_page_has_landmarks_headings_in_order_and_labelled_tables(name):
    found = page(DRAWN[name])
    tags = [tag for tag, _ in found.tags]
    assert [tags.count(tag) for tag in ("main", "h1", "footer")] == [1, 1, 1]
    assert found.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attrs for attrs in found.all("th"))
    pictures = [attrs for attrs in found.all("svg") if "aria-hidden" not in attrs]
    assert all(attrs["role"] == "img" and len(attrs["aria-labelledby"].split()) == 2 for attrs in pictures)


@everything
def test_a_status_is_a_word_and_not_a_colour(name):
    found = page(DRAWN[name])
    words = found.words
    for check in DRAWN[name].checks:
        mark = rendering.MARKS[check.verdict.status]
        assert f"{check.verdict.name} {mark.symbol} {mark.word.capitalize()}" in words


# ---------------------------------------------------------------------------- hostile text
def test_text_of_a_submission_adds_no_tag_and_no_attribute():
    harmless, hostile = (page(saying(text), "teacher", **facts_saying(text)) for text in ("harmless", HOSTILE))
    assert hostile.structure == harmless.structure
    assert hostile.words.count("<script>window.hit=1</script>") >= 14
    assert "{{ 7 * 191 }}" in hostile.words
    assert "1337" not in hostile.words
    assert not re.search("[\u202e\x00]", hostile.words)


def test_without_escaping_the_same_text_would_be_markup(monkeypatch):
    without_escaping(monkeypatch)
    assert "<script>window.hit=1</script>" in to_html(saying(HOSTILE), facts=PageFacts(**facts_saying(HOSTILE)))


# ---------------------------------------------------------------------------- what a reader may see
@everything
@depths
def test_a_student_sees_no_seed_hash_rubric_path_or_review(name, depth):
    sample = replace(DRAWN[name], review=("copied from Zacharias",))
    html = to_html(sample, audience="student", feedback=depth)
    visible = html[html.index("<body>") :]
    for secret in ("a" * 64, "b" * 64, "c" * 64, "public", "0123456789abcdef", "rubric", "/home/prof", "course/anna"):
        assert secret not in visible
    assert "Zacharias" not in visible
    assert "Zacharias" in to_html(sample)


@depths
def test_feedback_goes_no_further_than_it_says(depth):
    words = page(DRAWN["failed"], feedback=depth).words
    level = FEEDBACK_LEVELS.index(depth)
    assert "67.12" in words
    assert ("✗ Fail" in words) == (level >= 1)
    assert ("opposite sign" in words) == ("-0.125" in words) == ("Your training" in words) == (level >= 2)
    assert ("delta" in words) == (level >= 3)


@everything
def test_a_student_s_page_is_the_same_bytes_whatever_time_it_took(name):
    first = to_html(DRAWN[name], audience="student")
    assert first == to_html(replace(DRAWN[name], timings={"load_s": 99.0}), audience="student")
    assert "99.000 s" in to_html(replace(DRAWN[name], timings={"load_s": 99.0}))


def test_a_mark_that_a_person_gave_stands_beside_the_grader_s():
    words = page(overruled(SAMPLES["failed"], bptt_gradients=30, train=15.5)).words
    own = points_text(shown_points(SAMPLES["failed"])[FUNCTIONS.index("bptt_gradients")])
    assert "Points set by a person; the grader's own mark was 67.12." in words
    assert f"bptt_gradients {own} 30 train 20 15.50" in words
    assert f"bptt_gradients ✗ Fail 30 grader: {own} 35" in words
    assert f"30 of 35, set by a person (the grader's own: {own})" in words
    assert "train ✓ Pass 15.50 grader: 20 20" in words


@depths
def test_a_student_sees_that_a_person_set_points_and_neither_why_nor_who(depth):
    sample = overruled(SAMPLES["failed"], bptt_gradients=30)
    student = page(sample, feedback=depth).words
    assert "Points set by a person; the grader's own mark was 67.12." in student
    assert not any(secret in student for secret in (SECRET, WHO))
    teacher = page(sample, "teacher").words
    assert f"30 {SECRET} {WHO}" in teacher


@pytest.mark.parametrize(("points", "word"), [(17, "Below the pass mark"), (18, "Passed")])
def test_a_person_s_mark_decides_whether_it_is_passed(points, word):
    made = report(all_with("relu", "failed"), all_with("forward", "missing"), all_with("bptt_gradients", "missing"))
    rest = {"train": 17, "predict_counts": 0, "relu_derivative": 5, "count_targets": 10}
    assert word in page(overruled(made, **rest, forward=points, relu=0)).words


def test_what_a_person_settled_is_not_the_next_thing_to_do_and_its_bar_is_theirs():
    made = report(all_with("relu", "missing"), all_with("forward", "missing"))
    found = page(overruled(made, relu=4))
    assert "Next Take forward first" in found.words
    bars = {attrs["class"]: attrs["width"] for attrs in found.all("rect")}
    assert bars["changed"] == "3.650"
    assert "Next" not in page(overruled(made, relu=4, forward=20)).words


def test_what_was_not_graded_has_no_mark_and_says_why():
    for name in ("unreadable", "ungraded"):
        words = page(SAMPLES[name]).words
        assert "of 100 points" not in words
        assert {"unreadable": "PNG image", "ungraded": "says nothing about the submission"}[name] in words


def test_how_it_was_graded_is_never_an_empty_heading():
    assert "How this was graded It was not: nothing of it was run." in page(SAMPLES["unreadable"]).words
    assert "It was not" not in page(SAMPLES["failed"]).words


def test_unconfined_marks_say_so():
    assert "Unconfined" in page(SAMPLES["mixed"]).words
    assert "Unconfined" not in page(SAMPLES["failed"]).words


def test_the_first_check_that_did_not_pass_comes_next():
    assert "Next Take forward first: trace its case below by hand" in page(SAMPLES["failed"]).words
    assert "Next" not in page(SAMPLES["passed"]).words


# ---------------------------------------------------------------------------- the failing case
def test_the_smallest_case_shows_what_is_right_and_yours_and_where_they_part():
    found = page(DRAWN["failed"])
    marked = [attrs["class"] for attrs in found.all("g") if "departs" in attrs.get("class", "")]
    assert marked == ["box node differs departs", "box plain differs departs"]
    assert "S departs first at k = 2: expected 0.25, yours nan." in found.words
    assert "delta departs first at k = 1: expected -0.5, yours 0.5." in found.words
    assert "dWxs -0.125 ≠ differs: 0.125" in found.words


@pytest.mark.parametrize(("traced", "said"), [(True, "delta departs first"), (False, "The right values alone")])
def test_a_picture_of_a_failing_case_does_not_say_that_nothing_differs(traced, said):
    gradient = GRADIENT if traced else replace(GRADIENT, counterexample=replace(GRADIENT.counterexample, trace=None))
    found = page(report(gradient))
    assert said in found.words
    assert "Nothing differs here" not in found.words


def test_a_check_that_passed_is_only_a_line():
    found = page(SAMPLES["failed"])
    assert "relu" not in found.ids
    assert "forward" in found.ids


@pytest.mark.parametrize("status", ["error", "timeout", "missing", "blocked"])
def test_a_check_without_a_case_tells_its_message(status):
    found = page(report(all_with("forward", status, "why it ended so.")))
    assert found.words.count("why it ended so.") == 1


# ---------------------------------------------------------------------------- the training
@pytest.mark.parametrize("kind", ["right", "sequential", "climbs", "frozen", "nan", "empty"])
def test_a_training_is_drawn_and_stands_beside_it_as_numbers(kind):
    found = page(replace(SAMPLES["passed"], path=training_path(kind)))
    lines = [attrs for attrs in found.all("polyline") if "right" in attrs["class"]]
    assert [len(attrs["points"].split()) > 20 for attrs in lines] == [True, True]
    assert "4 sequences of 5 steps" in found.words
    assert "Weights after an update" in found.words


def test_long_pictures_are_not_cut_like_text():
    found = page(DRAWN["passed"])
    assert max(len(attrs["d"]) for attrs in found.all("path")) > 2000
    assert not [attrs for _, attrs in found.tags if "…" in (attrs.get("d") or attrs.get("points") or "")]
