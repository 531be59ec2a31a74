"""Texts of the hostile corpus and reports built by hand, which lie elsewhere; classes graded once for all tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(UNIT), str(UNIT.parent / "hostile")]

from canvas_class import make_class  # noqa: E402 - found by the line above


@pytest.fixture(scope="session")
def canvas_marks(tmp_path_factory):
    """The marks of a download of Canvas's, graded by the real command. Not to be written to."""
    return make_class(tmp_path_factory.mktemp("canvas"))
