"""Words that stand in every report whoever wrote the submission: a student may be called so, and they say nothing."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import cache

from grader.contract import CHECKS, FUNCTIONS
from grader.contract_flat import FLAT_BY_NAME
from grader.messages import MESSAGES
from grader.report import phrases
from grader.report.html.titles import TITLES

__all__ = ["our_words", "words_of"]

_NAMES = "X T S Y Wxs Wrec dWxs dWrec l_r n_iter losses delta expected got trace SeqL NbSeq X_train X_test T_train"
_ON_LOADING = """
this statement block cell file was left out lost with it cannot be read as line code notebook script no such folder
is not UTF-8 UTF-16 holds nothing to grade characters encoding declared valid replaced text web page image archive zip
imports module more than unreadable larger skipped ended process program exit status signal memory time limit input
answered empty called too many deeply nested check path name save again open own fault kept from being judged
choice between submission submissions submitted ipynb json txt raised raises internal error grader
"""
_OF_PYTHON = """
name is not defined object has no attribute module named invalid syntax unexpected indent never closed unterminated
string literal list index out of range division by zero missing required positional argument takes arguments but were
given unsupported operand type types for could broadcast together shapes shape size dimension local variable referenced
before assignment expected key value values mat1 mat2 tensor float double long int bool array scalar
"""


def words_of(text: str) -> list[str]:
    """Its words, in lower case."""
    return [word.lower() for word in re.findall(r"[^\W_]+", text)]


@cache
def our_words() -> frozenset[str]:
    """The words of our messages and titles, of the contract's names, and of what Python says of an error."""
    return frozenset(word for text in _texts() for word in words_of(text))


def _texts() -> Iterator[str]:
    for text in MESSAGES.values():
        yield re.sub(r"(?<!{){\w+}", " ", text)
    yield from TITLES.values()
    yield from TITLES
    yield from FUNCTIONS
    for spec in (*CHECKS, *FLAT_BY_NAME.values()):
        yield from (f"{item.name} {item.title}" for item in spec.properties)
    yield from phrases.HINTS.values()
    yield from phrases.OUTCOMES.values()
    yield from (mark.word for mark in phrases.MARKS.values())
    yield phrases.NO_CASE_HINT
    yield from (name for name in dir(builtins) if not name.startswith("_"))
    yield from (_NAMES, _ON_LOADING, _OF_PYTHON)
