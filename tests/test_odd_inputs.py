"""Whatever is handed in gets a clear outcome in bounded time, by the command that people type."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GRADE = Path(sys.executable).parent / "grade"
RIGHT = (Path(__file__).parent / "twins" / "submissions" / "plain_torch.py").read_text(encoding="utf-8")
BOUND_S = 90


def grade(*arguments, cwd):
    return subprocess.run([GRADE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=BOUND_S, check=False)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.py", b"", "nothing to grade"),
        ("picture.ipynb", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG"),
        ("text.ipynb", b"just some words", "not a notebook"),
        ("ruby.ipynb", json.dumps({"cells": [], "metadata": {}, "nbformat": 4}).encode(), "nothing to grade"),
    ],
)
def test_an_unusable_file_is_one_clear_line_and_exit_2(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)

    done = grade(name, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there_and_a_folder_without_submissions_are_one_line_and_exit_2(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").touch()

    for path, told in (("gone.py", "no such file"), ("folder", "no submission")):
        done = grade(path, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert told in done.stderr


def test_a_file_that_vanishes_among_several_costs_the_others_nothing(tmp_path):
    (tmp_path / "right.py").write_text(RIGHT)

    done = grade("--format", "json", "right.py", "gone.py", cwd=tmp_path)

    outcomes = [result["outcome"] for result in json.loads(done.stdout)]
    assert (done.returncode, outcomes) == (1, ["graded", "unreadable"])


def test_a_function_lost_to_a_forgotten_colon_is_told_so_wherever_its_check_is(tmp_path):
    broken = RIGHT.replace("def forward(X, Wxs, Wrec):", "def forward(X, Wxs, Wrec)")
    line = RIGHT[: RIGHT.index("def forward(")].count("\n") + 1
    cell = {"cell_type": "code", "metadata": {}, "source": broken, "execution_count": 1, "outputs": []}
    (tmp_path / "hw.py").write_text(broken)
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (tmp_path / "hw.ipynb").write_text(json.dumps(notebook))

    script, notebook = json.loads(grade("--format", "json", "hw.py", "hw.ipynb", cwd=tmp_path).stdout)
    page = grade("--format", "html", "--feedback", "example", "hw.py", cwd=tmp_path).stdout

    forward = next(check for check in script["checks"] if check["name"] == "forward")
    told = f"forward is not defined: line {line} cannot be read (SyntaxError: expected ':'). Mend that line."
    assert (forward["status"], forward["message"]) == ("missing", told)
    assert [diagnosis["code"] for diagnosis in forward["diagnoses"]] == ["general.syntax_error"]
    assert script.get("review", []) == []
    assert html.unescape(page).count(told) == 1
    assert {check["message"].partition(": ")[2] for check in notebook["checks"]} == {
        f"cell 1, {told.partition(': ')[2]}"
    }
    [reason] = notebook["review"]
    assert reason.startswith("7 of 7 functions are lost to lines that cannot be read or fail")


def test_a_notebook_of_50_mb_of_pictures_is_graded(tmp_path):
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 50_000_000}}
    cell = {"cell_type": "code", "metadata": {}, "source": RIGHT, "execution_count": 1, "outputs": [picture]}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (tmp_path / "big.ipynb").write_text(json.dumps(notebook))

    done = grade("-q", "big.ipynb", cwd=tmp_path)

    assert done.returncode == 0
    assert "100 of 100" in done.stdout


@pytest.mark.parametrize(
    ("harm", "noted"),
    [
        ("while True: pass", "general.timeout"),
        ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", "general.timeout"),
        ("x = torch.empty(25_000_000_000)", "general.memory"),
        ("x = bytearray(100 << 30)", "general.memory"),
        ("while True: print('x' * 10_000)", "general.crash"),
        ("import os; os._exit(0)", "general.crash"),
        ("import ctypes; ctypes.string_at(0)", "general.crash"),
    ],
)
def test_harm_at_top_level_costs_its_statement_and_nothing_else(tmp_path, harm, noted):
    (tmp_path / "harm.py").write_text(f"{RIGHT}\n{harm}\n")

    done = grade("--format", "json", "--time-limit", "5", "harm.py", cwd=tmp_path)

    result = json.loads(done.stdout)
    assert (done.returncode, result["score"]) == (0, 100)
    assert noted in {notice["code"] for notice in result["notices"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("while True: pass", "timeout"),
        ("os._exit(0)", "error"),
        ("return torch.empty(100_000_000_000)", "error"),
        ("while True: print('x' * 10_000)", "error"),
        ("import ctypes; ctypes.string_at(0)", "error"),
        ("os.kill(os.getpid(), 9)", "error"),
    ],
)
def test_harm_in_one_function_costs_its_check_and_nothing_else(tmp_path, body, status):
    (tmp_path / "harm.py").write_text(f"{RIGHT}\nimport os\ndef count_targets(X):\n    {body}\n")

    done = grade("--format", "json", "--time-limit", "2", "harm.py", cwd=tmp_path)

    result = json.loads(done.stdout)
    assert result["score"] == 90
    assert {c["name"]: c["status"] for c in result["checks"] if c["status"] != "passed"} == {"count_targets": status}


def test_a_submission_cannot_delete_its_own_file(tmp_path):
    path = tmp_path / "self.py"
    path.write_text(f"import os\nos.remove({str(path)!r})\n{RIGHT}")

    done = grade("-q", "self.py", cwd=tmp_path)

    assert path.exists()
    assert "100 of 100" in done.stdout


def test_nothing_is_left_behind_in_the_temporary_folder(tmp_path):
    (tmp_path / "right.py").write_text(f"open('left.txt', 'w').write('x')\n{RIGHT}")
    temporary = tmp_path / "tmp"
    temporary.mkdir()

    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run([GRADE, "-q", "right.py"], cwd=tmp_path, env=environment, capture_output=True, check=False)

    assert done.returncode == 0
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["right.py", "tmp"]


def test_a_submission_cannot_import_another_one_that_is_graded_with_it(tmp_path):
    (tmp_path / "alice.py").write_text(RIGHT)
    (tmp_path / "bob.py").write_text("from alice import *\n")

    together = json.loads(grade("--format", "json", ".", cwd=tmp_path).stdout)
    alone = json.loads(grade("--format", "json", "bob.py", cwd=tmp_path).stdout)  # a file of bob's own, for all we know

    assert [(result["submission"]["path"], result["score"]) for result in together] == [
        ("alice.py", 100),
        ("bob.py", 0),
    ]
    assert alone["score"] == 100
