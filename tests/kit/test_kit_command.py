"""`grader kit -o DIR`."""

from __future__ import annotations

import re

from grader.cli import grader_main
from grader.kit.wheel import wheel_name
from pages import ROOT


def test_the_kit_is_four_files_with_readable_rights(kit):
    names = sorted(path.name for path in kit.iterdir())
    assert names == sorted(["README.md", "rnn_counting.ipynb", "rnn_counting.py", wheel_name()])
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in kit.iterdir())
    for name in ("rnn_counting.ipynb", "rnn_counting.py"):
        assert (kit / name).read_bytes() == (ROOT / "student_template" / name).read_bytes()


def test_the_readme_names_the_wheel_every_system_and_the_exercise(kit):
    text = (kit / "README.md").read_text(encoding="utf-8")
    assert text.count(wheel_name()) >= 4
    assert "WHEEL" not in text
    for word in ("Windows", "macOS", "Linux", "Colab", "not your mark", "bptt_gradients(X, T, Wxs, Wrec)"):
        assert word in text
    assert len(re.findall("^# ", text, re.MULTILINE)) == 1
    assert "manifest.toml" not in text


def test_the_command_names_what_it_wrote_and_replaces_an_older_kit(kit, tmp_path, capsys):
    for _ in range(2):
        assert grader_main(["kit", "-o", str(tmp_path / "out")]) == 0
        assert wheel_name() in capsys.readouterr().out
    assert (tmp_path / "out" / wheel_name()).read_bytes() == (kit / wheel_name()).read_bytes()


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert grader_main(["kit", "-o", str(tmp_path / "file")]) == 2
    assert "cannot write the kit" in capsys.readouterr().err
