"""A course of nbgrader's in a folder: its own commands as real processes, what students hand in, what is in its book.

nbgrader, Jupyter and IPython keep their own files in the folder too: nothing of the person's who runs the tests counts.
"""

from __future__ import annotations

import ast
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "student_template" / "examples"
SCRIPTS = Path(sys.executable).parent
NOTEBOOK = "rnn_counting.ipynb"
JUPYTER_FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_PATH", "IPYTHONDIR")

CONFIG = """\
c = get_config()
c.Execute.timeout = {timeout}
"""


def isolated(root):
    """The environment in which what Jupyter keeps for a person lies below `root`."""
    private = root / ".private"
    private.mkdir(exist_ok=True)
    return {name: str(private / name) for name in JUPYTER_FOLDERS}


@dataclass
class Course:
    root: Path
    assignment: str = "ps1"
    said: dict[str, str] = field(default_factory=dict)  # by command, its last output

    # ------------------------------------------------------------------ a teacher
    def begin(self, rubric="", *, timeout=300):
        """Pack the assignment and have nbgrader make what students get."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "nbgrader_config.py").write_text(CONFIG.format(timeout=timeout), encoding="utf-8")
        given = []
        if rubric:
            (self.root / "rubric.toml").write_text(rubric, encoding="utf-8")
            given = ["--rubric", "rubric.toml"]
        self.grader("pack", "nbgrader", "-o", f"source/{self.assignment}/{NOTEBOOK}", *given)
        self.nbgrader("generate_assignment", self.assignment)
        return self

    def run(self, program, *arguments, status=0):
        """What a command prints, both streams together; it must end with `status`."""
        environment = {**os.environ, **isolated(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PATH"] = f"{SCRIPTS}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            [SCRIPTS / program, *arguments],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=600,
        )
        assert done.returncode == status, done.stdout[-6000:]
        self.said[" ".join([program, *arguments])] = done.stdout
        return done.stdout

    def grader(self, *arguments, status=0):
        return self.run("grader", *arguments, status=status)

    def nbgrader(self, *arguments, status=0):
        return self.run("nbgrader", *arguments, status=status)

    def grade_json(self):
        """Points by student and check, by `grade --format json` of what was handed in; None without a mark."""
        files = sorted(self.root.glob(f"submitted/*/{self.assignment}/{NOTEBOOK}"))
        text = self.run("grade", "--format", "json", "--exit-zero", "-q", *self.rubric(), *map(str, files))
        return {
            file.parts[-3]: {check["name"]: check["score"] for check in result["checks"]}
            for file, result in zip(files, json.loads(text), strict=True)
        }

    def rubric(self):
        return ["--rubric", "rubric.toml"] if (self.root / "rubric.toml").is_file() else []

    # ------------------------------------------------------------------ students
    def released(self):
        return json.loads((self.root / "release" / self.assignment / NOTEBOOK).read_text(encoding="utf-8"))

    def hand_in(self, student, notebook, assignment=None):
        folder = self.root / "submitted" / student / (assignment or self.assignment)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")

    # ------------------------------------------------------------------ the gradebook
    @property
    def database(self):
        return self.root / "gradebook.db"

    def query(self, sql):
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute(sql).fetchall()
        connection.close()
        return rows

    def dump(self):
        """The whole gradebook as SQL."""
        connection = sqlite3.connect(self.database)
        try:
            return "\n".join(connection.iterdump())
        finally:
            connection.close()

    def scores(self, column="auto_score"):
        """Scores by student and check, straight from the database; None where there is none."""
        found = {}
        for student, check, score in self.query(SCORES.format(column=column)):
            found.setdefault(student, {})[check] = score
        return found

    def exported(self):
        """The rows of `nbgrader export`, by student."""
        self.nbgrader("export")
        with (self.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}


SCORES = """
select submitted_assignment.student_id, base_cell.name, grade.{column}
from grade
join base_cell on base_cell.id = grade.cell_id
join submitted_notebook on submitted_notebook.id = grade.notebook_id
join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
"""


def solved(notebook, source, *, before=""):
    """The released notebook with the functions of `source` written into it, and `before` in its first code cell."""
    functions = {node.name: ast.unparse(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            stubs = [node.name for node in ast.parse("".join(cell["source"])).body]
            cell["source"] = "\n\n".join(functions[name] for name in stubs)
    first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    first["source"] = "\n".join(["".join(first["source"]), before])
    return notebook


def example(name):
    return (EXAMPLES / name).read_text(encoding="utf-8")


# ---------------------------------------------------------------------------- a class, autograded once
RUBRIC = "[points]\nrelu = 7.5\nrelu_derivative = 2.5\n"
NOISE = """\
import os, sys, warnings
warnings.warn("out of date")
print("noise", file=sys.stderr)
os.environ["PYTHONVERBOSE"] = "1"
"""
FORGERY = """\
import sys, types
forged = types.ModuleType("grader.nbgrader_cell")
forged.points = lambda check, worth, notebook: worth
sys.modules["grader.nbgrader_cell"] = forged
"""
CLASS = {
    "ana": ("correct.py", ""),
    "ben": ("sign.py", ""),
    "cem": ("several_mistakes.py", ""),
    "dee": ("no_mask.py", NOISE),
    "eva": ("stub.py", FORGERY),
    "fay": ("", ""),
}
_made = {}


def autograded(tmp_path_factory):
    """The class after `nbgrader autograde`, made once a process. Not to be written to: `copied` is."""
    if "class" not in _made:
        course = Course(tmp_path_factory.mktemp("nbgrader") / "course").begin(RUBRIC)
        for student, (file, before) in CLASS.items():
            released = course.released()
            course.hand_in(student, solved(released, example(file), before=before) if file else released)
        course.nbgrader("autograde", course.assignment)
        _made["class"] = course
    return _made["class"]


def copied(course, target):
    """A course of its own, as that one is."""
    shutil.copytree(course.root, target)
    return Course(target, course.assignment, dict(course.said))
