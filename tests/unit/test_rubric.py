"""Rubrics: what is read, what is refused and with which words."""

from __future__ import annotations

import os
from fractions import Fraction

import pytest

from grader.contract import CHECKS
from grader.errors import RubricError, UsageError
from grader.rubric import Rubric
from grader.rubric_file import load_rubric, parse_rubric
from grader.rubric_template import rubric_text, write_rubric


def refusal(text):
    with pytest.raises(RubricError) as caught:
        parse_rubric(text, "r.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_empty_rubric_says_what_the_contract_says():
    assert parse_rubric("", "r.toml") == Rubric()
    assert Rubric().points == {check.name: check.points for check in CHECKS}
    assert sum(Rubric().points.values()) == 100


def test_the_written_rubric_says_the_defaults_and_its_seed():
    assert parse_rubric(rubric_text("ab" * 16), "r.toml") == Rubric(seed="ab" * 16)


def test_every_commented_weight_may_be_uncommented_as_it_stands():
    text = rubric_text("ab" * 16)
    for check in CHECKS:
        for prop in check.properties:
            text = text.replace(f"# {prop.name} = ", f"{prop.name} = ")
    assert parse_rubric(text, "r.toml") == Rubric(seed="ab" * 16)


def test_two_written_rubrics_have_different_seeds(tmp_path):
    for name in ("a", "b"):
        write_rubric(tmp_path / name)
    seeds = {load_rubric(tmp_path / name).seed for name in ("a", "b")}
    assert len(seeds) == 2
    assert {len(seed) for seed in seeds} == {32}


def test_a_written_rubric_is_never_overwritten(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write_rubric(path)
    assert path.read_text() == "mine"


def test_everything_can_be_set():
    rubric = parse_rubric(
        """
        seed = "abc"
        pass_mark = 62.5
        points = {relu = 1.25, forward = 0}
        weights.relu.extremes = 0.5
        [limits]
        time_limit_s = 2.5
        memory_mib = 512
        output_kib = 64
        [feedback]
        before_due = "score"
        after_due = "verdict"
        [policy]
        autograd = "allow"
        numerical_gradient = "warn"
        [map]
        forward = "Net.forward"
        """,
        "r.toml",
    )
    assert (rubric.seed, rubric.pass_mark) == ("abc", Fraction(125, 2))
    assert (rubric.points["relu"], rubric.points["forward"], rubric.points["train"]) == (Fraction(5, 4), 0, 20)
    assert (rubric.weights["relu"]["extremes"], rubric.weights["relu"]["shapes"]) == (Fraction(1, 2), 2)
    assert (rubric.limits.time_limit_s, rubric.limits.memory_bytes, rubric.limits.output_bytes) == (
        2.5,
        1 << 29,
        1 << 16,
    )
    assert (rubric.feedback_before_due, rubric.feedback_after_due) == ("score", "verdict")
    assert rubric.policy == {"autograd": "allow", "numerical_gradient": "warn"}
    assert rubric.mapping == {"forward": "Net.forward"}


def test_a_decimal_is_exact():
    assert parse_rubric("[points]\nrelu = 0.1", "r.toml").points["relu"] == Fraction(1, 10)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("pionts = {}", 1, ["pionts", "allowed: seed", "did you mean points?"]),
        ("\n[points]\nrellu = 5", 3, ["points.rellu", "allowed: relu,", "did you mean relu?"]),
        ("[points]\n\nrelu = -5", 3, ["points.relu", "from 0", "-5"]),
        ("[points]\nrelu = 1.005", 2, ["points.relu", "two decimals"]),
        ("[points]\nrelu = true", 2, ["points.relu", "true"]),
        ("[points]\nrelu = nan", 2, ["points.relu"]),
        ("[points]\nrelu = inf", 2, ["points.relu"]),
        ("points.relu = '5'", 1, ["points.relu", "'5'"]),
        ("[points]\nrelu = 5\nrelu = 4", 3, ["relu", "twice"]),
        ("[points]\nrelu = 5\n[points]", 3, ["[points]", "twice"]),
        ("[weights.forward]\nsingle = 2", 2, ["weights.forward.single", "did you mean single_step?"]),
        ("[weights.foward]\nsingle_step = 2", 1, ["weights.foward", "did you mean forward?"]),
        ("[weights]\nforward = 3", 2, ["weights.forward", "expected a table"]),
        ("tolerance = 1e-3", 1, ["tolerance", "derived, not set"]),
        ("[policy]\nautograd = 'alow'", 2, ["policy.autograd", "allowed: fail, warn, allow", "did you mean allow?"]),
        ("[policy]\nautograd = [1]", 2, ["policy.autograd", "a list"]),
        ("[feedback]\nbefore_due = 'all'", 2, ["feedback.before_due", "score, verdict, example, trace"]),
        ("seed = 1.5", 1, ["seed", "text in quotes"]),
        ("seed = 'a b'", 1, ["seed", "'a b'"]),
        ("seed = -1", 1, ["seed", "-1"]),
        ("pass_mark = 101", 1, ["pass_mark", "101"]),
        ("[limits]\ntime_limit_s = 0", 2, ["limits.time_limit_s", "0.1 to 3600"]),
        ("[limits]\ntime_limit_s = nan", 2, ["limits.time_limit_s"]),
        ("[limits]\nmemory_mib = 100.5", 2, ["limits.memory_mib", "whole number"]),
        ("[map]\nforward = 'a b'", 2, ["map.forward", "'a b'"]),
        ("[map]\nfwd = 'f'", 2, ["map.fwd", "allowed: relu"]),
        ("[[points]]\nrelu = 1", 1, ["points", "a list"]),
        ("x =", 1, ["r.toml"]),
        ("pass_mark = " + "9" * 5000, 1, ["too many digits"]),
        ("pass_mark = 0x" + "f" * 9000, 1, ["pass_mark", "a huge number"]),
        (
            "[weights.relu]\nabove_zero=0\nbelow_zero=0\nat_zero=0\nshapes=0\nextremes=0",
            1,
            ["weights.relu", "weight is 0"],
        ),
    ],
)
def test_a_refusal_names_file_line_and_key(text, line, words):
    message = refusal(text)
    assert message.startswith(f"r.toml, line {line}: ")
    assert [word for word in words if word not in message] == []


def test_a_rubric_without_any_points_is_refused():
    zeros = "[points]\n" + "\n".join(f"{check.name} = 0" for check in CHECKS)
    assert "every check is worth 0" in refusal(zeros)


def test_weights_may_all_be_zero_where_the_check_is_worth_nothing():
    weights = "[weights.relu]\nabove_zero=0\nbelow_zero=0\nat_zero=0\nshapes=0\nextremes=0\n"
    assert parse_rubric(f"{weights}[points]\nrelu = 0", "r.toml").points["relu"] == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xef\xbb\xbfpass_mark = 60\r\n", None),
        (b"# caf\xe9\n", "line 1: not UTF-8"),
        (b"#" * (1 << 20) + b"\n\n", "larger than 1 MiB"),
        (b"x = " + b"[" * 5000, "r.toml"),
    ],
)
def test_any_bytes_are_read_or_refused(tmp_path, data, words):
    path = tmp_path / "r.toml"
    path.write_bytes(data)
    if words is None:
        assert load_rubric(path).pass_mark == 60
    else:
        with pytest.raises(RubricError, match=words):
            load_rubric(path)


@pytest.mark.parametrize("name", ["gone.toml", ".", os.devnull + "/x"])
def test_a_rubric_that_cannot_be_opened_is_refused(tmp_path, name):
    with pytest.raises(RubricError, match="cannot read the rubric"):
        load_rubric(tmp_path / name)


def test_the_hash_follows_what_a_rubric_says_not_how():
    plain = parse_rubric("[points]\nrelu = 5\ntrain = 20\n", "r.toml")
    other = parse_rubric("# a comment\npass_mark = 50.0\n[points]\ntrain = 20.00\nrelu = 5\n", "s.toml")
    assert plain.sha256 == other.sha256 == Rubric().sha256
    for change in (
        "seed = 'x'",
        "pass_mark = 51",
        "[points]\nrelu = 6",
        "[policy]\nautograd = 'warn'",
        "[map]\nrelu = 'r'",
    ):
        assert parse_rubric(change, "r.toml").sha256 != Rubric().sha256, change
