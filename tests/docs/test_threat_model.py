"""What the threat model promises about results is so, and what it points at is there."""

from __future__ import annotations

import re
import sys

import pytest

from grader.report.as_json import to_json_object, to_json_text
from grader.report.as_text import Look, to_line, to_text
from grader.result import FEEDBACK_LEVELS
from grader.sandbox.levels import LEVELS
from pages import ROOT

PAGE = ROOT / "docs" / "threat-model.md"
CORRECT = (ROOT / "tests" / "benchmarks" / "submission.py").read_text(encoding="utf-8")

# tells, in every way it has, what it was asked: prints, exceptions, their names, answers, places
TELLTALE = (
    CORRECT
    + """

SEEN = []
right_train = train


def told(X):
    return "SEEN" + "_".join(str(int(x)) for x in torch.as_tensor(X).reshape(-1)[:20])


def relu(S):
    print(told(S), flush=True)
    raise type(told(S), (Exception,), {})(told(S))


def relu_derivative(S):
    return told(S)


def predict_counts(X, Wxs, Wrec):
    return forward(X, Wxs, Wrec)[1] + 777


def forward(X, Wxs, Wrec):
    S, Y = torch.zeros_like(X), torch.zeros_like(X)
    y = torch.zeros_like(X[0])
    for k in range(len(X)):
        S[k] = Wxs * X[k] + Wrec * y
        y = torch.clamp(S[k], min=0)
        Y[k] = y
    return S, Y


def bptt_gradients(X, T, Wxs, Wrec):
    S, Y = forward(X, Wxs, Wrec)
    dWxs, dWrec = torch.tensor(0.0), torch.tensor(0.0)
    delta = torch.zeros_like(X[0])
    for k in reversed(range(len(X))):
        delta = (Y[k] - T[k] + Wrec * delta) * (S[k] > 0)
        dWxs = dWxs + (delta * X[k]).sum()
        if k > 0:
            dWrec = dWrec + (delta * Y[k - 1]).sum()
    return dWxs, dWrec


def train(X, T, Wxs, Wrec, l_r, n_iter):
    if n_iter == 0:
        raise ValueError(told(X))
    return right_train(X, T, Wxs, Wrec, l_r, n_iter)
"""
)


def shown(report, feedback):
    """Everything that `feedback` lets a student see, in every format."""
    looks = [Look(120, verbose=verbose, audience="student", feedback=feedback) for verbose in (False, True)]
    texts = [show(report, look) for look in looks for show in (to_text, to_line)]
    return "".join([*texts, to_json_text(to_json_object(report, "student", feedback))])


@pytest.fixture(name="report", scope="module")
def _report(grader, tmp_path_factory):
    file = tmp_path_factory.mktemp("handed-in") / "telltale.py"
    file.write_text(TELLTALE, encoding="utf-8")
    return grader.grade(file)


@pytest.mark.skipif(sys.platform != "linux", reason="graded as on Linux")
def test_below_example_a_submission_cannot_say_what_it_was_asked(report):
    assert report.outcome == "graded"
    assert "train.zero_iterations_raises" in {notice.code for notice in report.notices}
    for feedback in ("score", "verdict"):
        assert "SEEN" not in shown(report, feedback)
        assert "777" not in shown(report, feedback)
    for feedback in ("example", "trace"):  # where it may, it does: the test can fail
        assert re.search("SEEN[01]", shown(report, feedback))


@pytest.mark.skipif(sys.platform != "linux", reason="graded as on Linux")
def test_below_example_a_submission_cannot_tell_by_how_long_it_took(report):
    assert [bool(to_json_object(report, "student", feedback)["timings"]) for feedback in FEEDBACK_LEVELS] == [
        *(False, False),
        *(True, True),
    ]
    assert "time: " not in shown(report, "verdict")
    assert "time: " in shown(report, "example")


@pytest.mark.skipif(sys.platform != "linux", reason="graded as on Linux")
@pytest.mark.parametrize("feedback", FEEDBACK_LEVELS)
def test_what_was_printed_is_shown_to_nobody(report, feedback):
    data = to_json_object(report, "teacher")
    assert not any("print" in key or "output" in key for key in (*data, *data["checks"][0]))
    for key in ("seed", "bank_sha256", "rubric_sha256"):
        assert key in data["provenance"]
        assert key not in to_json_object(report, "student", feedback)["provenance"]


def test_the_page_s_table_of_feedback_is_the_code_s(report):
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8").partition("| level | adds |")[2], re.MULTILINE
    )
    assert [row[0] for row in rows] == list(FEEDBACK_LEVELS)
    known = {}
    for feedback, cell in rows:
        data = to_json_object(report, "student", feedback)
        (failed,) = (check for check in data["checks"] if check["name"] == "relu") if data["checks"] else ({},)
        filled = {key for key in ("checks", "notices", "timings") if data[key]}
        filled |= {key for key in ("status", "properties", "diagnoses", "counterexample", "message") if failed.get(key)}
        if (failed.get("counterexample") or {}).get("trace"):
            filled.add("trace")
        known[feedback] = filled
        named = set(re.findall(r"`(\w+)`", cell))
        before = (
            known.get(FEEDBACK_LEVELS[FEEDBACK_LEVELS.index(feedback) - 1], set()) if feedback != "score" else set()
        )
        assert filled - before <= named, feedback


def test_the_page_names_every_level_and_only_files_that_are_there():
    text = PAGE.read_text(encoding="utf-8")
    assert set(LEVELS) <= set(re.findall(r"`(\w+)`", text))
    named = re.findall(r"tests/[\w/]+(?:\.py|/)", text)
    assert {"tests/hostile/run.py", "tests/fuzz/run.py"} <= set(named)
    for name in named:
        assert (ROOT / name).exists(), name
