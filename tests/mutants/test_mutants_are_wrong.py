"""The mutants are wrong just where the manifest says: a mark they keep there is a mistake missed."""

from collections import Counter
from pathlib import Path

import pytest

import corpora

HERE = Path(__file__).parent
MUTANTS = corpora.manifest(HERE / "manifest.toml")
CODES = {
    "relu": "not_zero_below leaky derivative_at_zero derivative_not_step",
    "targets": "exclusive_count total_count wrong_axis",
    "forward": "no_activation no_recurrence previous_preactivation weights_swapped wrong_axis state_leak",
    "gradient": (
        "sign scale mean_over_sequences mean_over_time truncated no_recurrent_factor extra_recurrent_factor "
        "no_activation_derivative last_step_error_only hidden_state_off_by_one input_off_by_one swapped wraparound "
        "first_sequence_only error_decoupled immediate_step_missing accumulates_between_calls "
        "activation_derivative_off_by_one"
    ),
    "train": (
        "wrong_direction sequential_update hardcoded_weights ignores_learning_rate ignores_initial_weights "
        "iteration_count loss_misreported frozen_weight diverges"
    ),
    "predict": "truncates",
    "policy": "autograd numerical_gradient",
}
"""The contract's codes for mistakes of arithmetic and of policy, by family."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_differs_from_the_truth_in_the_checks_named_and_in_no_other(mutant: corpora.Entry):
    with corpora.quiet():
        failing = corpora.failing(corpora.load(HERE / "submissions" / mutant.file))
    assert mutant.loses <= failing.keys(), failing
    assert failing.keys() <= mutant.loses | mutant.may_lose, failing


@pytest.mark.parametrize("mutant", [mutant for mutant in MUTANTS if mutant.carried], ids=str)
def test_a_carried_error_vanishes_with_right_helpers(mutant: corpora.Entry):
    for check in mutant.carried:
        with corpora.quiet():
            assert corpora.failing_by_itself(corpora.load(HERE / "submissions" / mutant.file), check) == []


def test_the_manifest_names_every_submission_once():
    assert sorted(mutant.file for mutant in MUTANTS) == sorted(path.name for path in (HERE / "submissions").iterdir())


def test_what_is_carried_is_among_what_is_lost():
    assert [str(mutant) for mutant in MUTANTS if not mutant.carried <= mutant.loses | mutant.may_lose] == []


def test_every_code_of_the_arithmetic_has_two_mutants():
    codes = {f"{family}.{name}" for family, names in CODES.items() for name in names.split()}
    examples = corpora.manifest(HERE.parents[1] / "student_template" / "examples" / "manifest.toml")
    given = Counter(code for mutant in (*MUTANTS, *examples) for code in mutant.codes)
    assert {code for code in codes if given[code] < 2} == set()


def test_there_are_many_mutants_notebooks_and_pairs_of_mistakes_among_them():
    assert len(MUTANTS) >= 90
    assert 5 * sum(mutant.file.endswith(".ipynb") for mutant in MUTANTS) >= len(MUTANTS)
    assert sum(len(mutant.codes) >= 2 for mutant in MUTANTS) >= 6
    assert sum(not mutant.codes for mutant in MUTANTS) >= 6
