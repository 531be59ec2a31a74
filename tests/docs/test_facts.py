"""What the pages say about names, numbers and keys is what the code has."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from grader.contract import CHECKS
from grader.model import CheckStatus
from grader.report.as_json import schema_text
from grader.rubric_template import rubric_text
from grader.sandbox.levels import LEVELS
from pages import ROOT


def words(page):
    """Everything that stands in backquotes, split into names."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", text))))


def test_the_rubric_page_has_every_key():
    keys = set(re.findall(r"^(\w+) = ", rubric_text("seed"), re.MULTILINE)) - {check.name for check in CHECKS}
    assert {"seed", "pass_mark", "memory_mib", "before_due", "numerical_gradient"} <= keys
    assert keys <= words("docs/rubric.md")


def test_the_result_page_has_every_field():
    parts = json.loads(schema_text())["$defs"]
    fields = {name for part in ("result", "check", "notice") for name in parts[part]["properties"]}
    assert {"score", "checks", "isolation"} <= fields
    assert fields <= words("docs/result.md")


def test_the_pages_have_every_status_and_level():
    assert set(get_args(CheckStatus)) <= words("docs/student.md") & words("docs/result.md")
    assert set(LEVELS) <= words("docs/isolation.md")


@pytest.mark.parametrize("page", ["docs/student.md", "student_template/README.md"])
def test_the_pages_for_students_have_every_signature(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for check in CHECKS:
        assert f"`{check.name}({', '.join(check.parameters)})`" in text


def test_the_changelog_has_the_default_points():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert ", ".join(f"{check.name} {check.points}" for check in CHECKS) in text


def test_every_dependency_is_pinned():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project.scripts]")[0]
    listed = project.partition("dependencies =")[2]
    wanted = {name.lower() for name in re.findall(r'"([A-Za-z][\w-]*)(?:[><=].*?)?"', listed)}
    pins = re.findall(r"^([\w.-]+)==", (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    tools = (ROOT / ".ci" / "tools.txt").read_text(encoding="utf-8").splitlines()
    wanted |= {name for name in tools if not name.startswith("#")}
    assert {"torch", "hypothesis", "ruff", "pytest"} <= wanted
    assert wanted <= {name.lower().replace("_", "-") for name in pins}
