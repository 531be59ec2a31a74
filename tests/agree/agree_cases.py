"""Binary sequences, targets and weights for the agreement tests, as exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st

AGREE = settings(max_examples=40, deadline=None, derandomize=True, database=None)


class Case(NamedTuple):
    """X, T, Wxs, Wrec of Fractions and ints: exact in float32 too, for they are eighths below 2^7."""

    X: list[list[int]]
    T: list[list[Fraction]]
    Wxs: Fraction
    Wrec: Fraction


def eighths(low: int, high: int) -> st.SearchStrategy[Fraction]:
    return st.integers(low, high).map(lambda n: Fraction(n, 8))


WEIGHTS = eighths(-16, 16)


@st.composite
def cases(draw, max_seq_l=8, Wxs=WEIGHTS, Wrec=WEIGHTS) -> Case:
    seq_l, nb_seq = draw(st.integers(1, max_seq_l)), draw(st.integers(1, 4))

    def matrix(element):
        row = st.lists(element, min_size=nb_seq, max_size=nb_seq)
        return draw(st.lists(row, min_size=seq_l, max_size=seq_l))

    X, T = matrix(st.integers(0, 1)), matrix(eighths(-64, 64))
    return Case(X, T, draw(Wxs), draw(Wrec))


kinked_cases = st.one_of(
    cases(max_seq_l=6, Wxs=st.just(Fraction(0))),
    cases(max_seq_l=6, Wrec=st.sampled_from([Fraction(0), Fraction(-1)])),
)
