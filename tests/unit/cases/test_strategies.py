"""What the exported strategies draw, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cases.strategies import (
    elementwise,
    kinked_weights,
    learning_rates,
    sequences,
    smooth_weights,
    targets,
    weights,
)
from reference import exact

few = settings(max_examples=40, deadline=None, database=None)


@few
@given(sequences((2, 5), (1, 3), leading_zeros=1))
def test_sequences_are_binary_float32_of_the_shape_asked(X):
    assert X.dtype == np.float32
    assert 2 <= X.shape[0] <= 5
    assert 1 <= X.shape[1] <= 3
    assert set(X.ravel()) <= {0.0, 1.0}
    assert not X[0].any()


@few
@given(st.one_of(weights(), smooth_weights()), targets((3, 2)), learning_rates())
def test_numbers_are_exact_in_few_bits(w, T, l_r):
    assert w.shape == ()
    assert w.dtype == T.dtype == np.float32
    assert float(w) * 8 == int(float(w) * 8)
    assert (np.round(T * 4) == T * 4).all()
    assert T.shape == (3, 2)
    assert 0 < l_r <= 1 / 16


@few
@given(smooth_weights())
def test_smooth_weights_have_no_kink(w):
    assert float(w) not in {0.0, -1.0}


@few
@given(kinked_weights())
def test_kinked_weights_meet_a_kink(pair):
    X = [[1], [1], [0]]
    S, Y = exact.forward(X, *(float(w) for w in pair))
    assert exact.live_kinks(X, S, Y)


@few
@given(elementwise(), elementwise(sign=1), elementwise(sign=-1), elementwise(extremes=True))
def test_elementwise_inputs_stay_within_the_contract(both, above, below, extreme):
    for S in (both, above, below, extreme):
        assert S.dtype == np.float32
        assert S.ndim <= 2
        assert S.size > 0
        assert (np.abs(S) <= np.float32(1e30)).all()
        assert ((S == 0) | (np.abs(S) >= 2.0**-126)).all()  # no subnormals
    assert (above > 0).all()
    assert (below < 0).all()
