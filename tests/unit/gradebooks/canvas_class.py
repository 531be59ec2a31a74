"""A class as Canvas has it: the zip of its submissions, graded for real, and the gradebook that Canvas exports."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from hostile_texts import HOSTILE_TEXTS, script

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "student_template" / "examples"
HEADER = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Notes"]
TITLE = 'Übung 3: "RNN", Zähler'
COLUMNS = ["Essay (101)", f"{TITLE} (207)", "RNN (208)", "Übung 3 (209)", "Übung 3 (210)", "Final Score Project (211)"]
TOTALS = ["Assignments Current Score", "Current Score", "Final Score"]
STUDENTS = {
    "31": "Smith, Anna",
    "32": "Smith, Anna",
    "33": "=HYPERLINK(1)",
    "34": "O'Brien, Zoë\n(Zo)",
    "35": "Eve; Empty",
    "36": '"Mal", lory',
    "38": "Nobody, Ned",
}


def _text(name):
    return next(each.text for each in HOSTILE_TEXTS if each.name == name)


def submissions():
    """Names as Canvas writes them, and contents: two Annas, one late; odd names; nothing; hostile text; typed in."""
    return {
        "smithanna_31_9001_hw.py": (EXAMPLES / "correct.py").read_text(),
        "smithanna_LATE_32_9002_hw-1.py": (EXAMPLES / "sign.py").read_text(),
        "_33_9003_=1+1; Lösung (final)-2.py": (EXAMPLES / "stub.py").read_text(),
        "obrienzoë_34_9004_HW 3.ipynb": (EXAMPLES / "correct_notebook.ipynb").read_text(),
        "eveempty_35_9005_hw.py": "",
        "mallory_36_9006_hw.py": script(_text("html_script")),
    }


SCORES = {"31": "100", "32": "65", "34": "100"}
"""What those are marked who are graded for certain; 33 and 36 have little, 35 has no mark."""


def make_class(root):
    """`subs.zip` and `marks/` in `root`, by the real command."""
    with zipfile.ZipFile(root / "subs.zip", "w") as archive:
        for name, content in submissions().items():
            archive.writestr(name, content)
    command = [sys.executable, "-m", "grader", "grade", "subs.zip", "--from", "canvas", "-o", "marks/", "-j", "2"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env={**os.environ})
    assert run.returncode == 1, run.stderr
    return root / "marks"


# ---------------------------------------------------------------------------- the export
def gradebook(  # noqa: PLR0913 - each is a thing that exports differ in
    cells=None,
    *,
    delimiter=",",
    end="\n",
    quoted=False,
    possible="100.00",
    columns=COLUMNS,
    students=STUDENTS,
    header=HEADER,
    extra_rows=(),
):
    """The text of an export; `cells` maps a student's id to what their cell of column 207 says."""
    cells = cells or {}
    computed = ["(nur Lesezugriff)"] * len(TOTALS)

    def line(values):
        written = (
            f'"{value.replace(chr(34), chr(34) * 2)}"' if quoted or set(value) & set('",;\r\n') else value
            for value in values
        )
        return delimiter.join(written)

    def worth(column):
        return possible if "(207)" in column else "10.00"

    blanks = [""] * (len(header) - 1)
    rows = [[*header, *columns, *TOTALS]]
    rows += [["", *blanks, *("Manuelle Veröffentlichung" for _ in columns), *("" for _ in TOTALS)]]
    rows += [["    Points Possible", *blanks, *map(worth, columns), *computed]]
    for number, name in students.items():
        facts = [name, number, f"S{number}", f"login{number}@example.edu", "Sec, 1 and Sec 2", "late; \n“ill”"]
        own = [cells.get(number, "") if "(207)" in column else "N/A" for column in columns]
        rows.append([*facts, *own, "12.50", "12.50", "12.50"])
    rows.append(["Student, Test", "99", "", "0123abcd", "Sec 1", "", *("" for _ in columns), "", "", ""])
    rows += extra_rows
    return "".join(line(row) + end for row in rows)
