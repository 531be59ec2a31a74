"""A download from Moodle, graded for real, and the marks back in Moodle by Moodle's own rules."""

from __future__ import annotations

import csv
import sys
import zipfile
from copy import deepcopy
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(UNIT.parent / "hostile")]

from hostile_texts import HOSTILE_TEXTS, found, script  # noqa: E402 - found by the line above
from moodle_site import COMMENTS, GRADE, HEADERS, ImportRefusedError, Person, Site, read_csv, userdate  # noqa: E402

from grader.cli import grade_main, grader_main  # noqa: E402
from grader.cohort.marks import read_marks  # noqa: E402
from pages import blocks  # noqa: E402

EXAMPLES = UNIT.parents[1] / "student_template" / "examples"
HOSTILE = {text.name: text.text for text in HOSTILE_TEXTS}

# participant: name in Moodle, folder or beginning of the file's name as Moodle makes it, file, what is handed in
CLASS = {
    412: ("Zoë O'Neil, B.Sc.", "Zoë O Neil, B.Sc._412_assignsubmission_file/", 'hw, "final".py', "sign.py"),
    77: ("=cmd|' /C calc'!A0", "=cmd C calc!A0_77_assignsubmission_file/", "rnn.py", "correct.py"),
    9: ("Ana María", "Ana María_9_assignsubmission_file_/", "rnn.py", "correct.py"),  # as before 4.1
    10: ("Ana María", "Ana María_10_assignsubmission_file_", "rnn.py", "hostile"),  # as flat files
    14: ("R2 2 D2", "R2_2_D2_14_assignsubmission_file/", "rnn.py", "correct.py"),  # as with a name shown with `_`
    13: ("李 小龙", "李 小龙_13_assignsubmission_file/", "essay.pdf", "photo"),
    2: ("Nobody", "", "", ""),
}


def content(what):
    if what == "hostile":
        return script(HOSTILE["html_script"] + HOSTILE["csv_quote"] + '\\"').encode()
    return b"%PDF-1.7" if what == "photo" else (EXAMPLES / what).read_bytes()


@pytest.fixture(scope="session")
def marks(tmp_path_factory):
    """The class graded into a folder."""
    folder = tmp_path_factory.mktemp("moodle")
    with zipfile.ZipFile(folder / "COURSE-rnn-7.zip", "w") as archive:
        for _, place, file, what in CLASS.values():
            if place:
                archive.writestr(place + file, content(what))
        archive.writestr("Default group_assignsubmission_file/rnn.py", content("correct.py"))
    out = folder / "marks"
    assert grade_main([str(folder / "COURSE-rnn-7.zip"), "-o", f"{out}/", "-q", "--exit-zero"]) == 0
    return out


def site(language="en"):
    return Site({number: Person(name) for number, (name, *_) in CLASS.items()}, language)


def in_grades_csv(marks):
    with (marks / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        return {int(row["lms_student"]): row for row in csv.DictReader(file) if row["lms_student"]}


def fill(marks, tmp_path, worksheet, *options):
    """Run the command; what the worksheet says now."""
    (tmp_path / "Grades-rnn-7.csv").write_bytes(worksheet)
    out = tmp_path / "filled.csv"
    given = [str(marks), str(tmp_path / "Grades-rnn-7.csv"), "-o", str(out), *options]
    assert grader_main(["fill", "moodle", *given]) == 0
    return out.read_bytes()


WAYS = [
    ("en", {}),
    ("de", {"bom": False, "newline": "\r\n"}),
    ("fr", {"encoding": "utf-16-le", "newline": "\r\n"}),
    ("es", {"delimiter": ";"}),
]


@pytest.mark.parametrize(("language", "how"), WAYS, ids=[way[0] for way in WAYS])
def test_moodle_takes_every_mark_and_every_comment(marks, tmp_path, language, how):
    before = site(language)
    worksheet = before.worksheet(**how)
    filled = fill(marks, tmp_path, worksheet)
    read = {name: how[name] for name in ("encoding", "delimiter") if name in how}
    after = deepcopy(before)
    done = after.import_worksheet(filled, **read)
    known = in_grades_csv(marks)
    graded = {number for number, row in known.items() if row["outcome"] == "graded"}
    assert graded == {412, 77, 9, 10, 14}
    assert done.grades == done.comments == graded
    assert done.skipped == dict.fromkeys({13, 2}, "no value")
    assert {number: after.people[number].grade for number in graded} == {
        number: float(known[number]["score"]) for number in graded
    }
    assert after.people[412].grade == 65
    assert not after.import_worksheet(filled, **read).grades
    cells = read_csv(filled.decode(read.get("encoding", "utf-8")), read.get("delimiter", ","))
    was = read_csv(worksheet.decode(read.get("encoding", "utf-8")), read.get("delimiter", ","))
    for row, old in zip(cells, was, strict=True):
        assert [text for column, text in enumerate(row) if column not in (GRADE, COMMENTS)] == [
            text for column, text in enumerate(old) if column not in (GRADE, COMMENTS)
        ]


def test_the_command_says_what_it_left_and_why(marks, tmp_path, capsys):
    before = site()
    before.people[9].grade, before.people[9].modified = 12.5, 1_780_000_000
    before.people[77].locked = True
    del before.people[10]
    filled = fill(marks, tmp_path, before.worksheet())
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{tmp_path / 'filled.csv'}: 2 grades and 2 comments written"
    assert "  李 小龙 (13): no mark: unreadable" in said
    assert "  =cmd C calc!A0 (77): locked in Moodle's gradebook" in said
    assert "  Ana María (9): graded 12.50 there, 100 here: --overwrite replaces it" in said
    assert "  Ana María (10): not in the worksheet" in said
    assert "  Default group: no number of a participant with it" in said
    assert "1 row without a mark here: nobody handed in, or elsewhere" in said
    assert before.import_worksheet(filled).grades == {412, 14}


def test_a_second_time_nothing_is_left_to_write(marks, tmp_path, capsys):
    moodle = site()
    moodle.import_worksheet(fill(marks, tmp_path, moodle.worksheet()))
    again = moodle.worksheet()
    capsys.readouterr()
    assert fill(marks, tmp_path, again) == again
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'filled.csv'}: 0 grades and 0 comments written, 5 grades")


def test_every_page_reaches_its_student_and_shows_nobody_else(marks, tmp_path):
    moodle = site()
    fill(marks, tmp_path, moodle.worksheet(), "--feedback-zip", str(tmp_path / "feedback.zip"))
    zipped = (tmp_path / "feedback.zip").read_bytes()
    assert moodle.import_feedback(zipped) == []
    have = {number: person.files for number, person in moodle.people.items() if person.files}
    assert have.keys() == {412, 77, 9, 10, 14, 13}
    assert all(files.keys() == {"feedback.html"} for files in have.values())
    for mark in read_marks(marks):
        if mark.note.lms_student:
            number = int(mark.note.lms_student)
            page = have[number]["feedback.html"]
            assert page == mark.page.read_bytes()
            assert CLASS[number][2].replace('"', "&#34;").encode() in page
            others = {name for other, (name, *_) in CLASS.items() if name != CLASS[number][0]}
            others |= {place[:-1] for other, (_, place, *_) in CLASS.items() if place and other != number}
            assert not [other for other in others if other.encode() in page]


def test_the_zip_repeats_the_download_s_names_and_mends_those_moodle_would_misread(marks, tmp_path):
    for name in ("one.zip", "two.zip"):
        fill(marks, tmp_path, site().worksheet(), "--feedback-zip", str(tmp_path / name))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        infos = archive.infolist()
    assert [info.filename for info in infos] == [
        "Ana María_9_assignsubmission_file_/feedback.html",
        "Ana María_10_assignsubmission_file_feedback.html",
        "李 小龙_13_assignsubmission_file/feedback.html",
        "Participant_14_assignsubmission_file/feedback.html",
        "=cmd C calc!A0_77_assignsubmission_file/feedback.html",
        "Zoë O Neil, B.Sc._412_assignsubmission_file/feedback.html",
    ]
    assert all(info.flag_bits & 0x800 for info in infos if not info.filename.isascii())
    # with the name of the download it would have been given to participant 2, or to nobody
    assert site().whose("R2_2_D2_14_assignsubmission_file/feedback.html") is None


def test_what_a_submission_says_is_text_in_its_comment(marks, tmp_path):
    filled = fill(marks, tmp_path, site().worksheet())
    comments = [row[COMMENTS] for row in read_csv(filled.decode())[1:]]
    assert any("m21" in comment for comment in comments)
    assert not {"html_script", "csv_quote"} & {*found("html", "".join(comments).encode()), *found("csv", filled)}
    assert all(comment == "" or comment.startswith("<pre>") for comment in comments)


def test_moodle_reads_no_date_of_another_language_so_the_command_names_who_may_be_passed_over(marks, tmp_path, capsys):
    moodle = site("de")
    moodle.people[9] = Person("Ana María", grade=-1, modified=1_780_000_000)  # as a feedback file leaves it
    worksheet = moodle.worksheet().replace(userdate(1_780_000_000).encode(), b"Donnerstag, 28. Mai 2026, 20:26")
    filled = fill(marks, tmp_path, worksheet)
    said = capsys.readouterr().out.splitlines()
    place = said.index("graded in Moodle before; if it passes over them, tick “Allow updating records …”:")
    assert said[place + 1] == "  Ana María (9): Donnerstag, 28. Mai 2026, 20:26"
    assert deepcopy(moodle).import_worksheet(filled).skipped[9] == "modified"
    assert 9 in moodle.import_worksheet(filled, ignore_modified=True).grades


def test_an_unknown_language_needs_the_columns_names(marks, tmp_path, capsys):
    moodle = site("eo")
    (tmp_path / "Grades-rnn-7.csv").write_bytes(moodle.worksheet())
    command = ["fill", "moodle", str(marks), str(tmp_path / "Grades-rnn-7.csv"), "-o", str(tmp_path / "filled.csv")]
    assert grader_main(command) == 2
    said = capsys.readouterr().err
    assert "--grade-column" in said
    assert all(f"“{header}”" in said for header in HEADERS["eo"].split("|"))
    assert not (tmp_path / "filled.csv").exists()
    named = ["--id-column", "Identigilo", "--grade-column", "Noto", "--comments-column", "Rimarkoj"]
    filled = fill(marks, tmp_path, moodle.worksheet(), *named)
    assert moodle.import_worksheet(filled).comments == {412, 77, 9, 10, 14}
    assert moodle.people[412].grade == 65


def test_the_worksheet_itself_is_never_written_over(marks, tmp_path, capsys):
    worksheet = tmp_path / "Grades.csv"
    worksheet.write_bytes(site().worksheet())
    assert grader_main(["fill", "moodle", str(marks), str(worksheet), "-o", str(worksheet)]) == 2
    assert "would be written over" in capsys.readouterr().err
    assert worksheet.read_bytes() == site().worksheet()


def test_a_header_in_another_language_is_what_moodle_refuses(marks, tmp_path):
    filled = fill(marks, tmp_path, site("de").worksheet())
    with pytest.raises(ImportRefusedError):
        site("fr").import_worksheet(filled)


# ---------------------------------------------------------------------------- the page
def test_the_page_s_transcript_is_what_the_commands_print(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("COURSE-rnn-7.zip", "w") as archive:
        archive.writestr("Ana Ruiz_412_assignsubmission_file/rnn.py", content("correct.py"))
        archive.writestr("Bo Li_413_assignsubmission_file/rnn.py", content("correct.py"))
        archive.writestr("Zoë O Neil_414_assignsubmission_file/essay.pdf", content("photo"))
    moodle = Site({412: Person("Ana Ruiz"), 413: Person("Bo Li", 90.0), 414: Person("Zoë O'Neil"), 415: Person("Cy")})
    Path("Grades-COURSE-rnn-7.csv").write_bytes(moodle.worksheet())
    (block,) = (block for block in blocks("docs/platforms/moodle.md") if block.words == ("text", "moodle"))
    printed = []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            program, *given = line.removeprefix("$ ").split()
            assert {"grade": grade_main, "grader": grader_main}[program](given) == 0
            printed += [line, *capsys.readouterr().out.splitlines()]
    assert block.body.splitlines() == printed
    assert moodle.import_worksheet(Path("filled.csv").read_bytes()).grades == {412}
    assert moodle.import_feedback(Path("feedback.zip").read_bytes()) == []
