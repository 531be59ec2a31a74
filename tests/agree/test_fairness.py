"""A small run of `tests/benchmarks/fairness.py`: whatever is algebraically right stays inside the derived bounds."""

from benchmarks.fairness import METHODS, STRATA, measure


def test_every_correct_method_stays_inside_its_bound_even_at_kinks_and_with_large_terms():
    found = measure(800, seed=2, shapes=[(1, 1), (2, 3), (5, 2), (6, 4), (12, 1)])

    assert min(found.cases[stratum] for stratum in STRATA) > 50
    assert {f"{method.__name__} float32" for method in METHODS} <= found.worst.keys()
    assert sum(found.violations.values()) == 0
