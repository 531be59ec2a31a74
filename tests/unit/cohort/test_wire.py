from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from canned import judge

from grader.cases import PUBLIC_SEED, load_or_build
from grader.cohort import plain, wire
from grader.load import load_program
from grader.model import Cell, Companion, Notice, Program
from grader.pipeline import Settings
from grader.report.as_json import to_json_object
from grader.rubric import Limits, Rubric
from grader.score import report_of

PROGRAM = Program(
    "hw.py", "a" * 64, "script", (Cell("x = '\udcff'\n", None),), (Companion("mine", "y = 2"),), (Notice("c", "m"),)
)


def carried(data):
    return json.loads(plain.canonical(data))


def test_a_program_comes_back_as_it_was_but_for_its_path():
    assert wire.decode_program(carried(wire.encode_program(PROGRAM))) == replace(PROGRAM, path="")


def test_what_was_found_gives_the_same_report_after_the_journey():
    judged = judge(replace(PROGRAM, cells=(Cell("# fails: forward\n# fails: train"),)))
    named = replace(judged, submission=replace(judged.submission, path="hw.py"))
    again = wire.decode_judged(carried(wire.encode_judged(judged)), "hw.py")
    assert again.verdicts[3].counterexample.inputs == {"X": [[1.0, -0.0]], "odd": "\ud800"}
    assert str(again.verdicts[3].counterexample.inputs["X"][0][1]) == "-0.0"
    assert to_json_object(report_of(again, Rubric())) == to_json_object(report_of(named, Rubric()))


def test_timings_and_names_stay_at_home():
    judged = replace(judge(PROGRAM), timings={"total_s": 1.5})
    named = replace(judged, submission=replace(judged.submission, path="/home/ada/hw.py"))
    assert wire.encode_judged(named) == wire.encode_judged(replace(judged, timings={}))


def test_settings_come_back_with_their_bank():
    bank = load_or_build(PUBLIC_SEED)
    rubric = Rubric(pass_mark=Fraction(1, 3), seed="abc", limits=Limits(2.5), mapping={"forward": "fw"})
    settings = Settings(rubric, "abc", isolation="basic", time_limit_s=1.5, mapping={"relu": "r"}, bank=Path("x.bank"))
    again, same = wire.decode_settings(carried(wire.encode_settings(settings, bank)))
    assert again == replace(settings, bank=None)
    assert same.sha256 == bank.sha256


@pytest.mark.parametrize(
    "damage",
    [{"outcome": "excellent"}, {"verdicts": "none"}, {"verdicts": [["relu"]]}, {"more": 1}, {"reason": None}],
    ids=str,
)
def test_damaged_data_is_refused(damage):
    data = {**wire.encode_judged(judge(PROGRAM)), **damage}
    with pytest.raises(plain.WireError):
        wire.decode_judged(data, "hw.py")


def test_data_without_a_field_is_refused():
    data = wire.encode_judged(judge(PROGRAM))
    del data["notices"]
    with pytest.raises(plain.WireError):
        wire.decode_judged(data, "hw.py")


def test_what_is_no_plain_data_is_refused():
    with pytest.raises(TypeError, match="set is no plain data"):
        plain.to_data({"a": {1}})


# ---------------------------------------------------------------------------- keys
def test_the_name_of_a_file_is_not_in_its_key_but_what_it_imports_is(tmp_path):
    for student in ("ada", "bob", "cyd"):
        (tmp_path / student).mkdir()
        (tmp_path / student / f"{student}.py").write_text("import mine\n")
    (tmp_path / "cyd" / "mine.py").write_text("x = 1\n")
    ada, bob, cyd = (wire.content_key(load_program(tmp_path / s / f"{s}.py")) for s in ("ada", "bob", "cyd"))
    assert ada == bob != cyd


def judging(**changes):
    rubric = {name: changes.pop(name) for name in list(changes) if name in Rubric.__dataclass_fields__}
    return wire.judging_facts(Settings(Rubric(**rubric), **changes), "b" * 64)


def test_points_pass_mark_and_feedback_do_not_touch_judging():
    points = dict.fromkeys(Rubric().points, Fraction(1))
    assert judging(points=points, pass_mark=Fraction(99), feedback_before_due="score") == judging()


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": {"autograd": "allow", "numerical_gradient": "fail"}},
        {"convention": "any"},
        {"limits": Limits(3.0)},
        {"time_limit_s": 3.0},
        {"mapping": {"forward": "fw"}},
        {"device": "cuda"},
        {"weights": {name: dict.fromkeys(row, Fraction(1)) for name, row in Rubric().weights.items()}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_may_change_a_verdict_changes_the_key(changes):
    assert judging(**changes) != judging()


def test_a_mapping_counts_the_same_from_the_rubric_and_from_the_command_line():
    from_rubric = wire.judging_facts(Settings(Rubric(mapping={"forward": "fw"})), "b")
    assert from_rubric == wire.judging_facts(Settings(mapping={"forward": "fw"}), "b")
