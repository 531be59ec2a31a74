"""A course of its own for the tests of Gradescope's pack: a rubric, submissions of five kinds, changed archives."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from grader.packs.gradescope import pack_gradescope

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "student_template" / "examples"
SUBMISSIONS = ROOT / "tests" / "hostile" / "submissions"

SEED = "5eed0fgradescope0tests"
LIMIT_S = 1
RUBRIC = f'seed = "{SEED}"\n[limits]\ntime_limit_s = {LIMIT_S}\n[feedback]\nbefore_due = "trace"\n'

KINDS = {
    "correct": EXAMPLES / "correct_notebook.ipynb",
    "wrong": EXAMPLES / "input_off_by_one.ipynb",
    "endless": "endless.py",
    "hostile": SUBMISSIONS / "harm" / "memory_malloc.py",
    "unreadable": "unreadable.ipynb",
}
_ENDLESS = """

def train(*arguments):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""


def make_course(folder):
    """Write `rubric.toml` there, and what is handed in: the path of each kind."""
    (folder / "rubric.toml").write_text(RUBRIC, encoding="utf-8")
    right = (EXAMPLES / "correct.py").read_text(encoding="utf-8")
    (folder / "endless.py").write_text(right + _ENDLESS, encoding="utf-8")
    (folder / "unreadable.ipynb").write_text('{"cells": 3', encoding="utf-8")
    return {kind: folder / path for kind, path in KINDS.items()}


def opened(content):
    return zipfile.ZipFile(io.BytesIO(content))


def rezipped(archive, target, *, prefix="", without=(), instead=None, mode=None):
    """Write `archive` to `target` with members renamed, left out, replaced, or all of one mode."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            if member.filename not in without:
                content = (instead or {}).get(member.filename, old.read(member))
                renamed = zipfile.ZipInfo(prefix + member.filename, member.date_time)
                renamed.external_attr = member.external_attr if mode is None else mode << 16
                new.writestr(renamed, content)
    return target


def shown_mark(report):
    """What a report's mark is, or the 0 until another file is handed in."""
    return 0.0 if report.outcome == "unreadable" else float(report.score)


def packed_course(folder):
    """Make a course in `folder`; its archive."""
    make_course(folder)
    archive = folder / "autograder.zip"
    archive.write_bytes(pack_gradescope(rubric=folder / "rubric.toml").content)
    return archive


def program(place, code):
    """Put a program of the test's own, in Python, where the platform runs `run_autograder`."""
    path = place.on_disk.root / "run_autograder"
    path.write_text(f"#!{python_in(place)} -I\n{code}\n", encoding="utf-8")


def python_in(place):
    return f"{place.seen.home}/venv/bin/python"


def installed_in(place):
    """The folder of installed packages, on disk."""
    (folder,) = place.on_disk.home.glob("venv/lib/python*/site-packages")
    return folder
