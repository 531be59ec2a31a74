"""The corpora through the real grader: right submissions keep every mark, wrong ones lose theirs where they should.

Known mistakes are named, and nothing else is.

Every report goes to every platform on the way: `published`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from corpora import codes, lost, manifest

ROOT = Path(__file__).parent
EXAMPLES = ROOT.parent / "student_template" / "examples"
MUTANTS = ROOT / "mutants"
TWINS = sorted((ROOT / "twins" / "submissions").iterdir())
WRONG = [(MUTANTS / "submissions", entry) for entry in manifest(MUTANTS / "manifest.toml")]
WRONG += [(EXAMPLES, entry) for entry in manifest(EXAMPLES / "manifest.toml")]
EXPLAINED = ("relu.", "targets.", "forward.", "gradient.", "train.", "predict.")
"""How the codes of known mistakes begin: where a submission makes some, each check it loses has one of its own."""


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.name)
def test_a_correct_submission_earns_everything_however_it_is_written(grader, published, path):
    report = grader.grade(path)
    published.add(report)

    assert (report.outcome, report.score, lost(report)) == ("graded", 100, set())
    assert codes(report) == set()


def test_the_reference_turned_into_a_submission_earns_everything(grader):
    report = grader.grade(ROOT.parent / "reference" / "rnn.py")

    assert (report.outcome, report.score, report.passed) == ("graded", 100, True)


@pytest.mark.parametrize(("folder", "entry"), WRONG, ids=[entry.file for _, entry in WRONG])
def test_a_mistake_costs_the_checks_it_spoils_and_no_other(grader, published, folder, entry):
    report = grader.grade(folder / entry.file)
    published.add(report)

    assert report.outcome == "graded"
    assert entry.loses - entry.carried <= lost(report) <= (entry.loses | entry.may_lose) - entry.carried
    assert codes(report) == set(entry.codes)
    explained = any(code.startswith(EXPLAINED) for code in entry.codes)
    for check in report.checks:
        if check.points < check.max_points:
            assert check.verdict.message
        if explained and check.verdict.name in entry.loses - entry.carried:
            assert any(diagnosis.code.startswith(EXPLAINED) for diagnosis in check.verdict.diagnoses)
