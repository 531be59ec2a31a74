"""The command line over a pipeline that is made up: arguments, output, exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import jsonschema
import pytest
from report_samples import SAMPLES

from grader.cli import grade_main, grader_main
from grader.cli_output import wants_colour
from grader.errors import BankError, IsolationError, SandboxError, UnreadableError
from grader.report.as_json import schema_text
from grader.result import Submission

OUTCOMES = {
    "good": SAMPLES["passed"],
    "bad": SAMPLES["mixed"],
    "odd": UnreadableError("odd.py: not a notebook"),
    "ours": SandboxError("the template process ended"),
    "bug": TypeError("x\n\x1b[31m"),
    "stop": KeyboardInterrupt(),
    "bank": BankError("the case bank cannot be read"),
}


@pytest.fixture
def pipeline(monkeypatch):
    """A pipeline whose outcome follows the file's name; `.settings` is what it was started with."""

    class Grader:
        def __init__(self, settings, *, several, template):
            assert template is module.template
            module.settings, module.several = settings, several
            if isinstance(module.refusal, Exception):
                raise module.refusal

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            module.closed = True

        def grade(self, path, *, exclude):
            assert Path(path).resolve() in exclude
            outcome = OUTCOMES[Path(path).stem]
            if isinstance(outcome, BaseException):
                raise outcome
            return replace(outcome, submission=Submission(path, "c" * 64, "script", "functions"))

    module = ModuleType("grader.pipeline")
    module.Grader = Grader
    module.Settings = SimpleNamespace
    module.settings = module.refusal = None
    module.closed = False
    module.template = SimpleNamespace(close=lambda: None)
    monkeypatch.setitem(sys.modules, "grader.pipeline", module)
    monkeypatch.setattr("grader.sandbox.launch.Template", lambda **_options: module.template)
    return module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in OUTCOMES:
        (tmp_path / f"{name}.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(pipeline, folder, capsys):  # noqa: ARG001 - set up for what is run
    def call(*arguments, main=grade_main):
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return SimpleNamespace(status=status, out=printed.out, err=printed.err)

    return call


def one_line(text):
    return text.endswith("\n") and text.count("\n") == 1


# ---------------------------------------------------------------------------- exit statuses
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["good.py"], 0),
        (["bad.py"], 1),
        (["bad.py", "--exit-zero"], 0),
        (["odd.py"], 2),
        (["odd.py", "--exit-zero"], 2),
        (["gone.py"], 2),
        (["ours.py"], 3),
        (["bug.py"], 3),
        (["bank.py"], 3),
        (["good.py", "good.py"], 0),
        (["good.py", "bad.py"], 1),
        (["good.py", "odd.py"], 1),
        (["good.py", "gone.py"], 1),
        (["good.py", "odd.py", "--exit-zero"], 0),
        (["bad.py", "ours.py"], 3),
        (["bad.py", "ours.py", "--exit-zero"], 3),
        (["stop.py"], 130),
        ([], 2),
        (["--help"], 0),
        (["--version"], 0),
    ],
)
def test_the_exit_status_says_what_happened(run, arguments, status):
    assert run(*arguments).status == status


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone.py"], "gone.py: no such file"),
        (["odd.py"], "odd.py: not a notebook"),
        (["ours.py"], "ours.py: not graded: the template process ended"),
        (["bug.py"], "internal error: TypeError"),
        ([""], "a path is empty"),
        (["good.py", "--formt", "json"], "--format"),
        (["good.py", "bad.py", "--format", "vpl"], "is for one submission"),
        (["good.py", "--format", "junit", "-o", "marks/"], "not into a folder"),
        (["good.py", "bad.py", "--format", "html"], "say -o FOLDER/"),
        (["good.py", "--format", "jsn"], "did you mean json?"),
        (["good.py", "--device", "tpu"], "'tpu' is not one of"),
        (["good.py", "--isolation", "max"], "'max' is not one of"),
        (["good.py", "--time-limit", "nan"], "0.1 to 3600"),
        (["good.py", "--time-limit", "0"], "0.1 to 3600"),
        (["good.py", "-j", "0"], "x>=1"),
        (["good.py", "-q", "-v"], "contradict"),
        (["good.py", "--seed", "a b"], "--seed"),
        (["good.py", "--map", "forward"], "expected CONTRACT=THEIRS"),
        (["good.py", "--map", "foward=f"], "did you mean forward?"),
        (["good.py", "--map", "forward=f", "--map", "forward=g"], "given twice"),
        (["good.py", "--map", "forward=a b"], "expected the name of a function"),
        (["good.py", "--rubric", "gone.toml"], "gone.toml: cannot read the rubric"),
        (["good.py", "-o", "good.py"], "overwrite the submission"),
        (["good.py", "-o", "."], "name a file"),
        (["good.py", "-o", "no/where.txt"], "no folder"),
        (["doctor"], "did you mean: grader doctor"),
    ],
)
def test_trouble_is_one_line_on_stderr_and_nothing_on_stdout(run, arguments, words):
    result = run(*arguments)
    assert result.status in {2, 3}
    assert one_line(result.err)
    assert result.err.startswith("grade: ")
    assert words in result.err
    assert result.out == ""
    assert "\x1b" not in result.err


def test_an_empty_folder_is_unusable(run, folder):
    (folder / "empty").mkdir()
    result = run("empty")
    assert (result.status, result.out) == (2, "")
    assert "no submission in this folder" in result.err


def test_too_little_isolation_is_a_fault_of_ours(run, pipeline):
    pipeline.refusal = IsolationError("isolation strong was asked for, basic is what this machine gives")
    result = run("good.py", "bad.py")
    assert (result.status, result.out) == (3, "")
    assert one_line(result.err)


def test_a_traceback_is_shown_only_when_asked_for(run):
    assert "Traceback" not in run("bug.py").err
    assert "Traceback" in run("bug.py", "-v").err


def test_a_fault_of_ours_costs_the_others_nothing(run):
    result = run("bug.py", "good.py")
    assert result.status == 3
    assert "good.py: 100 of 100 points, passed" in result.out
    assert "bug.py: not graded" in result.out


def test_the_sandbox_is_closed_after_an_interruption(run, pipeline):
    run("stop.py")
    assert pipeline.closed


# ---------------------------------------------------------------------------- what is passed on
def test_options_overrule_the_rubric(run, pipeline, folder):
    (folder / "r.toml").write_text('seed = "abc"\n[limits]\ntime_limit_s = 3\n[map]\nforward = "f"\ntrain = "t"\n')
    run("good.py", "--rubric", "r.toml")
    assert (pipeline.settings.seed, pipeline.settings.time_limit_s) == ("abc", 3.0)
    run("good.py", "--rubric", "r.toml", "--seed", "7", "--time-limit", "2.5", "--map", "forward=g", "--device", "cuda")
    settings = pipeline.settings
    assert (settings.seed, settings.time_limit_s, settings.device) == ("7", 2.5, "cuda")
    assert settings.mapping == {"forward": "g", "train": "t"}
    run("good.py", "--rubric", "r.toml", "--seed", "public")
    assert pipeline.settings.seed is None


def test_the_sandbox_is_not_started_for_a_file_that_is_not_there(run, pipeline):
    run("gone.py")
    assert pipeline.settings is None


# ---------------------------------------------------------------------------- what is printed
def test_json_is_one_object_for_one_path(run):
    result = run("bad.py", "--format", "json")
    data = json.loads(result.out)
    jsonschema.validate(data, json.loads(schema_text()))
    assert (data["outcome"], data["score"], result.err) == ("graded", 45.0, "")


def test_html_is_one_page_for_one_submission(run):
    page = run("bad.py", "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert "Content-Security-Policy" in page
    assert "c" * 64 in page
    assert "c" * 64 not in run("bad.py", "--format", "html", "--feedback", "trace").out


@pytest.mark.parametrize("name", ["odd.py", "gone.py", "ours.py", "bug.py"])
def test_json_says_so_where_there_is_no_mark(run, name):
    result = run(name, "--format", "json")
    data = json.loads(result.out)
    jsonschema.validate(data, json.loads(schema_text()))
    assert (data["score"], data["passed"]) == (None, None)
    assert one_line(result.err)


def test_json_is_a_list_for_several_paths_and_for_a_folder(run, folder):
    names = [item["submission"]["path"] for item in json.loads(run("good.py", "bad.py", "--format", "json").out)]
    assert names == ["good.py", "bad.py"]
    (folder / "one").mkdir()
    (folder / "one" / "good.py").write_text("")
    data = json.loads(run("one", "--format", "json").out)
    jsonschema.validate(data, json.loads(schema_text()))
    assert [Path(item["submission"]["path"]) for item in data] == [Path("one/good.py")]


def test_several_paths_give_a_line_each_and_a_summary(run):
    assert run("good.py", "bad.py", "odd.py").out.splitlines() == [
        "good.py: 100 of 100 points, passed (pass mark 50)",
        "bad.py: 45 of 100 points, below the pass mark of 50, unconfined",
        "odd.py: unreadable: not a notebook",
        "",
        "3 submissions: 1 passed, 1 below the pass mark, 1 unreadable",
    ]


def test_the_sandbox_hears_whether_more_than_one_submission_follows(run, pipeline):
    run("good.py")
    assert pipeline.several is False
    run("good.py", "bad.py")
    assert pipeline.several is True


def test_quiet_prints_the_mark_alone(run):
    assert run("good.py", "-q").out == "good.py: 100 of 100 points, passed (pass mark 50)\n"
    assert run("good.py", "bad.py", "-q").out.count("\n") == 2


def test_feedback_is_what_a_student_may_see(run):
    data = json.loads(run("bad.py", "--format", "json", "--feedback", "verdict").out)
    assert "sha256" not in data["submission"]
    assert not {"seed", "bank_sha256", "rubric_sha256"} & data["provenance"].keys()
    assert all(check["message"] == "" and check["properties"] == [] for check in data["checks"])


def test_an_output_file_is_written_whole_and_stdout_stays_empty(run, folder):
    (folder / "out.json").write_text("old")
    result = run("good.py", "--format", "json", "-o", "out.json")
    assert (result.status, result.out) == (0, "")
    assert json.loads((folder / "out.json").read_text())["score"] == 100.0
    assert not list(folder.glob(".out*"))


def test_an_output_file_that_is_a_device_is_not_replaced(run):
    assert run("good.py", "-o", os.devnull).status == 0
    assert not Path(os.devnull).is_file()


def test_help_shows_examples_first(run):
    assert run("--help").out.startswith("Examples:\n  grade hw.ipynb\n")
    assert run("--help", main=grader_main).out.startswith("Examples:\n  grader init")


@pytest.mark.parametrize(
    ("terminal", "environment", "colour"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(monkeypatch, terminal, environment, colour):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"WT_SESSION": "1", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert wants_colour() is colour


# ---------------------------------------------------------------------------- grader's commands
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["good.py"], "did you mean: grade good.py"),
        (["docter"], "did you mean doctor?"),
        (["bank", "biuld"], "build"),
        (["init", "good.py"], "exists already"),
        (["init", "no/where.toml"], "cannot write the rubric"),
    ],
)
def test_a_wrong_command_is_one_line_and_status_2(run, arguments, words):
    result = run(*arguments, main=grader_main)
    assert (result.status, result.out) == (2, "")
    assert one_line(result.err)
    assert words in result.err


@pytest.mark.parametrize("group", [(), ("fill",), ("push",), ("pack",), ("emulate",), ("bank",)])
def test_without_a_command_the_help_itself_is_on_stderr_with_status_2(run, group, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    told = run(*group, main=grader_main)
    assert (told.status, told.out) == (2, "")
    assert told.err == run(*group, "--help", main=grader_main).out
    assert "\nCommands:\n  " in told.err
    assert max(map(len, told.err.splitlines())) <= 80


def test_grader_grade_is_grade(run):
    assert run("grade", "good.py", main=grader_main).out == run("good.py").out


def test_init_writes_a_rubric_that_grade_reads(run, pipeline, folder):
    assert run("init", "r.toml", main=grader_main).status == 0
    assert run("good.py", "--rubric", "r.toml").status == 0
    assert len(pipeline.settings.seed) == 32
    assert (folder / "r.toml").stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_schema_prints_the_published_schema(run):
    assert json.loads(run("schema", main=grader_main).out)["$defs"]["result"]


def test_bank_commands_pass_the_seed_on(run, monkeypatch, folder):
    seen = []
    monkeypatch.setattr(
        "grader.cases.load_or_build", lambda seed: seen.append(seed) or SimpleNamespace(sha256="b" * 64)
    )
    monkeypatch.setattr("grader.cases.export_bank", lambda _bank, out: seen.append(out))
    (folder / "r.toml").write_text('seed = "abc"\n')
    assert run("bank", "build", "--rubric", "r.toml", main=grader_main).out == f"bank {'b' * 64}\n"
    assert run("bank", "export", "x.bank", "--seed", "7", main=grader_main).status == 0
    assert seen == ["abc", "7", Path("x.bank")]


# ---------------------------------------------------------------------------- real processes
def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL, **options
    )


def test_help_needs_neither_numpy_nor_rich_nor_torch():
    code = (
        "import sys; from grader.cli import grade_main; assert grade_main(['--help']) == 0;"
        "sys.exit(len({'numpy', 'rich', 'torch', 'hypothesis'} & sys.modules.keys()))"
    )
    assert python("-c", code).returncode == 0


def test_output_is_utf8_on_any_console(tmp_path):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = python("-m", "grader", "grade", "häßlich.py", env=environment, cwd=tmp_path)
    assert result.returncode == 2
    assert "häßlich.py: no such file" in result.stderr.decode("utf-8")


def test_a_reader_who_leaves_is_met_in_silence(tmp_path):
    code = "import sys; from grader.cli import grader_main; sys.exit(grader_main(['schema']))"
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60, cwd=tmp_path
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_status_3(tmp_path):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "grader", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )
    assert result.returncode == 3
    assert one_line(result.stderr.decode())


# ---------------------------------------------------------------------------- platforms
def test_a_platform_s_result_is_told_at_the_rubric_s_level_and_nothing_else(run):
    result = run("bad.py", "--format", "gradescope")
    assert (result.status, result.err) == (1, "")
    example = json.loads(result.out)
    assert example == json.loads(run("bad.py", "--format", "gradescope", "--feedback", "example").out)
    Path("rubric.toml").write_text('[feedback]\nbefore_due = "score"\n', encoding="utf-8")
    told = json.loads(run("bad.py", "--format", "gradescope", "--rubric", "rubric.toml").out)
    assert told["tests"] == []
    assert told["score"] == example["score"]


def test_vpl_s_highest_grade_scales_the_mark(run, monkeypatch):
    assert run("good.py", "--format", "vpl").out.endswith("\nGrade :=>>100\n")
    monkeypatch.setenv("VPL_GRADEMAX", "20.5")
    assert run("good.py", "--format", "vpl", "-o", "out.txt").out == ""
    assert Path("out.txt").read_text(encoding="utf-8").endswith("\nGrade :=>>20.50\n")
    monkeypatch.setenv("VPL_GRADEMAX", "nan")
    assert "VPL_GRADEMAX" in run("good.py", "--format", "vpl").err


def test_github_s_summary_goes_behind_what_the_step_has_or_into_the_file_named(run, monkeypatch):
    Path("summary.md").write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    result = run("good.py", "bad.py", "--format", "github")
    assert all(line.startswith("::") for line in result.out.splitlines())
    summary = Path("summary.md").read_text(encoding="utf-8")
    assert summary.startswith("before\n")
    assert summary.count("<table>") == 2
    run("good.py", "--format", "github", "-o", "other.md")
    assert Path("other.md").read_text(encoding="utf-8").count("<table>") == 1
    assert Path("summary.md").read_text(encoding="utf-8") == summary
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "gone/summary.md")
    assert run("good.py", "--format", "github").status == 3


def test_junit_of_several_has_them_all(run):
    result = run("good.py", "odd.py", "--format", "junit")
    assert (result.status, result.out.count("<testsuite ")) == (1, 2)


@pytest.mark.parametrize("name", ["ours.py", "bug.py", "bank.py"])
def test_a_fault_of_ours_leaves_a_result_without_a_mark(run, name):
    gradescope = run(name, "--format", "gradescope")
    assert gradescope.status == 3
    assert "score" not in json.loads(gradescope.out)
    assert json.loads(run(name, "--format", "prairielearn").out)["gradable"] is False
    assert "fraction" not in json.loads(run(name, "--format", "coderunner").out)
    assert "Grade" not in run(name, "--format", "vpl").out
    assert 'type="ungraded"' in run(name, "--format", "junit").out
    assert run(name, "--format", "github").out.startswith("::error ")
