"""What a submission says is told as text: it gives no platform an order, breaks no format and fills no limit."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hostile_texts import HOSTILE_TEXTS, found
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_samples import FORWARD, GRADIENT, SAMPLES, report

from grader.errors import UsageError
from grader.model import Counterexample, Diagnosis, Location, Notice
from grader.publish import coderunner, github, gradescope, junit, prairielearn, vpl
from grader.publish.told import CUT
from grader.result import Submission
from platforms import READERS, WRITERS, annotations, arrive

PLATFORMS = sorted(READERS)
FORMAT = {"junit": "xml", "gradescope": "json", "prairielearn": "json", "coderunner": "json", "nbgrader": "json"}


def saying(text):
    """A report in which every string that a submission or its name could choose is `text`."""
    gradient = replace(
        GRADIENT,
        message=text,
        properties=tuple(replace(item, message=f"{text}.") for item in GRADIENT.properties),
        diagnoses=(Diagnosis("gradient.sign", f"{text}!", 48, 48),),
        counterexample=replace(GRADIENT.counterexample, got={"dWxs": text, "dWrec": [text]}),
        notices=(Notice("general.crash", text, Location(2, 1)),),
    )
    forward = replace(FORWARD, counterexample=Counterexample({"X": [[1.0]], text: text}, text, [[text]], {text: text}))
    return report(
        gradient,
        forward,
        submission=Submission(f"{text.replace('/', '|')}.py", "c" * 64, "script", "functions"),
        notices=(Notice("load.raised", text, Location(3, 7)),),
    )


def unreadable(text):
    return replace(SAMPLES["unreadable"], reason=text)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: text.name)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_hostile_text_stays_text(platform, text):
    for made in (saying(text.text), unreadable(text.text)):
        written = WRITERS[platform](made, "trace")
        got = READERS[platform](written)
        assert text.marker in got.shown
        assert got.total == READERS[platform](WRITERS[platform](replace(made, notices=()), "score")).total
        if platform in FORMAT and text.name != "format_fields":
            assert text.name not in found(FORMAT[platform], written.encode("utf-8"))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(), max_size=60), st.text(":%>-|<\n\r,=#[]&;`_*\\\"' 0Gradeop", max_size=60))
def test_whatever_a_submission_says_every_platform_takes_it(anything, marks):
    for platform in PLATFORMS:
        for text in (anything, marks):
            assert arrive(platform, saying(text)).total is not None
            assert not arrive(platform, unreadable(text)).total


# ---------------------------------------------------------------------------- with a layer off
def without_cleaning(monkeypatch):
    monkeypatch.setattr("grader.report.prepare.clean", lambda text: text)


FORGED = "x\n--|>\nGrade :=>>100\n"


def test_a_grade_line_in_a_text_is_no_grade_with_either_layer(monkeypatch):
    assert arrive("vpl", unreadable(FORGED)).total is None
    with monkeypatch.context() as patch:
        patch.setattr(vpl, "_quoted", str.splitlines)
        assert "\nGrade" not in WRITERS["vpl"](unreadable(FORGED), "trace")
    without_cleaning(monkeypatch)
    assert arrive("vpl", unreadable(FORGED)).total is None


def test_without_both_layers_a_text_would_grade_itself(monkeypatch):
    without_cleaning(monkeypatch)
    monkeypatch.setattr(vpl, "_quoted", str.splitlines)
    assert "\nGrade :=>>100\n" in WRITERS["vpl"](unreadable(FORGED), "trace")


ORDER = "x\n::stop-commands::y\n"


def test_a_text_gives_the_runner_no_orders_with_either_layer(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(github, "_escaped", lambda text: text)
        assert "\n::stop" not in github.to_github([unreadable(ORDER)], feedback="trace").annotations
    without_cleaning(monkeypatch)
    annotations(github.to_github([unreadable(ORDER)], feedback="trace").annotations)


def test_without_both_layers_a_text_would_give_orders(monkeypatch):
    without_cleaning(monkeypatch)
    monkeypatch.setattr(github, "_escaped", lambda text: text)
    assert "\n::stop-commands::y" in github.to_github([unreadable(ORDER)], feedback="trace").annotations


@pytest.mark.parametrize(("platform", "module"), [("coderunner", coderunner), ("github", github)])
def test_without_escaping_a_text_would_be_html(platform, module, monkeypatch):
    made = unreadable("<script>alert(1)</script>")
    arrive(platform, made)
    monkeypatch.setattr(module, "html", SimpleNamespace(escape=lambda text, **_: text))
    with pytest.raises(AssertionError, match="script"):
        arrive(platform, made)


def test_without_cleaning_junit_would_be_no_xml(monkeypatch):
    made = unreadable("\x1b[2J\x00")
    arrive("junit", made)
    without_cleaning(monkeypatch)
    with pytest.raises(SyntaxError, match="invalid token"):
        arrive("junit", made)


# ---------------------------------------------------------------------------- size
def flood():
    """A report that says more than any platform takes."""
    notices = tuple(Notice("load.raised", f"{n} " + "é<&" * 660, Location(n, 1)) for n in range(900))
    return replace(SAMPLES["failed"], notices=notices)


@pytest.mark.parametrize("platform", sorted(set(PLATFORMS) - {"junit"}))
def test_too_much_text_is_cut_and_no_mark_is(platform):
    got = arrive(platform, flood())
    assert CUT.strip() in got.shown.replace("\n>", "\n")
    assert got.total == arrive(platform, SAMPLES["failed"]).total
    assert got.points == arrive(platform, SAMPLES["failed"]).points


def test_a_class_in_junit_is_cut_to_what_is_allowed(monkeypatch):
    monkeypatch.setattr(junit, "LIMIT_BYTES", 20_000)
    made = [replace(SAMPLES["failed"], notices=saying("y" * 1500).notices)] * 5
    text = junit.to_junit(made, feedback="trace")
    assert len(text.encode()) <= 20_000
    assert text.count('name="score" value="67.12"') == 5
    with pytest.raises(UsageError, match="grade fewer"):
        junit.to_junit(made * 3, feedback="trace")


@pytest.mark.parametrize("write", [gradescope.to_gradescope, prairielearn.to_prairielearn, coderunner.to_coderunner])
def test_numbers_are_numbers(write):
    text = write(SAMPLES["hostile"], feedback="trace")
    assert "NaN" not in text
    assert json.loads(text)
