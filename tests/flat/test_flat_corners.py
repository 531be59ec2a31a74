"""What makes a flat script hard to grade: no test phase, an early stop, an endless loop, old spellings, odd names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watched import HERE

from grader.pipeline import Grader, Settings
from grader.report.as_text import Look, to_text

WHOLE = (HERE / "submissions" / "exercise_names.py").read_text(encoding="utf-8")
EARLY = (HERE / "submissions" / "numpy_early_stop.py").read_text(encoding="utf-8")
OLD = (HERE / "submissions" / "handout_faults.py").read_text(encoding="utf-8")


def changed(source, *edits):
    for old, new in edits:
        assert old in source, old
        source = source.replace(old, new)
    return source


@pytest.fixture
def marked(grader, tmp_path):
    def grade(source, **settings):
        path = tmp_path / "hw.py"
        path.write_text(source, encoding="utf-8")
        before = grader.settings
        grader.settings = replace(before, **settings)
        try:
            report = grader.grade(path)
        finally:
            grader.settings = before
        assert report.outcome == "graded", report.reason
        assert report.submission.style == "flat"
        return report, {check.verdict.name: check.verdict for check in report.checks}

    return grade


def statuses(verdicts, status):
    return {name for name, verdict in verdicts.items() if verdict.status == status}


def test_a_script_without_a_test_phase_lacks_only_its_predictions(marked):
    report, verdicts = marked(WHOLE[: WHOLE.index("# test phase")].replace("X_test", "unused"))

    assert statuses(verdicts, "passed") == set(verdicts) - {"predict_counts"}
    assert verdicts["predict_counts"].status == "blocked"
    assert "if it is there, call it X_test." in verdicts["predict_counts"].message
    assert " ".join(to_text(report, Look()).split()).endswith("it calls otherwise is named with --map PART=NAME.")
    assert "--map" not in to_text(report, Look(audience="student"))
    assert report.review


def test_targets_that_are_nowhere_kept_block_what_needs_them_and_nothing_else(marked):
    first, last = WHOLE.index("T_train = "), WHOLE.index("# parameters")
    source = changed(
        WHOLE[:first] + WHOLE[last:],
        ("error = layer_1 - T_train", "error = layer_1 - layer_0.cumsum(0)"),
        (", T_train)", ")"),
        (", T_test)", ")"),
    )
    _, verdicts = marked(source)

    assert statuses(verdicts, "blocked") == {"count_targets", "bptt_gradients", "train"}
    assert statuses(verdicts, "passed") == {"relu", "relu_derivative", "forward", "predict_counts"}


def test_what_is_left_over_is_seen_in_a_loop_that_stops_once_nothing_changes(marked):
    stop = ("if losses[-1] < 1e-6:", "if len(losses) > 1 and abs(losses[-1] - losses[-2]) < 1e-12:")
    assert marked(changed(EARLY, stop))[0].score == 100
    kept = (
        ("    grad_Wxs, grad_Wrec = 0.0, 0.0\n", ""),
        ("losses = []\n", "losses = []\ngrad_Wxs, grad_Wrec = 0.0, 0.0\n"),
    )
    _, verdicts = marked(changed(EARLY, stop, *kept))

    assert [d.code for d in verdicts["bptt_gradients"].diagnoses] == ["gradient.accumulates_between_calls"]


def test_a_loop_without_an_end_is_ended_after_as_many_iterations_as_are_wanted(marked):
    report, _ = marked(
        changed(
            EARLY, ("for it in range(3000):", "it = 0\nwhile True:"), ("    losses.app", "    it += 1\n    losses.app")
        )
    )

    assert report.score == 100


def test_a_loop_that_nothing_ends_is_no_training(marked):
    endless = changed(
        EARLY, ("for it in range(3000):", "it = 0\nwhile it < 3000:"), ("        break\n", "        pass\n")
    )
    assert marked(changed(endless, ("    losses.append", "    it += 1\n    losses.append")))[0].score == 100
    _, verdicts = marked(endless)

    assert statuses(verdicts, "failed") == {"train"}
    assert "can end it" in verdicts["train"].message


def test_data_that_are_not_the_exercises_are_noted(marked):
    report, _ = marked(changed(EARLY, ("X_train = np.round(", "X_train = np.floor(")))

    assert any(notice.code == "flat.odd_data" for notice in report.notices)


def test_a_loop_that_hangs_inside_costs_what_it_keeps_from_being_seen(tmp_path):
    path = tmp_path / "hw.py"
    path.write_text(
        changed(WHOLE, ("    # backward", "    while True:\n        pass\n    # backward")), encoding="utf-8"
    )
    with Grader(Settings(time_limit_s=1.0)) as grader:
        verdicts = {check.verdict.name: check.verdict for check in grader.grade(path).checks}

    assert statuses(verdicts, "passed") == {"relu", "relu_derivative", "count_targets"}
    assert {verdicts[name].status for name in ("forward", "bptt_gradients", "train")} <= {"timeout", "blocked", "error"}


def test_an_error_in_the_loop_is_told_with_its_line(marked):
    source = changed(WHOLE, ("    error = layer_1 - T_train", "    error = layer_1 - T_train.reshape(3)"))
    _, verdicts = marked(source)

    line = source[: source.index("T_train.reshape")].count("\n") + 1
    assert verdicts["bptt_gradients"].status == "error"
    assert f"line {line}" in verdicts["bptt_gradients"].message
    assert verdicts["relu"].status == "passed"


def test_a_name_that_is_not_recognised_can_be_told(marked):
    odd = changed(WHOLE, ("T_train", "wanted"), ("error = layer_1 - wanted", "error = -torch.sub(wanted, layer_1)"))
    mapped, _ = marked(odd, mapping={"T_train": "wanted"})

    assert mapped.score == 100
    understood = next(notice for notice in mapped.notices if notice.code == "flat.understood")
    assert "T_train is wanted" in understood.message


def test_old_pytorch_runs_only_where_it_may(marked):
    with_layer, verdicts = marked(OLD)
    assert verdicts["forward"].status == "passed"
    assert any(notice.code == "flat.legacy" for notice in with_layer.notices)

    without, verdicts = marked(OLD, legacy_torch="off")
    assert verdicts["forward"].status != "passed"
    assert not any(notice.code == "flat.legacy" for notice in without.notices)


def test_a_loop_written_over_its_weights_by_name_is_not_taken_for_functions(grader, tmp_path):
    path = tmp_path / "hw.py"
    path.write_text(WHOLE + "\ndef forward(X, Wxs, Wrec):\n    raise NotImplementedError\n", encoding="utf-8")

    report = grader.grade(path)

    assert report.submission.style == "functions"


def test_the_same_flat_script_gives_the_same_bytes():
    from grader.report.as_json import to_json_object, to_json_text  # noqa: PLC0415 - only here

    path = HERE / "submissions" / "handout_faults_modern.py"
    texts = []
    for _ in range(2):
        with Grader(Settings()) as fresh:
            shown = to_json_object(fresh.grade(path))
        shown.pop("timings", None)
        texts.append(to_json_text(shown))
    assert texts[0] == texts[1]


# ---------------------------------------------------------------------------- what an iteration leaves to the next
OWN = (HERE / "submissions" / "rounded_apart.py").read_text(encoding="utf-8")
UPDATE = "    Wxs -= l_r * dWxs\n    Wrec -= l_r * dWrec\n"


def named(verdicts):
    return {diagnosis.code for verdict in verdicts.values() for diagnosis in verdict.diagnoses}


def test_a_rate_that_grows_is_no_sum_of_gradients(marked):
    _, verdicts = marked(changed(OWN, (UPDATE, UPDATE.replace("l_r", "(it + 1) * l_r"))))

    assert statuses(verdicts, "failed") == {"train"}
    assert "iteration 3 moves Wxs by 3 times" in verdicts["train"].message
    assert named(verdicts) == set()


def test_states_of_weights_that_have_changed_are_told_as_such(marked):
    _, verdicts = marked((HERE / "submissions" / "forward_now_and_then.py").read_text(encoding="utf-8"))

    assert "still has the outputs layer_1 of the first" in verdicts["train"].message


def test_numbers_drawn_in_the_loop_for_something_else_are_no_chance_in_the_training(marked):
    report, _ = marked(changed(OWN, (UPDATE, UPDATE + "    sample = torch.randn(3).sum() + it\n")))

    assert report.score == 100


def test_updates_that_clip_a_gradient_are_no_sequential_ones(marked):
    clipped = "    Wxs -= l_r * dWxs\n    Wrec = (Wrec - l_r * dWrec).clamp(-1.5, 1.5)\n"
    _, verdicts = marked(changed(OWN, (UPDATE, clipped)))

    assert verdicts["train"].status == "failed"
    assert named(verdicts) == set()


LOOPS = (
    "every_tenth",
    "forward_now_and_then",
    "forward_once",
    "momentum",
    "noisy_weights",
    "one_rate_written",
    "own_start",
    "rate_falls",
    "rate_ignored",
    "turn_about",
    "weight_kept_positive",
    "weights_kept_in_range",
)
"""Submissions whose gradient is right: what is wrong is how the loop uses it."""


@pytest.mark.parametrize("name", LOOPS)
def test_a_mistake_of_the_training_loop_costs_nothing_but_the_training(marked, name):
    report, verdicts = marked((HERE / "submissions" / f"{name}.py").read_text(encoding="utf-8"))

    assert statuses(verdicts, "failed") == {"train"}
    assert report.score == 95


def test_another_gradient_each_time_by_what_is_left_over_is_not_called_a_sum(marked):
    _, verdicts = marked((HERE / "submissions" / "delta_lives_on.py").read_text(encoding="utf-8"))

    assert statuses(verdicts, "failed") == {"bptt_gradients"}
    assert "something is left over" in verdicts["bptt_gradients"].message
    assert named(verdicts) == set()
