"""The files that the pages on platforms show are run as they stand there, in place of the platform."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
import yaml

from pages import ROOT, blocks
from platforms import READERS, annotations, read_junit

SCRIPTS = Path(sys.executable).parent
EXAMPLES = ROOT / "student_template" / "examples"
linux = pytest.mark.skipif(
    sys.platform != "linux", reason="the examples ask for bash, and for isolation that only Linux has"
)


def shown(page, *words):
    """The one block of a page that begins with these words."""
    (found,) = (block for block in blocks(f"docs/platforms/{page}.md") if block.words == words)
    return found.body


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A rubric, and its cases in a file: the public ones, which are there already."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "rubric.toml").write_text("pass_mark = 50\n", encoding="utf-8")
    command = "bank export course.bank --rubric rubric.toml"
    subprocess.run([SCRIPTS / "grader", *command.split()], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def folder(course, tmp_path):
    """Where a platform puts our files."""
    for name in ("rubric.toml", "course.bank"):
        shutil.copyfile(course / name, tmp_path / name)
    return tmp_path


def run(command, cwd, **more):
    environment = os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}", **more}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


# ---------------------------------------------------------------------------- PrairieLearn
PAGE = "prairielearn"


def prairielearn(tmp_path, *files):
    """What the platform finds after the entrypoint ran on these submissions."""
    student = tmp_path / "grade" / "student"
    student.mkdir(parents=True)
    for file in files:
        shutil.copy(file, student)
    text = shown(PAGE, "shell", "run.sh").replace("/grade/", f"{tmp_path}/grade/")
    script = tmp_path / "run.sh"
    script.write_text(text.replace("/opt/grader", str(tmp_path)), encoding="utf-8")
    ran = run(["sh", script], tmp_path)
    assert ran.returncode == 0, ran.stderr
    return READERS[PAGE]((tmp_path / "grade" / "results" / "results.json").read_text(encoding="utf-8"))


@linux
def test_the_entrypoint_of_prairielearn_writes_the_mark(folder):
    got = prairielearn(folder, EXAMPLES / "sign.py")
    assert (float(got.total), got.points["bptt_gradients"]) == (0.65, 0)


@linux
def test_the_entrypoint_of_prairielearn_uses_no_attempt_where_nothing_was_handed_in(folder):
    got = prairielearn(folder)
    assert got.total is None
    assert got.shown == "hw.py: unreadable: no such file"


def test_the_question_of_prairielearn_names_what_is_there():
    options = json.loads(shown(PAGE, "json"))["externalGradingOptions"]
    named = {"enabled", "image", "entrypoint", "serverFilesCourse", "timeout", "enableNetworking"}
    assert set(options) == named
    assert options["entrypoint"] == f"/grade/serverFilesCourse/{options['serverFilesCourse'][0]}run.sh"
    assert 60 < options["timeout"] <= 600


def test_the_dockerfile_uses_what_the_project_has():
    text = shown(PAGE, "dockerfile")
    instructions = [line.split()[0] for line in text.splitlines()]
    assert instructions == ["FROM", "COPY", "RUN", "RUN", "ENV", "COPY", "RUN"]
    for path in re.findall(r"/opt/bptt-grader/(\S+)", text):
        assert (ROOT / path).is_file(), path
    folder = re.search(r"COPY rubric\.toml (\S+)", text)[1]
    assert f"--rubric {folder}" in shown(PAGE, "shell", "run.sh")
    pinned = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for page in ("prairielearn", "ci"):
        written = (ROOT / "docs" / "platforms" / f"{page}.md").read_text(encoding="utf-8")
        assert set(re.findall(r"torch==[\d.]+", written)) == {line for line in pinned if line.startswith("torch==")}


# ---------------------------------------------------------------------------- VPL
def vpl(folder, script, submission, **environment):
    """What VPL reads: it runs the script, deletes our files, then runs what the script made."""
    name = Path(submission).name
    shutil.copy(submission, folder)
    values = {"VPL_SUBFILE0": name, "VPL_SUBFILES": name, "VPL_MAXTIME": "240", **environment}
    lines = "".join(f'export {key}="{value}"\n' for key, value in values.items())
    (folder / "vpl_environment.sh").write_text(f"#!/bin/bash\n{lines}", encoding="utf-8")
    text = shown("vpl", "bash", script)
    for place in ("/opt/grader/bin", "/opt/kit/bin"):
        text = text.replace(place, str(folder / "bin"))
    (folder / script).write_text(text, encoding="utf-8")
    (folder / script).chmod(0o755)
    made = subprocess.run([f"./{script}"], cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    assert (made.stdout, made.stderr) == ("", "")
    for gone in (script, "rubric.toml", "course.bank", "vpl_environment.sh"):
        (folder / gone).unlink()
    return subprocess.run(["./vpl_execution"], cwd=folder, capture_output=True, text=True, timeout=120, check=True)


@pytest.fixture
def jail(folder):
    """The folder of an execution server, with the grader where the page says."""
    (folder / "bin").symlink_to(SCRIPTS)
    return folder


DID_NOT_START = "<|--\n-Not graded\n>The grader did not start: please tell your teacher.\n--|>\n"


@linux
def test_vpl_reads_the_mark_out_of_the_activity_s_highest_grade(jail):
    ran = vpl(jail, "vpl_evaluate.sh", EXAMPLES / "sign.py", VPL_GRADEMIN="0", VPL_GRADEMAX="20")
    got = READERS["vpl"](ran.stdout)
    assert (got.total, ran.stderr) == (13, "")
    assert ran.stdout.endswith("\nGrade :=>>13\n")


@linux
def test_vpl_gives_no_grade_where_the_rubric_is_broken(jail):
    (jail / "rubric.toml").write_text("pass_mark = \n", encoding="utf-8")
    ran = vpl(jail, "vpl_evaluate.sh", EXAMPLES / "sign.py", VPL_GRADEMAX="20")
    assert ran.stdout == DID_NOT_START
    assert "rubric.toml" in (jail / ".log").read_text(encoding="utf-8")


@linux
def test_vpl_says_so_where_the_grader_is_not_installed(folder):
    ran = vpl(folder, "vpl_evaluate.sh", EXAMPLES / "sign.py", PATH="/usr/bin:/bin", VPL_GRADEMAX="20")
    assert ran.stdout == DID_NOT_START


@linux
def test_run_is_the_self_check_of_just_that_file_whatever_its_name(folder, tmp_path):
    folder.joinpath("bin").mkdir()
    kit = folder / "bin" / "grade"
    kit.write_text('#!/bin/sh\nprintf "%s|" "$@"\n', encoding="utf-8")
    kit.chmod(0o755)
    odd = tmp_path / "my $(touch pwned) 'hw'.py"
    odd.write_text("", encoding="utf-8")
    ran = vpl_named(folder, odd)
    assert ran.stdout == f"./{odd.name}|"
    assert not (folder / "pwned").exists()


def vpl_named(folder, path):
    """As `vpl`, for a name that VPL's own environment file has to quote."""
    (folder / "vpl_environment.sh").write_text(
        "#!/bin/bash\nexport VPL_SUBFILE0=" + "'" + path.name.replace("'", "'\\''") + "'\n", encoding="utf-8"
    )
    script = folder / "vpl_run.sh"
    script.write_text(shown("vpl", "bash", "vpl_run.sh").replace("/opt/kit/bin", str(folder / "bin")), encoding="utf-8")
    subprocess.run(["bash", script], cwd=folder, timeout=60, check=True)
    return subprocess.run(["./vpl_execution"], cwd=folder, capture_output=True, text=True, timeout=60, check=True)


# ---------------------------------------------------------------------------- CodeRunner
def coderunner(folder, *, answer="", attachments=(), grade=SCRIPTS / "grade"):
    """What the question's program prints, once Twig (here Jinja) has filled its template in."""
    twig = jinja2.Environment(autoescape=False)  # noqa: S701 - it makes a program, no page
    twig.filters["e"] = lambda text, _: text.replace("\\", "\\\\").replace('"', '\\"')
    template = twig.from_string(shown("coderunner", "python", "template"))
    program = template.render(STUDENT_ANSWER=answer, ATTACHMENTS=",".join(path.name for path in attachments))
    for path in attachments:
        shutil.copy(path, folder)
    (folder / "prog.py").write_text(program.replace("/opt/grader/bin/grade", str(grade)), encoding="utf-8")
    ran = run([sys.executable, "prog.py"], folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@linux
def test_the_template_of_coderunner_prints_the_mark_of_what_was_pasted(folder):
    answer = (EXAMPLES / "sign.py").read_text(encoding="utf-8") + 'odd = """\\"""  # {{ quotes }}\n'
    got = READERS["coderunner"](coderunner(folder, answer=answer))
    assert (float(got.total), got.points["bptt_gradients"]) == (0.65, 0)
    assert (folder / "hw.py").read_text(encoding="utf-8") == answer


@linux
def test_the_template_of_coderunner_takes_an_attachment_and_gives_no_mark_for_a_broken_one(folder, tmp_path):
    broken = tmp_path / "broken" / "my hw.ipynb"
    broken.parent.mkdir()
    broken.write_text('{"cells": 3', encoding="utf-8")
    got = READERS["coderunner"](coderunner(folder, attachments=[broken]))
    assert got.total is None
    assert "my hw.ipynb: unreadable" in got.shown


def test_the_template_of_coderunner_says_so_where_the_grader_is_not_installed(folder):
    got = READERS["coderunner"](coderunner(folder, answer="x = 1", grade=folder / "nothing"))
    assert (got.total, got.shown) == (
        None,
        "Not graded: the grader did not start. Please tell your teacher.",
    )


# ---------------------------------------------------------------------------- CI
def steps(name):
    """The shell lines of the one job, and the job."""
    (job,) = (job for key, job in workflow(name).items() if key not in {"name", "on", True})
    if name.endswith(("check.yml", "grade.yml")):
        (job,) = job.values()
        return [step["run"] for step in job["steps"] if "run" in step], job
    return job["script"], job


def workflow(name):
    return yaml.safe_load(shown("ci", "yaml", name))


@pytest.fixture
def cohort(folder):
    for who, name in (("anna", "correct.py"), ("ben", "sign.py")):
        (folder / "submissions" / who).mkdir(parents=True)
        shutil.copyfile(EXAMPLES / name, folder / "submissions" / who / "hw.py")
    return folder


@pytest.mark.parametrize("name", ["check.yml", ".gitlab-ci.yml"])
def test_a_student_s_repository_has_the_kit_and_nothing_else(name):
    lines, _ = steps(name)
    assert [line.split()[0] for line in lines] == ["pip", "pip", "grade"]
    assert "pip install kit/*.whl" in lines
    assert lines[-1] == "grade hw.py"


@linux
def test_github_s_job_annotates_and_sums_up_a_class(cohort):
    lines, _ = steps("grade.yml")
    summary = cohort / "summary"
    ran = run(["bash", "-ec", lines[-1]], cohort, GITHUB_STEP_SUMMARY=str(summary))
    assert ran.returncode == 0, ran.stderr
    found = [(level, properties["file"]) for level, properties, _ in annotations(ran.stdout)]
    assert ("error", "submissions/ben/hw.py") in found
    assert ("error", "submissions/anna/hw.py") not in found
    assert "<code>submissions/anna/hw.py</code>" in summary.read_text(encoding="utf-8")


@linux
def test_gitlab_s_job_leaves_the_report_that_it_names(cohort):
    lines, job = steps("grade.gitlab-ci.yml")
    ran = run(["bash", "-ec", lines[-1]], cohort)
    assert ran.returncode == 0, ran.stderr
    text = (cohort / job["artifacts"]["reports"]["junit"]).read_text(encoding="utf-8")
    assert text.count("<testsuite ") == 2
    assert 'name="submissions/ben/hw.py" tests="7" failures="1"' in text
    one = re.sub(r"(?s)  <testsuite name=\"submissions/anna.*?</testsuite>\n", "", text)
    assert read_junit(re.sub(r'name="grade" tests="14"', 'name="grade" tests="7"', one)).total == 65


@pytest.mark.parametrize("name", ["grade.yml", "grade.gitlab-ci.yml"])
def test_the_teacher_s_job_installs_what_a_checkout_has(name):
    lines, job = steps(name)
    assert any("./grader" in line for line in lines)
    for path in re.findall(r"-c grader/(\S+)", " ".join(lines)):
        assert (ROOT / path).is_file()
    assert "submodules" in json.dumps(job).lower() or "SUBMODULE" in json.dumps(job)
