"""Every command of README and docs is typed as it stands there, in order, in a copy of what a reader has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cli import grade_command, grader_command
from pages import PAGES, ROOT, blocks

SCRIPTS = Path(sys.executable).parent
OURS = ("grade", "grader", "python", "pytest")

FIRST = "python3 -m venv .venv && .venv/bin/pip install -c .ci/constraints.txt . && .venv/bin/grade "
OTHER_OPTIONS = ("--index-url", "--security-opt", "--repeats")
OTHER_OPTIONS += ("--host", "--port", "--protocol", "--nthreads", "--no-dashboard", "--local-directory")  # Dask's
OTHER_OPTIONS += ("--debug",)  # nbgrader's
SECOND = ".venv/bin/pip install -c .ci/constraints.txt -e '.[test]' && .venv/bin/pytest"


def commands_below(group):
    """Every command of a group of commands, groups left out."""
    for command in group.commands.values():
        yield from commands_below(command) if hasattr(command, "commands") else [command]


@pytest.fixture
def reader(tmp_path):
    """A folder with what the pages talk about, and the environment of someone who followed the set-up."""
    shutil.copytree(ROOT / "student_template", tmp_path / "student_template")
    path = os.pathsep.join((str(SCRIPTS), os.environ["PATH"]))
    return tmp_path, os.environ | {"PATH": path, "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1"}


def normal(text):
    return re.sub(r"[ \t]+", " ", text).strip()


def shown(line):
    """A pattern for a line of output as a page shows it."""
    return "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", normal(line)))


@pytest.mark.skipif(sys.platform != "linux", reason="the pages' commands ask for isolation that only Linux has")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_s_commands_do_what_it_says(page, reader):
    folder, environment = reader
    for block in blocks(page):
        if not block.is_shell or block.is_setup:
            continue
        for command in block.commands():
            where = f"{page}:{command.line}: {command.text}"
            run = subprocess.run(
                ["bash", "-c", command.text],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
            printed = run.stdout + run.stderr
            assert run.returncode == command.status, f"{where}\n{printed}"
            lines = [normal(line) for line in printed.splitlines()]
            for line in command.output:
                assert any(re.fullmatch(shown(line), got) for got in lines), f"{where}\nshows: {line}\n{printed}"


@pytest.mark.parametrize("page", PAGES)
def test_only_set_up_blocks_use_other_programs(page):
    for block in blocks(page):
        assert block.words, f"{page}:{block.line}: say what the block is: sh, console, text …"
        if block.is_shell and not block.is_setup:
            for command in block.commands():
                assert command.text.split()[0] in OURS, f"{page}:{command.line}: {command.text}"


def test_readme_has_the_two_commands_word_for_word():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    (first,) = (line for line in lines if line.startswith(FIRST) and "--isolation" not in line)
    example = first.removeprefix(FIRST)
    assert example.startswith("student_template/examples/")
    assert (ROOT / example).is_file()
    assert lines.count(SECOND) == 1


@pytest.mark.parametrize("page", PAGES)
def test_every_option_named_in_a_page_exists(page):
    known = set(OTHER_OPTIONS)
    for command in (grade_command, *commands_below(grader_command)):
        known |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert not named - known - {"--help"}, f"{page} names {sorted(named - known)}"


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md"])
def test_links_lead_somewhere(page):
    source = ROOT / page
    for target in re.findall(r"\]\(([^)\s]+)\)", source.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        aim = source.parent / path if path else source
        assert aim.exists(), f"{page} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", aim.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, target
