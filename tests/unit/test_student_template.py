"""What students start from: script and notebook agree, both run as they are; and the examples cost what they say."""

import ast
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

import corpora
import student_template
from grader.contract import CHECKS

HERE = Path(student_template.__file__).parent
SCRIPT = (HERE / "rnn_counting.py").read_text(encoding="utf-8")
NOTEBOOK = nbformat.read(HERE / "rnn_counting.ipynb", as_version=nbformat.NO_CONVERT)
CODE = [cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code"]
EXAMPLES = corpora.manifest(HERE / "examples" / "manifest.toml")


def _functions(source: str) -> dict[str, str]:
    return {node.name: ast.unparse(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def _self_check(script: str) -> str:
    [block] = [node for node in ast.parse(script).body if isinstance(node, ast.If)]
    return textwrap.dedent("\n".join(script.splitlines()[block.body[0].lineno - 1 :])).strip()


@pytest.fixture(scope="module")
def printed() -> dict[str, list[str]]:
    """What each source prints, run one after the other in a process that knows nothing of this project."""
    sources = {"script": SCRIPT, "notebook": "\n".join(CODE)}
    for name in ("off_by_one_state", "crash"):
        example = (HERE / "examples" / f"{name}.py").read_text(encoding="utf-8")
        sources[name] = example.split("\n\nif __name__")[0] + "\n\n" + CODE[-1]
    run_each = "import json, sys\nfor s in json.load(sys.stdin): exec(s, {'__name__': '__main__'}); print('----')"
    done = subprocess.run(
        [sys.executable, "-c", run_each],
        input=json.dumps(list(sources.values())),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert (done.returncode, done.stderr) == (0, "")
    return {name: text.splitlines() for name, text in zip(sources, done.stdout.split("----\n"), strict=False)}


def test_the_notebook_is_valid_nbformat_4_5_without_outputs():
    nbformat.validate(NOTEBOOK)
    assert (NOTEBOOK.nbformat, NOTEBOOK.nbformat_minor) == (4, 5)
    assert [cell for cell in NOTEBOOK.cells if cell.cell_type == "code" and cell.outputs] == []


def test_script_and_notebook_hold_the_same_stubs():
    assert _functions("\n".join(CODE[:-1])) == _functions(SCRIPT)


def test_script_and_notebook_check_themselves_alike():
    assert _self_check(SCRIPT) == CODE[-1].strip()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_stub_has_the_contracts_parameters_and_is_not_implemented(check):
    [stub] = [node for node in ast.parse(SCRIPT).body if isinstance(node, ast.FunctionDef) and node.name == check.name]
    assert tuple(argument.arg for argument in stub.args.args) == check.parameters
    assert ast.unparse(stub.body[-1]) == f"raise NotImplementedError('{check.name}')"


def test_the_readme_gives_the_contracts_points():
    rows = re.findall(r"^\| `(\w+)\((.*?)\)` \|.*\| (\d+) \|$", (HERE / "README.md").read_text(), flags=re.MULTILINE)
    assert rows == [(check.name, ", ".join(check.parameters), str(check.points)) for check in CHECKS]


@pytest.mark.parametrize("source", ["script", "notebook"])
def test_untouched_it_runs_to_the_end_and_says_that_nothing_is_written(printed: dict[str, list[str]], source: str):
    *lines, summary = printed[source]
    assert lines == [f"not written yet  {check.name}" for check in CHECKS]
    assert summary == "0 of 10 examples right"


def test_a_wrong_gradient_is_told_where_it_differs_and_right_functions_are_ok(printed: dict[str, list[str]]):
    lines = printed["off_by_one_state"]
    assert [line.split("(")[0] for line in lines if not line.startswith("ok ")] == [
        "not right        bptt_gradients",
        "not right        bptt_gradients",
        "not right        train",
        "7 of 10 examples right",
    ]
    assert "expected [2, 1], got (tensor(2.), tensor(" in "".join(lines)


def test_a_function_that_raises_does_not_keep_the_others_from_being_checked(printed: dict[str, list[str]]):
    raising = [line.split("(")[0] for line in printed["crash"] if line.startswith("raises ")]
    assert raising == ["raises           bptt_gradients", "raises           bptt_gradients", "raises           train"]
    assert printed["crash"][-1] == "7 of 10 examples right"


# ---------------------------------------------------------------------------- examples
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_wrong_just_where_the_manifest_says(example: corpora.Entry):
    with corpora.quiet():
        failing = corpora.failing(corpora.load(HERE / "examples" / example.file))
    assert example.loses <= failing.keys(), failing
    assert failing.keys() <= example.loses | example.may_lose, failing


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.carried], ids=str)
def test_an_examples_carried_error_vanishes_with_right_helpers(example: corpora.Entry):
    for check in example.carried:
        with corpora.quiet():
            assert corpora.failing_by_itself(corpora.load(HERE / "examples" / example.file), check) == []


def test_the_manifest_names_every_example_once():
    found = sorted(path.name for path in (HERE / "examples").iterdir() if path.suffix in {".py", ".ipynb"})
    assert sorted(example.file for example in EXAMPLES) == found


@pytest.mark.parametrize("path", sorted((HERE / "examples").glob("*.ipynb")), ids=lambda path: path.name)
def test_an_example_notebook_is_valid(path: Path):
    nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
