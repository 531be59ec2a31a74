"""The kit as a student uses it: installed by one command into a fresh environment, then asked about files."""

from __future__ import annotations

import importlib.util
import json
import sys

import nbformat
import pytest

from grader import __version__
from pages import ROOT

EXAMPLES = ROOT / "student_template" / "examples"
FLAT = ROOT / "tests" / "flat" / "submissions"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="packages are borrowed by symbolic links")

FORWARD = """\
import torch
def forward(X, Wxs, Wrec):
    print("noise")
    S, Y, y = [], [], torch.zeros(X.shape[1])
    for x in X:
        s = Wxs * x + Wrec * y
        y = {activation}
        S.append(s); Y.append(y)
    return torch.stack(S), torch.stack(Y)
"""


def test_one_pip_command_installs_the_student_version(student):
    status, printed, _ = student.run("grade", "--version")
    assert (status, printed) == (0, f"grade {__version__}+student (bptt-grader, self-check)\n")


def test_nothing_but_the_self_check_is_installed(student):
    for name in ("reference", "grader.cases.oracle", "grader.diagnose", "grader.judge.shrink", "grader.kit"):
        status, _, errors = student.run("python", "-c", f"import {name}")
        assert status == 1
        assert "ModuleNotFoundError" in errors


@pytest.mark.parametrize("name", ["rnn_counting.ipynb", "rnn_counting.py"])
def test_of_the_template_all_seven_functions_are_missing(student, kit, name):
    status, printed, errors = student.run("grade", name, cwd=kit)
    assert (status, errors) == (1, "")
    assert printed.startswith(f"{name}: 0 of 7 functions right on public cases\n")
    assert printed.count("it raises NotImplementedError") == 7


def test_a_right_solution_passes_and_is_told_that_this_is_no_mark(student):
    status, printed, _ = student.run("grade", EXAMPLES / "correct_notebook.ipynb")
    assert status == 0
    assert "7 of 7 functions right on public cases" in printed
    assert printed.endswith("Public cases passed: not your mark. It is given with other cases.\n")
    assert "points" not in printed


def test_a_wrong_solution_gets_its_smallest_stored_case_and_its_mistake(student):
    status, printed, _ = student.run("grade", EXAMPLES / "no_mask.py")
    assert status == 1
    assert "5 of 7 functions right" in printed
    assert "[gradient.no_activation_derivative]" in printed
    case = printed.partition("Smallest stored case that fails:")[2].partition("✗")[0]
    assert "yours     dWxs = -1, dWrec = 0" in case
    assert "departing first at k = 0 in delta" in case
    assert "not your mark" in printed


def test_python_m_grader_is_the_same(student):
    assert student.run("python", "-m", "grader", EXAMPLES / "sign.py") == student.run("grade", EXAMPLES / "sign.py")


def test_a_hung_function_is_stopped(student, tmp_path):
    path = tmp_path / "hung.py"
    path.write_text("""\
def relu(S):
    while True:
        try:
            S + 1
        except BaseException:
            pass
""")
    status, printed, _ = student.run("grade", path, "--time-limit", "0.5")
    assert status == 1
    assert "TIME" in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("no_such.py",), "no such file"),
        ((ROOT / "grader" / "errors.py",), "defines none of the seven functions"),
        ((EXAMPLES / "flat" / "no_mask.py",), "so it cannot check this script. It can be handed in as it is"),
        ((FLAT / "plain_lists.py",), "so it cannot check this script"),  # it has a relu
        ((FLAT / "fit_in_main.py",), "so it cannot check this script"),
        ((EXAMPLES / "sign.py", "--seed", "7"), "unrecognized arguments"),
        ((EXAMPLES / "sign.py", "--map", "anything=else"), "expected NAME=YOURS"),
    ],
)
def test_what_cannot_be_checked_is_said_in_a_line_with_exit_status_2(student, arguments, told):
    status, printed, errors = student.run("grade", *arguments)
    assert (status, printed) == (2, "")
    assert told in errors.splitlines()[-1]


@pytest.mark.parametrize("before", ["", "import torch\ndef relu(S):\n    return S.clamp(min=0)\n"])
def test_a_line_that_cannot_be_read_is_named_by_the_function_that_is_lost_to_it(student, tmp_path, before):
    path = tmp_path / "mine.py"
    path.write_text(before + FORWARD.format(activation="s").replace("Wrec):", "Wrec)"))
    status, printed, _ = student.run("grade", path)
    line = 2 + before.count("\n")
    told = f"forward is not defined: line {line} cannot be read (SyntaxError: expected ':'). Mend that line."
    assert status == 1
    assert told in " ".join(printed.split())


def test_a_script_with_functions_of_other_names_is_not_taken_for_one_without(student, tmp_path):
    path = tmp_path / "mine.py"
    body = "    for _ in range(3):\n        a, b = a - 1, b - a\n    return a, b\n"
    path.write_text(f"def relu(S):\n    return S\ndef my_training(a, b):\n{body}print(my_training(1, 2))\n")
    status, printed, _ = student.run("grade", path)
    assert (status, "train is not defined" in printed) == (1, True)


def test_a_function_of_another_name_can_be_mapped(student, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def rectify(S):\n    return S.clamp(min=0)\n")
    assert "✓ PASS     relu\n" not in student.run("grade", path)[1]
    assert "✓ PASS     relu\n" in student.run("grade", path, "--map", "relu=rectify")[1]


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("nbconvert", "ipykernel")),
    reason="needs nbconvert and ipykernel: pip install nbconvert ipykernel",
)
def test_jupyter_nbconvert_executes_a_notebook_that_checks_itself(student, tmp_path):
    cells = [
        "from grader import check",
        FORWARD.format(activation="s"),
        "check(forward)",
        FORWARD.format(activation="torch.relu(s)"),
        "check(forward)",
        "torch.manual_seed(1); a = torch.rand(2); torch.manual_seed(1); check.all(); print((a == torch.rand(2)).all())",
        "check.all()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    execute = ("python", "-m", "nbconvert", "--to", "notebook", "--execute", "mine.ipynb", "--output", "ran.ipynb")
    status, _, errors = student.run(*execute, cwd=tmp_path)
    assert status == 0, errors
    ran = json.loads((tmp_path / "ran.ipynb").read_text(encoding="utf-8"))["cells"]
    wrong, right, every = (ran[i]["outputs"] for i in (2, 4, 6))
    assert [len(outputs) for outputs in (wrong, right, every)] == [1, 1, 1]  # the card alone: no prints
    assert "forward.no_activation" in "".join(wrong[0]["data"]["text/html"])
    assert "1 of 1 function right" in "".join(right[0]["data"]["text/html"])
    assert "not your mark" in "".join(right[0]["data"]["text/plain"])
    assert "1 of 7 functions right" in "".join(every[0]["data"]["text/html"])
    assert ran[5]["outputs"][0]["text"] == ["tensor(True)\n"]
