from __future__ import annotations

import pytest

from grader.pipeline import Settings


@pytest.fixture
def settings():
    return Settings()


@pytest.fixture
def folder(tmp_path):
    """Four submissions: one right, two that are the same, one that nobody can read."""
    made = tmp_path / "submissions"
    made.mkdir()
    (made / "ada.py").write_text("# all right\n")
    (made / "bob.py").write_text("# fails: forward\n")
    (made / "cyd.py").write_text("# fails: forward\n")
    (made / "dan.py").write_text("")
    return made
