"""The flat submissions are what the manifest says: right ones move by the true gradient, mistaken ones do not."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import told
import torch
from watched import OWN_NAMES, Flat, Move, Watched, manifest, watch

import corpora
from reference import exact

HERE = Path(__file__).parent
FLAT = manifest()
RIGHT = [flat for flat in FLAT if flat.correct]
WRONG = [flat for flat in FLAT if not flat.correct]
RATE = 1e-3
STARTS = ((1.25, 0.75), (1.5, -0.5))
"""Two starts: with positive weights alone no mask would matter."""
MISTAKE = 20.0
"""A mistake is this many tolerances off, somewhere."""
REACH = {"two_steps_back.py": 1, "no_way_back.py": 0, "nothing_comes_back.py": 0}
"""How many steps back a truncated gradient goes."""
SCALES = {"derivative_of_the_square.py": 2.0, "half_twice.py": 0.5}
FAMILIES = {
    "relu.derivative_at_zero": "relu_derivative",
    "relu": "relu",
    "targets": "count_targets",
    "forward": "forward",
    "gradient": "bptt_gradients",
    "policy": "bptt_gradients",
    "train": "train",
    "predict": "predict_counts",
}


# ---------------------------------------------------------------------------- how far from the truth
def _off(got: np.ndarray | float, true: np.ndarray | float, tolerance: float) -> float:
    """The largest error in tolerances."""
    got, true = np.asarray(got, dtype=float), np.asarray(true, dtype=float)
    return float(np.max(abs(got - true))) / tolerance if got.shape == true.shape else np.inf


def _gradient_off(seen: Watched, move: Move, rate: float) -> float:
    true = exact.bptt_gradients(seen.X.tolist(), seen.T.tolist(), *move.before)
    used = [(old - new) / rate for old, new in zip(move.before, move.after, strict=True)]
    return max(_off(u, t, 2e-3 + 1e-3 * abs(t)) for u, t in zip(used, true, strict=True))


def _forward_off(seen: Watched, move: Move) -> float:
    true = exact.forward(seen.X.tolist(), *move.before)
    return max(_off(got, want, 1e-4) for got, want in zip((move.S, move.Y), true, strict=True) if got is not None)


def _prediction_off(seen: Watched) -> float:
    """Of the outputs, or of the counts where the script rounds; a script that cuts off is off."""
    Y = np.array(exact.forward(seen.end["X_test"].tolist(), *seen.weights)[1])
    return min(_off(seen.end["predictions"], true, 1e-3) for true in (Y, np.round(Y)))


def _helper_off(flat: Flat, seen: Watched, role: str) -> float:
    """Of a helper, in the kind that the script itself passes: numbers, arrays, tensors of two axes."""
    if not flat.name(role):
        return 0.0
    S = np.array([[-2.0, -0.25, 0.0], [0.0, 0.5, 3.0]])
    true = np.maximum(S, 0) if role == "relu" else (S > 0).astype(float)
    function, library = seen.space[flat.name(role)], "torch" if "torch" in seen.space else "np"
    if library not in seen.space:
        return _off(np.array([[function(s) for s in row] for row in S.tolist()]), true, 1e-6)
    got = function(torch.tensor(S, dtype=torch.float32) if library == "torch" else S)
    return _off(corpora.numbers(got), true, 1e-6)


def _training_off(flat: Flat) -> float:
    """Whether both weights leave our start, by steps that grow with the rate; mistaken at any start is mistaken."""
    off, moved = 0.0, np.zeros(2, dtype=bool)
    for start in STARTS:
        runs = [watch(flat, start=start, rate=rate, iterations=1) for rate in (10 * RATE, 100 * RATE)]
        small, large = (np.subtract(run.weights, start) for run in runs)
        moves = small != 0
        moved |= moves
        off = max([off, *(_off(ratio, 10.0, 1e-2) for ratio in large[moves] / small[moves])])
    return off if moved.all() else np.inf


def _distances(flat: Flat) -> dict[str, float]:
    """Check -> how far off the submission is at its own data, in tolerances."""
    off: dict[str, list[float]] = {"train": [_training_off(flat)]}
    for start in STARTS:
        seen = watch(flat, start=start, rate=RATE, iterations=3)
        ends = [(seen.X, seen.T), (seen.end["X_test"], seen.end["T_test"])]
        found = {
            "relu": [_helper_off(flat, seen, "relu")],
            "relu_derivative": [_helper_off(flat, seen, "relu_derivative")],
            "count_targets": [_off(T, np.cumsum(X, axis=0), 1e-4) for X, T in ends],
            "forward": [_forward_off(seen, move) for move in seen.moves],
            "bptt_gradients": [
                *(_gradient_off(seen, move, RATE) for move in seen.moves),
                *([np.inf] * (0 if flat.beside else seen.autograd)),
            ],
            "predict_counts": [_prediction_off(seen)],
        }
        if "train" in flat.wrong:  # what one update does not show, later ones do, as a gradient that is off
            found["train"] = found["bptt_gradients"]
        for check, values in found.items():
            off.setdefault(check, []).extend(values)
    return {check: max(values) for check, values in off.items()}


# ---------------------------------------------------------------------------- right ones
@pytest.mark.parametrize("flat", RIGHT, ids=str)
def test_a_right_submission_agrees_with_the_truth_in_every_check(flat: Flat):
    assert {check: off for check, off in _distances(flat).items() if off > 1} == {}


@pytest.mark.parametrize("flat", RIGHT, ids=str)
def test_a_right_submission_learns_by_itself(flat: Flat):
    seen = watch(flat)
    before, after = (
        exact.loss(exact.forward(seen.X.tolist(), *weights)[1], seen.T.tolist())
        for weights in (seen.moves[0].before, seen.weights)
    )
    assert after < 0.05 * before
    assert exact.predict_counts(seen.end["X_test"].tolist(), *seen.weights) == seen.end["T_test"].tolist()


@pytest.mark.parametrize("flat", [flat for flat in RIGHT if flat.name("SeqL")], ids=str)
def test_a_right_submission_is_right_at_other_sizes(flat: Flat):
    seen = watch(flat, start=STARTS[1], rate=RATE, iterations=2, sizes={"SeqL": 8, "NbSeq": 7})
    assert seen.X.shape == (8, 7)
    assert max(_gradient_off(seen, move, RATE) for move in seen.moves) <= 1


# ---------------------------------------------------------------------------- wrong ones
@pytest.mark.parametrize("flat", WRONG, ids=str)
def test_a_mistaken_submission_is_off_where_the_manifest_says_and_nowhere_else(flat: Flat):
    off = _distances(flat)
    clearly = {check for check, distance in off.items() if distance > MISTAKE}
    somehow = {check for check, distance in off.items() if distance > 1}
    must = set(flat.wrong) - ({"bptt_gradients"} if "policy.numerical_gradient" in flat.codes else set())
    assert must <= clearly, off
    assert somehow <= {*flat.wrong, *flat.carried, *flat.may_lose}, off
    assert set(flat.carried) <= somehow | {"predict_counts"}, off


def _of(family: str) -> list[Flat]:
    """Those with mistakes of a family alone."""
    return [flat for flat in WRONG if flat.codes and all(code.startswith(f"{family}.") for code in flat.codes)]


@pytest.mark.parametrize("start", STARTS, ids=str)
@pytest.mark.parametrize("flat", _of("gradient"), ids=str)
def test_a_mistaken_gradient_is_at_first_the_one_that_its_codes_tell(flat: Flat, start: tuple[float, float]):
    seen = watch(flat, start=start, rate=RATE, iterations=1)
    details = {"reach": REACH.get(flat.file, 99), "scale": SCALES.get(flat.file, 1.0)}
    expected = told.gradient(flat.codes, seen.X, seen.T, start, **details)
    assert np.subtract(start, seen.weights) / RATE == pytest.approx(expected, rel=1e-3, abs=2e-3)


@pytest.mark.parametrize("start", STARTS, ids=str)
@pytest.mark.parametrize("flat", [f for f in _of("forward") if f.codes != ["forward.state_leak"]], ids=str)
def test_mistaken_states_are_those_that_their_code_tells(flat: Flat, start: tuple[float, float]):
    move = watch(flat, start=start, rate=RATE, iterations=1).moves[0]
    S, Y = told.mistaken_states(flat.codes[0], watch(flat, iterations=1).X, start)
    assert np.allclose(move.S, S, rtol=0, atol=1e-4)
    assert np.allclose(move.Y, Y, rtol=0, atol=1e-4)


@pytest.mark.parametrize("flat", [f for f in WRONG if f.codes and f.codes[0].startswith("targets.")], ids=str)
def test_mistaken_targets_are_those_that_their_code_tells(flat: Flat):
    seen = watch(flat, iterations=1)
    assert np.array_equal(seen.T, told.targets(flat.codes[0], seen.X))


@pytest.mark.parametrize("flat", [f for f in WRONG if f.codes == ["gradient.accumulates_between_calls"]], ids=str)
def test_sums_that_are_kept_are_right_at_first(flat: Flat):
    seen = watch(flat, start=STARTS[0], rate=RATE, iterations=3)
    assert _gradient_off(seen, seen.moves[0], RATE) <= 1
    assert _gradient_off(seen, seen.moves[2], RATE) > MISTAKE


def test_a_state_that_leaks_is_right_at_first():
    flat = next(flat for flat in FLAT if flat.codes == ["forward.state_leak"])
    seen = watch(flat, start=STARTS[0], rate=RATE, iterations=2)
    assert _forward_off(seen, seen.moves[0]) <= 1
    assert _forward_off(seen, seen.moves[1]) > MISTAKE


@pytest.mark.parametrize("flat", [f for f in FLAT if "general.hardcoded_size" in f.notices], ids=str)
def test_a_literal_size_breaks_at_others(flat: Flat):
    for sizes in ({"SeqL": 5, "NbSeq": 3}, {"SeqL": 4, "NbSeq": 4}, {"SeqL": 7, "NbSeq": 1}):
        try:
            seen = watch(flat, start=STARTS[0], rate=RATE, iterations=1, sizes=sizes)
        except (RuntimeError, IndexError):
            return
        if _gradient_off(seen, seen.moves[0], RATE) > MISTAKE:
            return
    pytest.fail("it is right at every size tried")


@pytest.mark.parametrize("flat", FLAT, ids=str)
def test_only_what_is_said_to_depends_on_uninitialised_memory(flat: Flat):
    runs = [watch(flat, start=STARTS[0], rate=RATE, iterations=1, fill=fill).weights for fill in (0.0, 1.0)]
    assert (runs[0] == runs[1]) is ("general.uninitialised_memory" not in flat.notices)


def test_autograd_is_used_where_it_is_said_and_nowhere_else():
    words = ("backward(", "autograd.grad")
    used = [flat.file for flat in FLAT if any(word in flat.source() for word in words)]
    said = [flat for flat in FLAT if "policy.autograd" in flat.codes or flat.beside]
    assert [flat.file for flat in said if not flat.file.endswith("differences.py")] == used


@pytest.mark.parametrize("flat", [flat for flat in FLAT if flat.old], ids=str)
def test_an_old_spelling_does_not_run_today(flat: Flat):
    with corpora.quiet(), pytest.raises((RuntimeError, AttributeError, TypeError, IndexError)):
        exec(compile(flat.source(today=False), flat.file, "exec"), {"__name__": "__main__"})  # noqa: S102


def test_the_handout_in_today_spelling_is_the_one_in_the_old():
    pair = [next(flat for flat in FLAT if flat.file == f"handout_faults{end}.py") for end in ("", "_modern")]
    runs = [watch(flat, start=STARTS[0], rate=RATE, iterations=3) for flat in pair]
    assert runs[0].moves[-1].after == runs[1].moves[-1].after
    assert len({move.after for move in runs[0].moves}) == 3


# ---------------------------------------------------------------------------- the corpus as a whole
def test_the_manifest_names_every_submission_once():
    assert sorted(map(str, FLAT)) == sorted(path.name for path in (HERE / "submissions").iterdir())


def test_a_mistake_has_a_check_or_a_notice_and_its_code_is_of_that_check():
    for flat in WRONG:
        assert flat.wrong or flat.notices, flat
        codes = [code for code in flat.codes if not code.startswith("general.")]
        checks = {FAMILIES.get(code, FAMILIES.get(code.split(".")[0], "")) for code in codes}
        assert checks == set(flat.wrong) or not codes, flat


@pytest.mark.parametrize("flat", FLAT, ids=str)
def test_no_submission_defines_a_function_of_the_contract_and_all_roles_are_names_of_it(flat: Flat):
    tree = ast.parse(flat.source(today=False))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert not defined & {"forward", "bptt_gradients", "train"}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | defined
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert {flat.name(role) for role in OWN_NAMES} - names <= {""}


def test_there_are_many_of_each_kind():
    codes = {code for flat in WRONG for code in flat.codes}
    assert len(RIGHT) >= 14
    assert sum(len(flat.codes) == 1 for flat in WRONG) >= 24
    assert sum(len(flat.codes) == 2 for flat in WRONG) >= 2
    assert sum(code.startswith("gradient.") for code in codes) >= 18
    assert sum(flat.file.endswith(".ipynb") for flat in FLAT) >= 6
