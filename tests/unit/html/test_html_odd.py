"""No answer is too odd to be shown: a page that cannot be made would be our fault, and lose a mark."""

from __future__ import annotations

from dataclasses import replace

from html_reading import Page
from html_samples import training_path
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import GRADIENT, SAMPLES, report

from grader.contract import CHECKS
from grader.model import Counterexample
from grader.report.html import to_html
from grader.result import Walk

numbers = (
    st.floats() | st.integers(-2, 2) | st.sampled_from(["nan", "-inf", "raises E: <b>"]) | st.booleans() | st.none()
)
matrices = st.tuples(st.integers(0, 14), st.integers(0, 3)).flatmap(
    lambda size: st.lists(st.lists(numbers, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
)
values = st.recursive(
    numbers | matrices,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["S", "Y", "losses", "dWxs", "<i>"]), inner, max_size=3)
    ),
    max_leaves=6,
)
tables = st.dictionaries(st.sampled_from(["X", "T", "S", "Y", "Wxs", "error", "delta", "n_iter"]), values, max_size=4)
traces = st.none() | st.builds(
    lambda table, yours, updates, departs: {**table, "yours": yours, "updates": updates, "departs": departs},
    tables,
    tables | numbers,
    tables | numbers,
    st.fixed_dictionaries({"k": numbers, "column": numbers}) | numbers,
)
walks = st.builds(
    lambda weights, losses: Walk(tuple(weights), tuple(losses)),
    st.lists(st.tuples(st.floats(), st.floats()), max_size=8),
    st.lists(st.floats(), max_size=8),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([spec.name for spec in CHECKS]), tables, values, values, traces)
def test_any_case_can_be_shown(check, inputs, expected, got, trace):
    verdict = replace(GRADIENT, name=check, properties=(), counterexample=Counterexample(inputs, expected, got, trace))
    Page(to_html(report(verdict)))


@settings(max_examples=50, deadline=None)
@given(walks)
def test_any_training_can_be_drawn(yours):
    found = Page(to_html(replace(SAMPLES["passed"], path=replace(training_path(count=20), yours=yours))))
    for attrs in found.all("polyline"):
        assert not {"nan", "inf"} & set(attrs["points"].replace(",", " ").replace("-", " ").split())
