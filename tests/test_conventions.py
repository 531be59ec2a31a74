"""A loss that is a mean in place of the sum: right where the rubric says so, wrong where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.pipeline import Grader, Settings
from grader.rubric_file import parse_rubric

SUM = (Path(__file__).parent / "twins" / "submissions" / "plain_torch.py").read_text(encoding="utf-8")
DIVISORS = {
    "mean_over_sequences": "X.shape[1]",
    "mean_over_time": "X.shape[0]",
    "mean": "X.numel()",
}


def of_mean(divisor):
    """The right submission, its loss divided."""
    gradients = SUM.replace("    return dWxs, dWrec\n", f"    return dWxs / {divisor}, dWrec / {divisor}\n")
    return gradients.replace("((T - Y) ** 2).sum())", f"((T - Y) ** 2).sum() / {divisor})")


@pytest.fixture(scope="module", params=["sum", *DIVISORS, "any"])
def course(request):
    rubric = parse_rubric(f'[convention]\nloss = "{request.param}"\n', "rubric.toml")
    with Grader(Settings(rubric=rubric), several=True) as ready:
        yield request.param, ready


def graded(grader, tmp_path, source):
    path = tmp_path / "submission.py"
    path.write_text(source)
    return grader.grade(path)


@pytest.mark.parametrize("written", ["sum", *DIVISORS])
def test_a_loss_earns_everything_exactly_where_the_rubric_allows_it(course, tmp_path, written):
    allowed, grader = course
    report = graded(grader, tmp_path, SUM if written == "sum" else of_mean(DIVISORS[written]))

    lost = {check.verdict.name for check in report.checks if check.points < check.max_points}
    assert (lost == set()) is (allowed in {written, "any"})
    assert lost <= {"bptt_gradients", "train"}
    said = {notice.code for notice in report.notices if notice.code.startswith("convention.")}
    if allowed == written != "sum":
        assert said == {f"convention.{written}"}


def test_a_mistake_is_still_one_in_any_convention(course, tmp_path):
    allowed, grader = course
    divisor = DIVISORS.get(allowed, "1")
    wrong = of_mean(divisor).replace("return dWxs /", "return -dWxs /")

    report = graded(grader, tmp_path, wrong)

    lost = {check.verdict.name for check in report.checks if check.points < check.max_points}
    assert lost == {"bptt_gradients"}


def test_the_rubric_names_what_is_allowed():
    with pytest.raises(Exception, match="mean_over_sequences"):
        parse_rubric('[convention]\nloss = "median"\n', "rubric.toml")
