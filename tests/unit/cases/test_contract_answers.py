"""How answers are read: what the contract lets pass, and what it calls by name."""

from __future__ import annotations

import numpy as np
import pytest

from grader.contract import ContractError, read_answer

PAIR = ("dWxs", "dWrec")
TRAINED = ("Wxs", "Wrec", "losses")


@pytest.mark.parametrize(
    "value",
    [
        (1.0, 2),
        (np.float64(1.0).reshape(()), np.ones((1, 1)) * 2),
        ((1.0,), ((2.0,),)),
        np.array([1.0, 2.0]),
        np.array([[[1.0]], [[2.0]]]),
        ((1.0, 2.0),),
    ],
    ids=["numbers", "arrays", "nested", "one array", "column", "wrapped"],
)
def test_a_pair_of_scalars_may_come_in_any_wrapping(value):
    assert [float(part) for part in read_answer(value, PAIR, ((), ()))] == [1.0, 2.0]


@pytest.mark.parametrize(
    "losses",
    [
        (1.0, 2.0),
        np.array([1, 2]),
        np.array([[1.0], [2.0]]),
        (np.array([1.0]), np.array([2.0])),
        (np.array(1.0), (2.0,)),
    ],
    ids=["list", "array", "column", "list of (1,)", "mixed"],
)
def test_losses_may_be_a_column_or_a_list_of_one_element_tensors(losses):
    assert read_answer((0.5, 0.5, losses), TRAINED, ((), (), (2,)))[2].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("losses", [3.0, (1.0, 2.0, 3.0), np.ones((1, 2)), None, np.ones((2, 2))])
def test_losses_of_another_length_are_refused(losses):
    with pytest.raises(ContractError, match="losses: expected shape"):
        read_answer((0.5, 0.5, losses), TRAINED, ((), (), (2,)))


@pytest.mark.parametrize("losses", [(), np.zeros(0), np.zeros((0, 1))])
def test_no_losses_are_none(losses):
    assert read_answer((0.5, 0.5, losses), TRAINED, ((), (), (0,)))[2].shape == (0,)


def test_a_part_that_is_not_checked_may_be_anything():
    assert read_answer((0.5, 0.5, None), TRAINED, ((), (), None))[2] is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones(3), r"Y: expected shape \(3, 1\), got an array of shape \(3,\)"),
        (np.ones((1, 3)), r"got an array of shape \(1, 3\)"),
        (((1.0,), (1.0, 2.0), (3.0,)), r"got a list or tuple of 3 \("),
        (None, "got None"),
        (2.0, "got a number"),
    ],
)
def test_matrices_must_have_the_very_shape(value, message):
    with pytest.raises(ContractError, match=message):
        read_answer(value, ("Y",), ((3, 1),))


@pytest.mark.parametrize("value", [1.0, None, (1.0,), (1.0, 2.0, 3.0), np.ones(3), ()])
def test_a_pair_must_be_two(value):
    with pytest.raises(ContractError, match=r"expected \(dWxs, dWrec\), got"):
        read_answer(value, PAIR, ((), ()))


def test_an_integer_too_large_for_a_float_is_infinite():
    assert read_answer((10**400, -(10**400)), PAIR, ((), ()))[0] == np.inf


def test_nan_and_infinity_are_kept():
    assert np.isnan(read_answer((np.nan, np.inf), PAIR, ((), ()))[0])
