"""What Gradescope would show for a correct, a wrong, an endless, a hostile and an unreadable submission."""

from __future__ import annotations

import json
import sys
from fractions import Fraction

import jsonschema
import pytest
from gradescope_course import EXAMPLES, KINDS, SUBMISSIONS, opened

from grader.packs.emulate_gradescope import MEMORY_BYTES
from grader.packs.gradescope_layout import course_in, total_points
from grader.packs.gradescope_results import problems
from grader.pipeline import Grader, Settings
from grader.publish import schema_text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the platform is Linux, and so is what emulates it")

pytest_plugins = ["gradescope_fixtures"]

WORTH = {"correct": 100, "unreadable": 0}


@pytest.fixture(name="course", scope="module")
def _course(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    opened(archive.read_bytes()).extractall(folder)
    return course_in(folder)


@pytest.fixture(name="marks", scope="module")
def _marks(course, handed_in):
    """What `grade` gives to each, with the course's rubric and cases."""
    with Grader(Settings(rubric=course.rubric, bank=course.bank), several=True) as grader:
        return {kind: grader.grade(path).score for kind, path in handed_in.items()}


def checked(ran):
    """The results, once the platform would take them: by its rules, and by the schema of what we write."""
    assert ran.problems == (), ran
    jsonschema.Draft202012Validator(json.loads(schema_text("gradescope"))).validate(ran.results)
    assert problems(ran.results) == ()
    return ran.results


# ---------------------------------------------------------------------------- five kinds of submission
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_submission_ends_with_the_mark_that_grade_gives(place, course, handed_in, marks, kind):
    ran = place.grade([handed_in[kind]])
    assert (ran.status, ran.ended, ran.scored) == (0, "itself", True), ran.printed
    results = checked(ran)
    assert results["score"] == float(marks[kind] or 0)
    assert results["score"] == WORTH.get(kind, results["score"])
    assert 0 < ran.peak_bytes < MEMORY_BYTES
    if kind == "correct":
        most = course.rubric.limits.memory_bytes
        assert ran.peak_bytes + most < MEMORY_BYTES, "what a submission may take is not there beside the grader"
    if kind in ("wrong", "endless"):
        assert 0 < results["score"] < 100
    if kind == "endless":
        (train,) = (test for test in results["tests"] if test["name"] == "train")
        assert "train does not finish" in train["output"]
    assert (marks[kind] is None) == (kind == "unreadable")


def test_only_a_line_of_ours_is_printed_whatever_the_submission_prints(place):
    ran = place.grade([SUBMISSIONS / "forge" / "printed_verdict.py"])
    (line,) = ran.printed.split("\n")[:-1]
    assert line.startswith("isolation s")
    assert checked(ran)["score"] < 100


def test_a_helper_is_no_second_submission_and_two_submissions_are_none(place, tmp_path):
    right = (EXAMPLES / "correct.py").read_text(encoding="utf-8")
    (tmp_path / "helper.py").write_text(right, encoding="utf-8")
    (tmp_path / "hw.py").write_text("from helper import *\n", encoding="utf-8")
    assert checked(place.grade([tmp_path / "hw.py", tmp_path / "helper.py"]))["score"] == 100
    (tmp_path / "hw.py").write_text(right, encoding="utf-8")
    results = checked(place.grade([tmp_path / "hw.py", tmp_path / "helper.py"]))
    assert (results["score"], len(results["tests"])) == (0, 1)
    assert "2 files could be the submission (helper.py, hw.py)" in results["output"]


# ---------------------------------------------------------------------------- points
def test_the_assignment_s_points_scale_the_score(place, tmp_path):
    metadata = tmp_path / "metadata.json"
    metadata.write_text('{"assignment": {"total_points": "7.5"}}', encoding="utf-8")
    results = checked(place.grade([EXAMPLES / "sign.py"], metadata))
    assert results["score"] == 4.88
    assert sum(test["max_score"] for test in results["tests"]) == 7.5
    assert round(sum(test["score"] for test in results["tests"]), 9) == 4.88


@pytest.mark.parametrize(
    ("said", "points"),
    [
        *(('{"assignment": {"total_points": "10.0"}}', 10), ('{"assignment": {"total_points": 20}}', 20)),
        *(("{}", None), ("", None), ("[]", None), ("null", None), ('{"assignment": null}', None)),
        *((f'{{"assignment": {{"total_points": {value}}}}}', None) for value in ("null", "[]", "0", "-5", "1e400")),
        *((f'{{"assignment": {{"total_points": {value}}}}}', None) for value in ("NaN", "Infinity", "1e7", "{}")),
        *((f'{{"assignment": {{"total_points": "{value}"}}}}', None) for value in ("0", "-1", "nan", "1/0", "ten")),
        (f'{{"assignment": {{"total_points": "{"9" * 50}"}}}}', None),
        ('{"assignment": {"total_points": "1e999999999"}}', None),
        ('{"assignment": {"total_points": "1e-999999999"}}', None),
        ('{"assignment": {"total_points": "7.1"}}', Fraction("7.1")),
        ('{"assignment": {"total_points": 1' + "0" * 5000 + "}}", None),
        ("[" * 100_000, None),
        ("\udcff", None),
    ],
    ids=lambda value: str(value)[:48],
)
def test_the_points_are_what_the_metadata_says_or_nothing(said, points, tmp_path):
    metadata = tmp_path / "submission_metadata.json"
    metadata.write_bytes(said.encode("utf-8", "surrogateescape"))
    assert total_points(metadata) == points
    assert total_points(tmp_path / "missing.json") is None
