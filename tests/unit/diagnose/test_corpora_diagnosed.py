"""Every mutant's code is found in the check that has the mistake; nothing is ever said of a right submission."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpora import load, manifest, quiet
from grader.contract import FUNCTIONS

TESTS = Path(__file__).parents[2]
EXAMPLES = TESTS.parent / "student_template" / "examples"
MUTANTS = TESTS / "mutants"
TWINS = sorted((TESTS / "twins" / "submissions").iterdir())
WRONG = [(MUTANTS / "submissions", entry) for entry in manifest(MUTANTS / "manifest.toml")]
WRONG += [(EXAMPLES, entry) for entry in manifest(EXAMPLES / "manifest.toml")]
HERE = ("relu", "targets", "forward", "gradient", "train", "predict")
"""What comes before the dot of the codes found here; the judge finds the others."""
KNOWN = [(folder, entry) for folder, entry in WRONG if {code.partition(".")[0] for code in entry.codes} & set(HERE)]
UNKNOWN = [(folder, entry) for folder, entry in WRONG if (folder, entry) not in KNOWN]


def found(judged, path, checks):
    """Check by check, the codes found here."""
    with quiet():
        space = load(path)
        verdicts = [judged(check, space) for check in checks]
    return {
        verdict.name: {d.code for d in verdict.diagnoses if d.code.partition(".")[0] in HERE} for verdict in verdicts
    }


@pytest.mark.parametrize(("folder", "entry"), KNOWN, ids=[entry.file for _, entry in KNOWN])
def test_a_mistake_is_named_in_the_check_that_has_it(judged, folder, entry):
    codes = found(judged, folder / entry.file, [check for check in FUNCTIONS if check in entry.loses - entry.carried])
    assert set().union(*codes.values()) == set(entry.codes)
    assert all(codes.values()), codes


@pytest.mark.parametrize(("folder", "entry"), UNKNOWN, ids=[entry.file for _, entry in UNKNOWN])
def test_what_no_known_mistake_explains_is_called_none(judged, folder, entry):
    checks = [check for check in FUNCTIONS if check in entry.loses | entry.may_lose]
    assert set().union(*found(judged, folder / entry.file, checks).values()) == set()


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.name)
def test_nothing_is_said_of_a_right_submission(judged, path):
    assert set().union(*found(judged, path, FUNCTIONS).values()) == set()
