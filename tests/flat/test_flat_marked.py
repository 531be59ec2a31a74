"""Flat submissions through the real grader: marked, diagnosed and told about as their manifest says."""

from __future__ import annotations

import pytest
from watched import HERE, manifest

from corpora import codes, lost

FLAT = manifest()
WORTH = {"relu", "relu_derivative", "count_targets", "forward", "bptt_gradients", "train", "predict_counts"}


@pytest.mark.parametrize("flat", FLAT, ids=str)
def test_a_flat_submission_is_marked_and_diagnosed_as_its_manifest_says(grader, published, flat):
    report = grader.grade(HERE / "submissions" / flat.file)
    published.add(report)

    assert (report.outcome, report.submission.style) == ("graded", "flat"), report.reason
    assert {check.verdict.name for check in report.checks} == WORTH
    assert set(flat.wrong) <= lost(report) <= {*flat.wrong, *flat.may_lose}
    noticed = {notice.code for notice in report.notices}
    assert set(flat.codes) <= codes(report) <= {*flat.codes, *flat.notices}
    assert set(flat.notices) <= noticed
    assert "flat.understood" in noticed
    if flat.correct:
        assert report.score == 100
        assert not report.review


def test_a_use_of_old_pytorch_is_told_with_its_line_and_the_modern_spelling(grader):
    report = grader.grade(HERE / "submissions" / "handout_faults.py")

    told = [notice for notice in report.notices if notice.code == "flat.legacy"]
    assert told
    assert all(notice.location.line for notice in told)
    assert any(".item()" in notice.message or ".view(" in notice.message for notice in told)
