"""The reports built by hand for the renderers, one folder up; the texts of the hostile corpus; a few real gradings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(UNIT), str(UNIT.parent / "hostile")]

from hostile_texts import HOSTILE_TEXTS, script  # noqa: E402 - found by the line above

ROOT = UNIT.parents[1]
EXAMPLES = ("correct.py", "sign.py", "crash.py", "wrong_axis.ipynb")
HOSTILE = ("html_script",)


@pytest.fixture(scope="session")
def graded(grader, tmp_path_factory):
    """Reports of some submissions of the corpora, by name."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = [ROOT / "student_template" / "examples" / name for name in EXAMPLES]
    paths.append(ROOT / "tests" / "flat" / "submissions" / "weights_exchanged.py")
    for text in HOSTILE_TEXTS:
        if text.name in HOSTILE:
            path = folder / f"{text.name}.py"
            path.write_text(script(text.text), encoding="utf-8")
            paths.append(path)
    return {path.name: grader.grade(str(path)) for path in paths}
