"""What watches the adapters notices each thing that one could do wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from report_samples import SAMPLES

from grader.model import Notice
from grader.publish import coderunner, github, gradescope, junit, nbgrader, prairielearn, told, vpl
from platforms import WRITERS
from publishable import MODULES, Published

PLATFORMS = sorted(MODULES)
MADE = SAMPLES["failed"]


def accused(made, match):
    with pytest.raises(AssertionError, match=match):
        Published().add(made)


def breaks(monkeypatch, module, name, change):
    """Let what the function gives be changed."""
    function = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args, **kwargs: change(function(*args, **kwargs)))


def test_what_is_right_passes_and_is_counted():
    published = Published()
    published.add(MADE)
    published.add(SAMPLES["unreadable"])
    assert (published.reports, published.texts, set(published.largest)) == (2, 56, set(PLATFORMS))
    assert str(published).startswith("2 x 7 platforms x 4 levels = 56 texts; largest, KiB: coderunner ")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_mark_that_is_not_ours_is_noticed(platform, monkeypatch):
    writer = WRITERS[platform]

    def generous(report, feedback):
        checks = tuple(replace(check, points=check.max_points) for check in report.checks)
        return writer(replace(report, score=report.score + 1, checks=checks), feedback)

    monkeypatch.setitem(WRITERS, platform, generous)
    accused(MADE, f"{platform}, feedback score")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_points_of_another_check_are_noticed(platform, monkeypatch):
    writer = WRITERS[platform]

    def exchanged(report, feedback):
        if not report.checks:
            return writer(report, feedback)
        one, *others, two = report.checks
        checks = (replace(one, verdict=two.verdict), *others, replace(two, verdict=one.verdict))
        return writer(replace(report, checks=checks), feedback)

    monkeypatch.setitem(WRITERS, platform, exchanged)
    made = replace(MADE, checks=tuple(sorted(MADE.checks, key=lambda check: check.points)))
    accused(made, f"{platform}, feedback ")


@pytest.mark.parametrize("level", ["score", "verdict", "example"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_telling_more_than_the_level_allows_is_noticed(platform, level, monkeypatch):
    writer, more = WRITERS[platform], {"score": "verdict", "verdict": "example", "example": "trace"}[level]
    monkeypatch.setitem(WRITERS, platform, lambda report, at: writer(report, more if at == level else at))
    accused(MADE, f"{platform}, feedback {level}")


@pytest.mark.parametrize("secret", ["seed", "bank_sha256"])
def test_what_only_a_teacher_may_see_is_noticed(secret, monkeypatch):
    writer = WRITERS["junit"]

    def chatty(report, feedback):
        text = writer(report, feedback)
        return text.replace("</testsuites>", f"<!-- {report.provenance.get(secret)} --></testsuites>")

    monkeypatch.setitem(WRITERS, "junit", chatty)
    accused(MADE, "junit, feedback score: tells what may not be known")


def test_words_of_the_submission_s_answers_below_example_are_noticed(monkeypatch):
    said = Notice("general.crash", "3.0625")
    first, *others = MADE.checks
    first = replace(first, verdict=replace(first.verdict, notices=(said,)))
    made = replace(MADE, checks=(first, *others), notices=(*MADE.notices, said))
    Published().add(made)
    monkeypatch.setattr("grader.report.prepare._is_ours", lambda _: True)
    accused(made, "feedback verdict: tells what may not be known")


@pytest.mark.parametrize("module", [gradescope, prairielearn, coderunner, vpl, junit, github, nbgrader])
def test_too_much_is_noticed(module, monkeypatch):
    monkeypatch.setattr(module, "LIMIT_BYTES", 8000)
    flooded = replace(MADE, notices=tuple(Notice("load.raised", f"{n} " + "é" * 1900) for n in range(3)))
    Published().add(flooded)
    monkeypatch.setattr(module, "fit", lambda render, _: render(1 << 30))
    accused(flooded, r"feedback verdict: \d+ bytes")


NOT_VALID = (
    (gradescope, "tests", lambda tests: [{**test, "points": 1} for test in tests]),
    (prairielearn, "score", lambda _: float("nan")),
    (prairielearn, "score", lambda score: score * 100),
    (coderunner, "testresults", lambda rows: rows[1:]),
    (coderunner, "prologuehtml", lambda page: f"<script>{page}</script>"),
)


@pytest.mark.parametrize(("module", "key", "change"), NOT_VALID)
def test_what_the_platform_would_refuse_is_noticed(module, key, change, monkeypatch):
    def spoil(data):
        return data | {key: change(data[key])} if key in data else data

    monkeypatch.setattr(module, "to_json_text", lambda data: json.dumps(spoil(data)))
    accused(MADE, module.__name__.rpartition(".")[2])


@pytest.mark.parametrize("made", ["unreadable", "ungraded"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_zero_in_place_of_not_graded_is_noticed(platform, made, monkeypatch):
    if (platform, made) == ("gradescope", "unreadable"):
        return  # there it is one
    writer = WRITERS[platform]
    zero = replace(MADE, checks=tuple(replace(check, points=0) for check in MADE.checks), score=0, passed=False)
    monkeypatch.setitem(WRITERS, platform, lambda _, feedback: writer(zero, feedback))
    accused(SAMPLES[made], platform)


def test_the_text_that_platforms_share_is_the_text_each_would_have_made():
    shared, alone = Published().add(MADE), b""
    for feedback in ("score", "verdict", "example", "trace"):
        for platform in MODULES:
            alone += WRITERS[platform](MADE, feedback).encode()
    assert shared == alone
    assert gradescope.tell is told.tell
