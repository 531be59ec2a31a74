"""docs/transcripts.md shows what `grade` really prints, line for line. GOLDEN=write renews the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "transcripts.md"
BLOCK = re.compile(r"```text\n\$ grade (\S+)\n(.*?)```\n", re.DOTALL)


def printed(path):
    """The report on `path` at 80 columns; how well this machine confines is not the page's business."""
    grade = Path(sys.executable).parent / "grade"
    environment = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run([grade, path], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return re.sub(r"^Isolation: .*?; cases", "Isolation: …; cases", done.stdout, flags=re.MULTILINE)


@pytest.mark.skipif(sys.platform != "linux", reason="the page's commands ask for isolation that only Linux has")
def test_the_transcripts_are_what_grade_prints():
    page = PAGE.read_text(encoding="utf-8")
    renewed = BLOCK.sub(lambda block: f"```text\n$ grade {block[1]}\n{printed(block[1])}```\n", page)
    if os.environ.get("GOLDEN") == "write":
        PAGE.write_text(renewed, encoding="utf-8")

    assert len(BLOCK.findall(page)) == 3
    assert renewed == PAGE.read_text(encoding="utf-8")
