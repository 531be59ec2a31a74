"""What the self-check judges with; what students install has stored answers in this module's place."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from grader.cases import PUBLIC_SEED, CaseBank, load_or_build
from grader.diagnose import Diagnoser

__all__ = ["Stock", "stock"]


class Stock(NamedTuple):
    """Public cases, and what finds the known mistakes in the answers to them."""

    bank: CaseBank
    diagnoser: Diagnoser


@lru_cache(maxsize=1)
def stock() -> Stock:
    """The public cases, drawn the first time. Raises BankError."""
    bank = load_or_build(PUBLIC_SEED)
    return Stock(bank, Diagnoser(bank))
