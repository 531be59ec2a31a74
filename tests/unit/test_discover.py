"""Which files a path on the command line means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.cohort.discover import find_submissions
from grader.errors import UsageError


def names(found):
    return [Path(path).name for path in found.paths]


def test_a_file_stands_for_itself_whether_it_exists_or_not(tmp_path):
    found = find_submissions([str(tmp_path / "gone.py")])
    assert (names(found), found.several) == (["gone.py"], False)


def test_a_folder_gives_its_scripts_and_notebooks_by_name(tmp_path):
    for name in ("b.py", "a.ipynb", "C.PY", "notes.txt", ".hidden.py", "data.csv"):
        (tmp_path / name).write_text("")
    for folder in (".ipynb_checkpoints", "__pycache__", "deeper", "folder.py"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text("")
    found = find_submissions([str(tmp_path)])
    assert (names(found), found.several) == (["C.PY", "a.ipynb", "b.py"], True)


def test_paths_keep_their_order(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "m.py").write_text("")
    found = find_submissions(["z.py", str(tmp_path / "in"), "a.py"])
    assert (names(found), found.several) == (["z.py", "m.py", "a.py"], True)


@pytest.mark.parametrize("deeper", [False, True])
def test_a_folder_without_submissions_is_refused(tmp_path, deeper):
    (tmp_path / "anna").mkdir()
    if deeper:
        (tmp_path / "anna" / "hw.py").write_text("")
    with pytest.raises(UsageError, match="no submission in this folder") as caught:
        find_submissions([str(tmp_path)])
    assert ("sub-folders" in str(caught.value)) == deeper


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_nobodys_own_work_wherever_it_leads(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "own.py").write_text("")
    (folder / "linked.py").symlink_to("own.py")
    (folder / "steals.py").symlink_to(secret)
    assert names(find_submissions([str(folder)])) == ["own.py"]
