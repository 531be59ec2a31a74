"""Anonymous reports: no name gets through in what a submission says, and our own sentences stay sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from canned import judge

from grader.cohort.our_words import our_words
from grader.cohort.pseudonyms import without_names
from grader.messages import MESSAGES
from grader.model import Cell, Notice, Program
from grader.result import Submission
from grader.rubric import Rubric
from grader.score import report_of

ANON = "anon-abc"


def said(text, path, *known):
    """A message of a submission's, as it stands in the anonymous report."""
    judged = judge(Program("", "a" * 64, "script", (Cell("# all right\n"),)))
    made = replace(report_of(judged, Rubric()), submission=Submission(path), notices=(Notice("load.raised", text),))
    return without_names(made, ANON, known).notices[0].message


@pytest.mark.parametrize("name", ["You", "Right", "Gradient", "Range", "Long"])
def test_a_name_that_is_a_word_of_ours_leaves_our_sentences_alone(name):
    for text in (*MESSAGES.values(), "IndexError: list index out of range", "no attribute 'long'"):
        assert said(text, f"subs/{name.lower()}.py", name, f"Maryam {name}") == text


def test_a_file_named_as_a_function_leaves_our_sentences_alone():
    text = "The gradient points the other way."
    assert said(text, "subs/gradient.py", "gradient") == text


@pytest.mark.parametrize(
    "text",
    [
        "by Maryam Right",
        "by maryam_right",
        "by Right, Maryam",
        "by Maryam",
        "right_maryam.csv",
        "/home/maryam/rnn.py",
        "in subs/right.py, line 3",
        "no such file: right.py",
        "number 31337",
    ],
)
def test_the_name_itself_gets_through_in_no_form(text):
    found = said(text, "subs/right.py", "31337", "Maryam Right")
    assert ANON in found
    assert not any(word in found.lower() for word in ("maryam", "31337", "right.py"))


@pytest.mark.parametrize("name", ["Long, Mark", "Mark Long", "mark_long"])
@pytest.mark.parametrize(
    "text",
    [
        "/home/Mark_Long/x",
        "Mark Long",
        "by LONG, MARK!",
        "long-mark.csv",
        "mark.long",
        "the Long Mark",
    ],
)
def test_two_words_of_a_name_are_hidden_together_though_both_are_ours(name, text):
    assert {"long", "mark"} <= our_words()
    found = said(text, "subs/one.py", "one", name)
    assert ANON in found
    assert "long" not in found.lower()
    assert "mark" not in found.lower()


def test_two_words_of_a_path_two_numbers_and_two_initials_stay():
    for text in ("the gradient of a loss", "[2, 3, 5]", "forward(X, T)", "a long, long way"):
        assert said(text, "loss/of/gradient/of.py", "group_5_3_2", "X T Long") == text


@pytest.mark.parametrize("path", ["subs/one.py", "subs/Rene\u0301.py"])
@pytest.mark.parametrize("name", ["Ren\u00e9", "Rene\u0301", "Ren\u00e9 Long"])
@pytest.mark.parametrize("text", ["/Users/rene\u0301/rnn.py", "/Users/ren\u00e9/rnn.py", "Rene\u0301"])
def test_an_accent_apart_from_its_letter_is_the_same_name(path, name, text):
    found = said(text, path, "one", name)
    assert ANON in found
    assert "ren" not in found.lower()


def test_text_that_names_nobody_keeps_its_accents():
    assert said("e\u0301", "subs/one.py", "one", "Ren\u00e9") == "e\u0301"


def test_a_short_name_is_hidden_where_it_stands_whole():
    assert said("Li Bo and bo_li", "subs/bo_li.py", "bo_li", "Bo Li") == f"{ANON} and {ANON}"
    assert said("[2, 2] = Li + 2", "subs/li_2.py", "li_2") == "[2, 2] = Li + 2"


def test_versions_and_the_seed_are_not_searched_for_names():
    judged = judge(Program("", "a" * 64, "script", (Cell("# all right\n"),)))
    made = replace(report_of(judged, Rubric()), submission=Submission("x.py"), provenance={"seed": "public"})
    assert without_names(made, ANON, ("John Q. Public",)).provenance == {"seed": "public"}


def test_no_name_is_a_word_of_ours():
    assert not our_words() & {"ada", "bo", "li", "anna", "smith", "maryam", "lovelace", "turing", "anon"}
    assert {"right", "you", "gradient", "range", "bptt", "not", "defined"} <= our_words()
