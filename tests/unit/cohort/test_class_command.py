"""`grade PATH... -o FOLDER/`, `grader history`, `grader forget`: the real commands on real folders and zips."""

from __future__ import annotations

import csv
import gc
import io
import json
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

from grader.cli import grade_main, grader_main
from grader.cli_cohort import _status
from grader.cli_output import OutputClosedError
from grader.cohort.names import canvas_name
from grader.cohort.outputs import write_output
from grader.cohort.pseudonyms import Names
from grader.cohort.publish_folder import Tally
from grader.report.as_json import schema_text
from grader.rubric_template import rubric_text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs isolation and SIGKILL")

EXAMPLES = Path(__file__).parents[3] / "student_template" / "examples"
FORMULA = "=cmd|'x'!A0"
SCRIPT = "<img src=x onerror=alert(1)>"
STUDENTS = {"ada", "bob", "cyd", "dan", "eve", FORMULA, SCRIPT}
SLOWEST = re.compile(r'<section aria-labelledby="slowest">.*?</section>', re.DOTALL)
KEYED = re.compile(r"[0-9a-f]{32}\.html")


def source(name):
    return (EXAMPLES / f"{name}.py").read_text()


def command(*arguments, **options):
    line = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def make_class(folder):
    """Right, wrong, the same twice, hostile names, unreadable, missing."""
    folder.mkdir()
    for name, content in {
        "ada": source("correct"),
        "bob": source("no_mask"),
        "cyd": source("stub"),
        FORMULA: source("correct"),
        SCRIPT: source("correct"),
        "dan": "",
    }.items():
        (folder / f"{name}.py").write_text(content)
    (folder / "eve").mkdir()
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class graded by the real command: where, and what it printed. Not to be written to."""
    root = tmp_path_factory.mktemp("class")
    make_class(root / "subs")
    with command("grade", "subs", "-o", "marks/", "-j", "1", cwd=root) as process:
        out, err = process.communicate()
    return SimpleNamespace(root=root, marks=root / "marks", status=process.returncode, out=out, err=err)


@pytest.fixture
def again(graded, tmp_path, monkeypatch, capsys):
    """A copy of that class to grade again, here and without a sandbox: a call, and where the copy is."""
    for name in ("subs", "marks"):
        shutil.copytree(graded.root / name, tmp_path / name, copy_function=shutil.copy2)
    monkeypatch.chdir(tmp_path)

    def refuse(*_arguments, **_options):
        raise AssertionError("a sandbox was started")

    monkeypatch.setattr("grader.cohort.executors.Grader", refuse)

    def call(*arguments, main=grade_main):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return SimpleNamespace(status=status, out=printed.out, err=printed.err, marks=tmp_path / "marks")

    call.root, call.marks = tmp_path, tmp_path / "marks"
    return call


def regrade(again, *arguments):
    return again("subs", "-o", "marks/", "-j", "1", *arguments)


def table(path):
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def grades(marks):
    return {row["student"].removeprefix("'"): row for row in table(marks / "grades.csv")}


def review(marks):
    return {(row["student"], row["what"]): row for row in table(marks / "needs_review.csv")}


def outputs(marks, *, timed=False):
    """Every output with its content, but the store; without the times in the index unless `timed`."""
    found = {
        str(path.relative_to(marks)): path.read_bytes()
        for path in sorted(marks.rglob("*"))
        if path.is_file() and not path.name.startswith("results.sqlite")
    }
    if not timed:
        text, cut = SLOWEST.subn("", found["index.html"].decode())
        assert cut == 1
        found["index.html"] = text.encode()
    return found


def overrule(marks, *rows, header="student,check,points,reason,who"):
    (marks / "overrides.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")


# ---------------------------------------------------------------------------- one run
def test_everyone_has_an_outcome(graded):
    assert graded.status == 1, graded.err
    found = grades(graded.marks)
    assert found.keys() == STUDENTS
    assert {name: row["outcome"] for name, row in found.items() if row["outcome"] != "graded"} == {
        "dan": "unreadable",
        "eve": "missing",
    }
    assert (found["ada"]["score"], found["ada"]["machine_score"], found["ada"]["passed"]) == ("100", "100", "yes")
    assert found["bob"]["bptt_gradients"] != "35"
    assert found["bob"]["forward"] == "20"
    assert (found["dan"]["score"], found["dan"]["forward"], found["dan"]["passed"]) == ("", "", "")


def test_it_says_how_it_went(graded):
    first, *cases, index = graded.out.splitlines()
    assert re.fullmatch(r"7 students: \d passed.*, 1 unreadable, 1 missing; 2 to look at", first)
    assert index == "marks/index.html"
    assert " ".join(map(str.strip, cases)).startswith("Cases: by the public seed, so students can know them")
    assert all(len(line) <= 80 for line in graded.out.splitlines())
    last = graded.err.splitlines()[-1]
    assert "7 of 7 done" in last
    assert "1 unreadable, 1 missing, 2 the same as another" in last
    assert "known before" not in graded.err


def test_a_page_calls_missing_what_the_table_does(graded):
    pages = [path.read_text() for path in (graded.marks / "pages").iterdir()]
    (eve,) = (text for text in pages if "<h1><bdi>eve</bdi></h1>" in text)
    assert "<strong>Missing</strong>" in eve
    assert "nreadable" not in eve


def test_the_index_counts_and_names_the_same_to_look_at(graded):
    index = (graded.marks / "index.html").read_text()
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd><strong>([^<]+)</strong>", index))
    assert (facts["unreadable"], facts["missing"], facts["to look at"]) == ("1", "1", "2")
    assert "Cases by the public seed" in index


def test_what_to_look_at_is_listed_with_the_reason(graded):
    found = review(graded.marks)
    assert found["dan", "unreadable"]["why"].startswith("subs/dan.py holds nothing to grade")
    assert found["eve", "missing"]["why"] == "nothing was handed in"
    assert len(found) == 2


def test_all_is_for_its_owner_alone(graded):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in graded.marks.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (graded.marks, *graded.marks.rglob("*")) if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})
    assert {path.name for path in graded.marks.iterdir()} == {
        "results.sqlite",
        "results.json",
        "grades.csv",
        "needs_review.csv",
        "overrides.csv",
        "names.key",
        "index.html",
        "json",
        "pages",
    }


def test_an_empty_folder_that_was_there_becomes_private_and_one_in_use_is_left_as_it_is(again):
    (again.root / "mine").mkdir(mode=0o755)
    (again.root / "mine").chmod(0o755)
    again.marks.chmod(0o750)
    assert again("subs/dan.py", "-o", "mine").status == 2
    assert regrade(again).status == 1
    assert stat.S_IMODE((again.root / "mine").stat().st_mode) == 0o700
    assert stat.S_IMODE(again.marks.stat().st_mode) == 0o750


def test_no_cell_is_a_formula(graded):
    for name in ("grades.csv", "needs_review.csv"):
        for row in table(graded.marks / name):
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row.values())
    assert f"'{FORMULA}" in {row["student"] for row in table(graded.marks / "grades.csv")}


def test_the_results_are_those_of_the_students(graded):
    results = json.loads((graded.marks / "results.json").read_text())
    jsonschema.validate(results, json.loads(schema_text()))
    single = [json.loads(path.read_text()) for path in (graded.marks / "json").iterdir()]
    assert len(results) == len(single) == len(STUDENTS)
    assert all(result in results for result in single)
    assert json.loads((graded.marks / "json" / "ada.json").read_text())["submission"]["path"] == "subs/ada.py"


def test_a_page_shows_nobody_else_and_leads_nowhere(graded):
    pages = {path.name: path.read_text() for path in (graded.marks / "pages").iterdir()}
    assert len(pages) == len(STUDENTS)
    assert all(KEYED.fullmatch(name) for name in pages)
    for text in pages.values():
        assert "index.html" not in text
        assert not any(name in text for name in pages)
        assert sum(f"<h1><bdi>{name}</bdi></h1>" in text for name in ("ada", "bob", "cyd", "dan", "eve")) <= 1
        assert SCRIPT not in text
    assert sum("<h1><bdi>ada</bdi></h1>" in text for text in pages.values()) == 1


def test_the_index_leads_to_every_page_and_runs_no_name(graded):
    index = (graded.marks / "index.html").read_text()
    assert set(KEYED.findall(index)) == {path.name for path in (graded.marks / "pages").iterdir()}
    assert SCRIPT not in index
    assert "&lt;img src=x" in index


# ---------------------------------------------------------------------------- again
def test_the_same_command_starts_no_sandbox_and_writes_the_same_bytes(again):
    before = outputs(again.marks, timed=True)
    result = regrade(again)
    assert result.status == 1, result.err
    assert outputs(again.marks, timed=True) == before


def test_other_points_need_no_sandbox_and_the_history_says_why(again):
    rubric = re.sub(r"(?m)^forward = 20", "forward = 80", rubric_text("0").replace('seed = "0"', ""))
    Path("rubric.toml").write_text(rubric)
    result = regrade(again, "--rubric", "rubric.toml")
    assert result.status == 1, result.err
    assert grades(again.marks)["ada"]["score"] == "160"
    told = again("history", "marks", "ada", main=grader_main).out
    assert told.startswith("ada\n")
    assert "100 → 160  (subs/ada.py)" in told
    assert "rubric points.forward: 20 → 80" in told
    assert "bob" not in told
    assert "bob" in again("history", "marks", main=grader_main).out


def test_another_file_is_told_in_the_history(again):
    (again.root / "subs" / "bob.py").write_text(source("correct"))
    regrade(again)
    told = again("history", "marks", "bob", main=grader_main).out
    assert "another file was handed in" in told
    assert "bptt_gradients: failed" in told


def test_who_is_no_more_in_the_class_is_no_more_in_the_outputs(again):
    (again.root / "subs" / "cyd.py").unlink()
    assert regrade(again, "--drop-missing").status == 1
    assert grades(again.marks).keys() == STUDENTS - {"cyd"}
    assert len(list((again.marks / "pages").iterdir())) == len(list((again.marks / "json").iterdir())) == 6


@pytest.mark.parametrize("given", ["subs/bob.py", "one"])
def test_a_class_is_not_lost_to_a_part_of_it(again, given):
    (again.root / "one").mkdir()
    shutil.copy(again.root / "subs" / "bob.py", again.root / "one")
    before = outputs(again.marks, timed=True)
    result = again(given, "-o", "marks/", "-j", "1")
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert "6 of the 7 students of the last grading there are not among these submissions: " in result.err
    assert "cyd, dan and 1 more; name the whole class, or another folder, or say --drop-missing" in result.err
    assert outputs(again.marks, timed=True) == before
    assert again(given, "-o", "marks/", "-j", "1", "--drop-missing").status == 0
    assert grades(again.marks).keys() == {"bob"}
    assert regrade(again).status == 1
    assert outputs(again.marks, timed=True) == before


def test_whose_names_must_not_stand_is_not_named_by_a_refusal(again):
    regrade(again, "--anonymous")
    said = again("subs/bob.py", "-o", "marks/").err
    assert said.count("anon-") == 5
    assert not any(name in said for name in ("ada", "cyd", FORMULA))


def test_a_class_that_has_grown_is_graded(again):
    (again.root / "subs" / "zoe.py").write_text(source("correct"))
    assert regrade(again).status == 1
    assert grades(again.marks).keys() == STUDENTS | {"zoe"}


def test_another_rubric_than_the_last_grading_s_is_told_in_a_line(again):
    rubric = re.sub(r"(?m)^forward = 20", "forward = 80", rubric_text("0").replace('seed = "0"', ""))
    Path("rubric.toml").write_text(rubric)
    told = "The last grading here went by another rubric or other cases: rubric points.forward: 20 → 80."
    assert told in " ".join(regrade(again, "--rubric", "rubric.toml").out.split())
    assert "The last grading" not in regrade(again, "--rubric", "rubric.toml").out
    assert "The last grading" in regrade(again).out


def test_a_write_that_fails_half_way_is_made_good_by_the_next(again, monkeypatch):
    wanted = outputs(again.marks)
    for name in ("json", "pages"):
        shutil.rmtree(again.marks / name)
    for name in ("index.html", "results.json", "grades.csv"):
        (again.marks / name).unlink()
    left = [5]

    def failing(path, pieces, **options):
        left[0] -= 1
        if left[0] < 0:
            raise OSError("no more")
        write_output(path, pieces, **options)

    with monkeypatch.context() as patch:
        patch.setattr("grader.cohort.publish_folder.write_output", failing)
        assert regrade(again).status == 3
    assert len(list(again.marks.rglob("*.*ml"))) < 5
    regrade(again)
    assert outputs(again.marks) == wanted


def test_quiet_says_the_summary_alone(again):
    result = regrade(again, "-q")
    assert result.out.startswith("7 students: ")
    assert (result.out.count("\n"), result.err, result.status) == (1, "", 1)


# ---------------------------------------------------------------------------- a person's hand
def test_an_override_is_shown_beside_the_machine_s_mark_everywhere_and_survives(again):
    machine = grades(again.marks)["cyd"]
    before = outputs(again.marks)
    overrule(again.marks, "cyd,train,7.5,argued well,Dr. No", f"'{FORMULA},relu,0,copied,Dr. No")
    for _ in range(2):
        regrade(again)
    row = grades(again.marks)["cyd"]
    gained = 7.5 - float(machine["train"])
    assert row["train"] == "7.50"
    assert float(row["score"]) == float(machine["score"]) + gained
    assert row["machine_score"] == machine["score"]
    assert "argued well" in row["overrides"]
    assert grades(again.marks)[FORMULA]["score"] == "95"
    result = json.loads((again.marks / "json" / "cyd.json").read_text())
    jsonschema.validate(result, json.loads(schema_text()))
    assert (result["score"], result["machine_score"]) == (float(row["score"]), float(machine["score"]))
    assert result["overrides"] == [
        {
            "check": "train",
            "score": 7.5,
            "machine_score": float(machine["train"]),
            "reason": "argued well",
            "who": "Dr. No",
        }
    ]
    assert "machine_score" not in json.loads((again.marks / "json" / "ada.json").read_text())
    pages = "".join(path.read_text() for path in (again.marks / "pages").iterdir())
    assert "set by a person" in pages
    assert not any(words in pages for words in ("argued well", "Dr. No"))
    index = (again.marks / "index.html").read_text()
    assert all(words in index for words in (f"was {machine['score']}", "argued well", "Dr. No"))
    overrule(again.marks)
    regrade(again)
    after = outputs(again.marks)
    del before["overrides.csv"], after["overrides.csv"]
    assert after == before


def test_the_history_tells_what_a_person_set(again):
    machine = grades(again.marks)["cyd"]
    overrule(again.marks, "cyd,train,7.5,argued well,Dr. No")
    told = again("history", "marks", main=grader_main).out
    before = machine["score"]
    after = grades(again.marks)["cyd"]["score"] if regrade(again) else ""
    assert f"  set by a person (overrides.csv)  {before} → {after}\n" in told
    assert f"      train: {machine['train']} → 7.50  (Dr. No: argued well)\n" in told
    assert told.count("set by a person") == 1


def test_notes_of_another_version_leave_the_history_whole(again):
    overrule(again.marks, "cyd,train,7.5,argued well,Dr. No")
    regrade(again)
    before = again("history", "marks", main=grader_main).out
    with closing(sqlite3.connect(again.marks / "results.sqlite")) as store, store:
        assert store.execute("UPDATE notes SET note = json_remove(note, '$.late')").rowcount
    result = again("history", "marks", main=grader_main)
    assert (result.status, result.err) == (0, "")
    assert "set by a person" in before
    assert "set by a person" not in result.out
    assert before.startswith(result.out.partition("cyd\n")[0])
    assert "cyd\n" in result.out


def test_a_reader_of_the_history_may_leave(again, monkeypatch):
    ignored = []

    def leave(_text):
        raise OutputClosedError

    monkeypatch.setattr("grader.cli_cohort.say", leave)
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    assert again("history", "marks", main=grader_main).status == 0
    gc.collect()
    assert [str(each.exc_value) for each in ignored] == []


def test_an_override_can_make_pass_and_make_fail(again):
    overrule(again.marks, *(f"ada,{check},0,copied,me" for check in ("forward", "bptt_gradients")))
    regrade(again)
    assert grades(again.marks)["ada"]["passed"] == "no"


def test_an_override_where_there_is_no_mark_is_to_be_looked_at(again):
    overrule(again.marks, "dan,relu,5,seen on paper,me")
    regrade(again)
    assert grades(again.marks)["dan"]["score"] == ""
    assert "seen on paper" in review(again.marks)["dan", "override"]["why"]


def test_a_spreadsheet_s_semicolons_and_commas_are_read(again):
    overrule(again.marks, "ada;relu;2,5;halb;ich", header="\ufeffStudent;Check;Points;Reason;Who")
    regrade(again)
    assert grades(again.marks)["ada"]["score"] == "97.50"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("adda,relu,1,x,y", "overrides.csv:2: column student: there is no 'adda' in this class; did you mean ada?"),
        (",relu,1,x,y", "overrides.csv:2: column student: is empty"),
        ("ada,rleu,1,x,y", "overrides.csv:2: column check: there is no 'rleu'"),
        ("ada,relu,5.5,x,y", "overrides.csv:2: column points: expected a number from 0 to 5, what relu is worth, got"),
        ("ada,relu,-1,x,y", "overrides.csv:2: column points"),
        ("ada,relu,nan,x,y", "overrides.csv:2: column points"),
        ("ada,relu,,x,y", "overrides.csv:2: column points"),
        ("ada,relu,1,,y", "overrides.csv:2: column reason: is empty"),
        ("ada,relu,1,x,", "overrides.csv:2: column who: is empty"),
        ("ada,relu,1,x", "overrides.csv:2: expected 5 columns"),
        ('ada,relu,1,"x\ny",z\nbob,relu,9,x,y', "overrides.csv:4: column points"),
        ("ada,relu,1,x,y\nada,relu,2,x,y", "overrides.csv:3: relu of this student is decided in line 2 already"),
        ('ada,relu,1,"x,y', "overrides.csv:2: not a table"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused_by_line_and_column(again, row, words):
    before = outputs(again.marks)
    overrule(again.marks, row)
    result = regrade(again)
    assert result.status == 2
    assert words in result.err
    assert result.err.count("\n") == 1
    after = outputs(again.marks)
    del before["overrides.csv"], after["overrides.csv"]
    assert after == before


def test_rows_of_who_left_are_kept_and_passed_over(again):
    rows = ("bob,relu,1,fine,me", "cyd,train,7.5,argued well,me", "cyd,no such check,900,,")
    overrule(again.marks, *rows[:2], f"{pseudonyms(again.marks, 'cyd')[0]},relu,1,x,y", *rows[2:])
    kept = (again.marks / "overrides.csv").read_bytes()
    (again.root / "subs" / "cyd.py").unlink()
    for arguments in (["--drop-missing"], []):
        result = regrade(again, *arguments)
        assert result.status == 1, result.err
        assert "; overrides.csv: rows of 1 student who left are not used " in " ".join(result.out.split())
        assert grades(again.marks)["bob"]["relu"] == "1"
    assert "set by a person" in again("history", "marks", main=grader_main).out
    assert again("forget", "marks", "ada", main=grader_main).status == 0
    assert (again.marks / "overrides.csv").read_bytes() == kept
    overrule(again.marks, *rows[:2], "cydd,relu,1,x,y")
    refused = regrade(again)
    assert (refused.status, "overrides.csv:4: column student: there is no 'cydd'" in refused.err) == (2, True)


def test_rows_of_who_left_count_again_when_they_are_back(again):
    overrule(again.marks, "cyd,train,7.5,argued well,me")
    (again.root / "subs" / "cyd.py").rename(again.root / "cyd.py")
    regrade(again, "--drop-missing")
    (again.root / "cyd.py").rename(again.root / "subs" / "cyd.py")
    assert "who left" not in regrade(again).out
    assert grades(again.marks)["cyd"]["train"] == "7.50"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"student,points\n", "overrides.csv:1: expected the header student,check,points,reason,who"),
        ("student,check,points,reason,who\nJürgen,relu,1,x,y".encode("cp1252"), "overrides.csv:2: not UTF-8"),
    ],
)
def test_a_file_of_overrides_that_is_something_else_is_refused(again, content, words):
    (again.marks / "overrides.csv").write_bytes(content)
    result = regrade(again)
    assert (result.status, words in result.err) == (2, True), result.err


# ---------------------------------------------------------------------------- an LMS's zip, and privacy
NAMES = ("lovelace", "Lovelace", "babbage", "hopper", "turing")
IDS = ("31337", "31338", "31339", "70001", "70002", "70003", "70004")


@pytest.fixture
def canvas(again):
    """Canvas's download: two attempts, one late, one unreadable, one whose name reads in two ways."""
    path = again.root / "submissions.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lovelaceada_31337_70001_hw.py", source("no_mask"))
        archive.writestr("lovelaceada_31337_70002_hw-1.py", source("correct"))
        archive.writestr("babbagecharles_LATE_31338_70003_babbage_homework.py", "")
        archive.writestr("hoppergrace_2_31339_70004_hw.py", source("stub"))
    return path


def test_canvas_s_ids_attempts_and_lateness_are_kept(again, canvas):
    result = again(canvas.name, "-o", "marks", "-j", "1", "--drop-missing")
    assert result.status == 1, result.err
    found = grades(again.marks)
    ada = found["31337"]
    assert (ada["name"], ada["source"], ada["lms_student"], ada["lms_submission"]) == (
        "lovelaceada",
        "canvas",
        "31337",
        "70002",
    )
    assert (ada["score"], ada["late"], found["31338"]["late"]) == ("100", "no", "yes")
    assert "an earlier attempt" in review(again.marks)["31337", "left out"]["why"]
    assert "3 students: 2 passed, 1 unreadable; 2 to look at" in result.out


def test_history_and_forget_take_the_name_as_well_as_the_id(again, canvas):
    again(canvas.name, "-o", "marks", "-j", "1", "--drop-missing")
    for called in ("31337", "lovelaceada", "lovelaceada (31337)"):
        assert again("history", "marks", called, main=grader_main).out.startswith("lovelaceada (31337)\n")
    wrong = again("history", "marks", "lovelaceadda", main=grader_main)
    assert (wrong.status, "did you mean lovelaceada?" in wrong.err) == (2, True), wrong.err
    assert again("forget", "marks", "lovelaceada", main=grader_main).status == 0
    assert "31337" not in grades(again.marks)
    assert "lovelaceada" not in again("history", "marks", main=grader_main).out


def test_a_name_that_two_students_have_is_asked_after(again, canvas):
    with zipfile.ZipFile(canvas, "a") as archive:
        archive.writestr("lovelaceada_40000_70009_hw.py", source("stub"))
    again(canvas.name, "-o", "marks", "-j", "1", "--drop-missing")
    said = again("history", "marks", "lovelaceada", main=grader_main)
    assert (said.status, "is the name of 2 students: say which: 31337, 40000" in said.err) == (2, True), said.err


def test_a_canvas_name_that_reads_in_two_ways_is_to_be_looked_at(again, canvas):
    again(canvas.name, "-o", "marks", "-j", "1", "--drop-missing")
    (doubt,) = [row for row in table(again.marks / "needs_review.csv") if row["what"] == "choice"]
    assert "hoppergrace_2_31339_70004_hw.py" in doubt["why"]
    assert "not certain whose" in doubt["why"]
    assert not canvas_name("hoppergrace_31339_70004_hw_2.py").doubtful
    assert not canvas_name("hoppergrace_2_LATE_31339_70004_hw.py").doubtful
    assert canvas_name("hoppergrace_2_31339_text.html").doubtful


def test_anonymous_outputs_hold_no_name_and_no_id(again, canvas):
    again(canvas.name, "-o", "marks", "-j", "1", "--drop-missing")
    plain = b"".join(outputs(again.marks).values()).decode()
    assert all(word in plain for word in (*NAMES[:1], *NAMES[2:4], *IDS[:3]))  # else this test could not fail
    result = again(canvas.name, "-o", "marks", "-j", "1", "--drop-missing", "--anonymous", "-q")
    assert result.status == 1, result.err
    for name, content in outputs(again.marks).items():
        for word in (*NAMES, *IDS):
            assert word not in content.decode(), name
            assert word not in name
    assert set(grades(again.marks)) == set(pseudonyms(again.marks, "31337", "31338", "2"))


def pseudonyms(marks, *students):
    names = Names(bytes.fromhex((marks / "names.key").read_text().strip()))
    return [names.pseudonym(student) for student in students]


def test_a_pseudonym_stays_and_overrides_history_and_forget_take_it(again, canvas):
    (who,) = pseudonyms(again.marks, "31337")
    overrule(again.marks, f"{who},relu,1,the same as babbage's,y")
    for _ in range(2):
        again(canvas.name, "-o", "marks", "-j", "1", "--drop-missing", "--anonymous", "-q")
        assert grades(again.marks)[who]["score"] == "96"
        assert grades(again.marks)[who]["overrides"] == "relu: 1 for 5 (y: see overrides.csv)"
        assert not [
            name for name, text in outputs(again.marks).items() if b"babbage" in text and "overrides" not in name
        ]
    assert again("history", "marks", who, main=grader_main).out.startswith("31337\n")
    assert again("forget", "marks", who, main=grader_main).status == 0
    assert who not in grades(again.marks)
    assert who not in (again.marks / "overrides.csv").read_text()
    assert len(grades(again.marks)) == 2


def test_an_assignment_s_name_is_nobody_s(again):
    said = json.loads((again.marks / "json" / "bob.json").read_text())["checks"]
    first, second = re.findall(r"[A-Za-z]+", next(check["message"] for check in said if check["status"] == "failed"))[
        :2
    ]
    place = again.root / "nbgrader" / "submitted" / "babbage" / f"{second}_{first}"
    place.mkdir(parents=True)
    (place / "rnn.py").write_text(source("no_mask"))
    line = ("nbgrader/submitted", "--from", "nbgrader", "-o", "marks", "-j", "1", "--drop-missing", "--anonymous")
    assert again(*line).status in {0, 1}
    (path,) = (again.marks / "json").iterdir()
    result = json.loads(path.read_text())
    assert "babbage" not in path.read_text()
    assert result["checks"] == said


def test_a_key_that_is_damaged_is_refused(again):
    (again.marks / "names.key").write_text("abc\n")
    result = regrade(again)
    assert (result.status, "names.key: not a key" in result.err) == (2, True)


# ---------------------------------------------------------------------------- forget
def test_forgotten_a_student_is_nowhere_and_the_others_stay_as_they_were(again):
    overrule(again.marks, "cyd,train,7,zzz-reason,me", "bob,relu,5,fine,me")
    regrade(again)
    before = outputs(again.marks)
    result = again("forget", "marks", "cyd", main=grader_main)
    assert result.status == 0, result.err
    assert "cyd: forgotten" in result.out
    for path in again.marks.rglob("*"):
        assert "cyd" not in path.name
        if path.is_file():
            assert b"cyd" not in path.read_bytes(), path
            assert b"zzz-reason" not in path.read_bytes(), path
    after = outputs(again.marks)
    gone = before.keys() - after.keys()
    assert len(gone) == 2  # the page and the result
    for name in after.keys() - {"index.html", "results.json", "grades.csv", "overrides.csv"}:
        assert after[name] == before[name], name
    assert grades(again.marks).keys() == STUDENTS - {"cyd"}
    assert again("history", "marks", "cyd", main=grader_main).status == 2


def test_nobody_is_forgotten_by_a_typing_error(again):
    before = outputs(again.marks)
    result = again("forget", "marks", "addda", main=grader_main)
    assert (result.status, "did you mean ada?" in result.err) == (2, True), result.err
    assert outputs(again.marks) == before


@pytest.mark.parametrize("name", ["history", "forget"])
def test_a_folder_without_marks_is_refused(again, name):
    result = again(name, "subs", "ada", main=grader_main)
    assert (result.status, "no marks here" in result.err) == (2, True), result.err


# ---------------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["class.zip"], "class.zip: a class is graded into a folder: say -o FOLDER/"),
        (["subs", "--from", "folder"], "--from: a class is graded into a folder"),
        (["subs", "--scheduler", "tcp://x:1"], "--scheduler: a class is graded into a folder"),
        (["subs", "--anonymous", "-o", "x.json"], "got -o x.json"),
        (["subs", "-o", "subs/marks/"], "among the submissions"),
        (["subs", "-o", "subs"], "among the submissions"),
        (["subs/ada.py", "-o", "subs/"], "the submissions lie in this folder"),
        (["subs", "-o", "site/"], "pages is there and not of the grader's making"),
        (["subs", "-o", "class.zip/"], "this is no folder"),
        (["subs", "-o", "marks/", "-q", "-v"], "contradict"),
        (["gone/", "-o", "marks/", "--from", "canvas"], "gone"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(again, arguments, words):
    (again.root / "site" / "pages").mkdir(parents=True)
    with zipfile.ZipFile(again.root / "class.zip", "w") as archive:
        archive.writestr("ada.py", source("correct"))
    before = sorted(again.root.rglob("*"))
    result = again(*arguments)
    assert (result.status, result.out) == (2, "")
    assert words in result.err
    assert result.err.count("\n") == 1
    assert sorted(again.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("tally", "several", "exit_zero", "status"),
    [
        (Tally(passed=2), True, False, 0),
        (Tally(passed=1, below=1), True, False, 1),
        (Tally(passed=1, missing=1), True, False, 1),
        (Tally(passed=1, unreadable=1), True, True, 0),
        (Tally(unreadable=1), False, True, 2),
        (Tally(passed=1, below=1, ungraded=1), True, True, 3),
    ],
)
def test_the_exit_status_is_the_contract_s(tally, several, exit_zero, status):
    assert _status(tally, several=several, exit_zero=exit_zero) == status


# ---------------------------------------------------------------------------- stopped
def until(process, words):
    """Read what it says until it says this."""
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return
    pytest.fail(f"it ended without {words!r}: {said}")


def test_interrupted_then_killed_it_ends_with_the_same_bytes(graded, tmp_path):
    make_class(tmp_path / "subs")
    marks = tmp_path / "marks"
    marks.mkdir()
    shutil.copy(graded.marks / "names.key", marks)
    line = ("grade", "subs", "-o", "marks/", "-j", "1")
    with command(*line, cwd=tmp_path) as process:
        until(process, "3 of 7")  # three that are the same
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "are done and kept" in err
    assert "grader grade subs -o marks/ -j 1" in err
    assert {path.name for path in marks.iterdir()} == {"names.key", "results.sqlite"}
    with command(*line, cwd=tmp_path) as process:
        until(process, "4 of 7")
        process.kill()
    assert not (marks / "grades.csv").exists()
    with command(*line[:-1], "2", cwd=tmp_path) as process:
        _, err = process.communicate()
    assert process.returncode == 1, err
    assert outputs(marks) == outputs(graded.marks)
